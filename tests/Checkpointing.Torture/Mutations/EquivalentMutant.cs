namespace Checkpointing.Torture.Mutations;

/// <summary>A mutant that nobody can tell from the original.</summary>
/// <param name="File">The file, below <c>src/Checkpointing</c>.</param>
/// <param name="Original">What stood there, on one line.</param>
/// <param name="Replacement">What took its place, on one line.</param>
/// <param name="Why">Why it makes no difference.</param>
internal sealed record EquivalentMutant(string File, string Original, string Replacement, string Why)
{
    /// <summary>All that are known.</summary>
    internal static IReadOnlyList<EquivalentMutant> All { get; } = [];

    internal static EquivalentMutant? Find(Mutant mutant) =>
        All.FirstOrDefault(one => one.File == mutant.File
            && one.Original == Mutant.OnOneLine(mutant.Original)
            && one.Replacement == Mutant.OnOneLine(mutant.Replacement));
}
