namespace Checkpointing.Torture.Mutations;

/// <summary>Whether enough mutants were killed: of all at least <see cref="LeastScore"/> in 100, and every one in a
/// file that decides what may be deleted.</summary>
internal static class MutationJudgement
{
    /// <summary>Killed mutants in 100.</summary>
    internal const double LeastScore = 85;

    /// <summary>Files that decide what is deleted: who owns a file, who still needs a checkpoint, what a sweep leaves,
    /// and in which order the pointer and the file go.</summary>
    internal static IReadOnlyList<string> DecideDeletion { get; } =
    [
        "SharedState/SharedStateRegistry.cs",
        "SharedState/OwnerBits.cs",
        "CompletedCheckpoints/CheckpointPins.cs",
        "CompletedCheckpoints/CheckpointReference.cs",
        "CompletedCheckpoints/CheckpointSweep.cs",
        "CompletedCheckpoints/CompletedCheckpointExtensions.cs",
        "CompletedCheckpoints/OwnedFolders.cs",
        "CompletedCheckpoints/RetentionPolicy.cs",
        "Coordination/CoordinatorCore.Releasing.cs",
    ];

    internal static TortureReport Of(IReadOnlyList<Mutant> mutants)
    {
        var report = new TortureReport("mutations", 0);

        // One that behaves as the original cannot be killed; it counts for neither side.
        var tried = mutants.Where(static m => m.IsTried).ToList();
        var counted = tried.Where(static m => m.IsKilled || EquivalentMutant.Find(m) is null).ToList();
        report.Set("mutants", tried.Count);
        report.Set("killed", counted.Count(static m => m.IsKilled));
        report.Set("equal", tried.Count - counted.Count);
        report.Set("lived", counted.Count(static m => m.HasLived));
        report.Set("score", ScoreOf(counted));
        foreach (var concept in counted.GroupBy(static m => m.Concept)
            .OrderBy(static g => g.Key, StringComparer.Ordinal))
        {
            var score = ScoreOf([.. concept]);
            report.Set($"score.{concept.Key}", score);
            report.Set($"mutants.{concept.Key}", concept.Count());
            if (score < LeastScore)
            {
                Fail(report, $"{concept.Key}: {score} of 100 mutants were killed, {LeastScore} have to be.");
            }
        }

        var deciding = counted.Where(static m => DecideDeletion.Contains(m.File)).ToList();
        report.Set("deciding.mutants", deciding.Count);
        report.Set("deciding.lived", deciding.Count(static m => m.HasLived));
        foreach (var mutant in deciding.Where(static m => m.HasLived))
        {
            Fail(report, $"It decides what is deleted, and no test fails: {mutant}");
        }

        if (deciding.Count == 0)
        {
            Fail(report, "No mutant is of a file that decides what is deleted.");
        }

        return report;
    }

    private static double ScoreOf(List<Mutant> mutants) =>
        Math.Round(100.0 * mutants.Count(static m => m.IsKilled) / Math.Max(1, mutants.Count), 1);

    private static void Fail(TortureReport report, string what) => report.Add(new(what, "bash tests/mutation/run"));
}
