using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>A job is told to go on from something else than its newest checkpoint: a crash before the next one does not
/// bring it back to what it was told to leave.</summary>
internal static class StoreStartingPointCases
{
    private enum Source
    {
        Own,
        Claimed,
        ClaimedSavepoint,
        Foreign,
    }

    public static IReadOnlyList<ConformanceCase<CompletedCheckpointStoreSetup>> All { get; } =
    [
        new("after resuming from an older checkpoint of its own a crash leads back to that one",
            (setup, token) => GoesOnFromAsync(setup, Source.Own, token)),
        new("after claiming checkpoints of lower ids a crash leads back to the claimed one",
            (setup, token) => GoesOnFromAsync(setup, Source.Claimed, token)),
        new("after claiming a savepoint of a lower id a crash leads back to the savepoint",
            (setup, token) => GoesOnFromAsync(setup, Source.ClaimedSavepoint, token)),
        new("after starting from another job's checkpoint a crash leads back to none of its own",
            (setup, token) => GoesOnFromAsync(setup, Source.Foreign, token)),
        new("a crash anywhere while claiming leads to the claimed checkpoint or to none", ClaimsAtOnceAsync),
        new("what the job was told to leave serves no fall-back, and goes first", LeftServesNoFallBackAsync),
        new("starting over needs no checkpoint that can be read, and deletes none", StartsOverUnreadAsync),
        new("how far back a fall is, is known to another process, too", KnowsHowFarBackAsync),
        new("a checkpoint that was claimed and dropped since is not claimed again", RefusesDroppedAsync),
    ];

    private static async Task GoesOnFromAsync(
        CompletedCheckpointStoreSetup setup, Source source, CancellationToken cancellationToken)
    {
        var (foreign, savepoint) = await TakeAsync(setup, "other", 3, cancellationToken).ConfigureAwait(false);
        var (own, _) = await TakeAsync(setup, "job", 9, cancellationToken).ConfigureAwait(false);
        var (path, mode, expected) = source switch
        {
            Source.Own => (own[^2], ClaimMode.NoClaim, own[^2]),
            Source.Claimed => (foreign[^2], ClaimMode.Claim, foreign[^2]),
            Source.ClaimedSavepoint => (savepoint, ClaimMode.Claim, savepoint),
            _ => (foreign[^1], ClaimMode.NoClaim, null),
        };

        // Three processes that crash before their first checkpoint: the first is told where to begin.
        await StartAndCrashAsync(setup, path, mode, startsOver: true, path, cancellationToken).ConfigureAwait(false);
        await StartAndCrashAsync(setup, null, mode, startsOver: false, expected, cancellationToken)
            .ConfigureAwait(false);
        await StartAndCrashAsync(setup, null, mode, startsOver: false, expected, cancellationToken)
            .ConfigureAwait(false);

        var last = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using (last.ConfigureAwait(false))
        {
            await last.StartAsync().ConfigureAwait(false);
            var next = await last.Write("next").CheckpointAsync().ConfigureAwait(false);
            Expect.Equal(next.Path, last.Coordinator.LatestCompleted?.Path, "The latest checkpoint");
            expected = next.Path;
        }

        await StartAndCrashAsync(setup, null, mode, startsOver: false, expected, cancellationToken)
            .ConfigureAwait(false);
    }

    // At every replacement of either register the process falls silent: before or after, nothing between.
    private static async Task ClaimsAtOnceAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        await TakeAsync(setup, "job", 9, cancellationToken).ConfigureAwait(false);
        var hasFailed = true;
        for (var point = 0; hasFailed; point++)
        {
            var other = $"other{point}";
            var (foreign, _) = await TakeAsync(setup, other, 3, cancellationToken).ConfigureAwait(false);
            var register = new FaultyRegister(setup.Register)
            {
                Next = FaultyRegister.Fault.GoSilent, Before = point,
            };
            var crashing = new StoreTestJob(
                register, setup.Storage, "job", new() { MaxRetainedCheckpoints = 3 }, cancellationToken);
            await using var crashingScope = crashing.ConfigureAwait(false);
            string? claimed = null;
            try
            {
                claimed = (await crashing.StartAsync(foreign[^2], ClaimMode.Claim, startsOver: true)
                    .ConfigureAwait(false))?.Checkpoint.Path;
            }
            catch (CheckpointingException)
            {
                // As it was to be.
            }

            hasFailed = register.HasFailed;
            var job = StoreTestJob.Of(setup, cancellationToken, retained: 3);
            await using var jobScope = job.ConfigureAwait(false);
            var restored = (await job.StartAsync().ConfigureAwait(false))?.Checkpoint.Path;

            // The first two replacements take the epoch and leave what was there; before them nothing was told yet.
            Expect.That(
                restored == foreign[^2] || (claimed is null && (restored is null || point < 2)),
                $"After a crash at replacement {point} the job goes on from '{restored}', not from '{foreign[^2]}'.");
            Expect.That(point < 20, "A claim does not take twenty replacements.");
        }
    }

    private static async Task LeftServesNoFallBackAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (own, _) = await TakeAsync(setup, "job", 9, cancellationToken).ConfigureAwait(false);
        var plan = StoreTestJob.CannotRead($"{own[^2]}/_metadata");
        plan.IsActive = false;
        var storage = new FaultyStorage(setup.Storage, plan);
        var options = new CheckpointCoordinatorOptions { MaxRetainedCheckpoints = 3 };
        var job = new StoreTestJob(setup.Register, storage, "job", options, cancellationToken);
        await using (job.ConfigureAwait(false))
        {
            await job.Coordinator.RecoverAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            await job.Coordinator.ResumeAsync(own[^2], cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        // The newest was left; the one that was resumed from cannot be read: the one before is of its history.
        plan.IsActive = true;
        var again = new StoreTestJob(setup.Register, storage, "job", options, cancellationToken);
        await using (again.ConfigureAwait(false))
        {
            var restored = await again.StartAsync().ConfigureAwait(false);
            Expect.Equal(own[^3], restored?.Checkpoint.Path, "The checkpoint that serves");
            Expect.Equal(own[^2], restored!.Skipped.Single().Path, "The checkpoint that was skipped");
        }

        plan.IsActive = false;
        var last = new StoreTestJob(setup.Register, storage, "job", options, cancellationToken);
        await using var lastScope = last.ConfigureAwait(false);
        await last.StartAsync().ConfigureAwait(false);
        var next = await last.Write("next").CheckpointAsync().ConfigureAwait(false);
        Expect.Equal(
            $"{own[^3]}, {own[^2]}, {next.Path}",
            string.Join(", ", last.Coordinator.Retained.Select(static one => one.Path)),
            "What is retained when the one that was left has gone");
    }

    private static async Task StartsOverUnreadAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (own, _) = await TakeAsync(setup, "job", 3, cancellationToken).ConfigureAwait(false);
        var storage = new FaultyStorage(
            setup.Storage, StoreTestJob.CannotRead([.. own.Select(static path => $"{path}/_metadata")]));
        foreach (var policy in Enum.GetValues<UnreadableCheckpoints>())
        {
            var job = new StoreTestJob(
                setup.Register, storage, "job",
                new() { MaxRetainedCheckpoints = 3, UnreadableCheckpoints = policy }, cancellationToken);
            await using var jobScope = job.ConfigureAwait(false);
            var before = await job.FilesAsync().ConfigureAwait(false);
            await job.StartAsync(startsOver: true).ConfigureAwait(false);
            var next = await job.Write("new").CheckpointAsync().ConfigureAwait(false);
            await job.EndAsync().ConfigureAwait(false);
            Expect.That(
                before.IsSubsetOf(await job.FilesAsync().ConfigureAwait(false)), "Nothing unreadable is deleted.");
            await StartAndCrashAsync(setup, null, ClaimMode.NoClaim, startsOver: false, next.Path, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static async Task KnowsHowFarBackAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var first = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using var firstScope = first.ConfigureAwait(false);
        await first.StartAsync().ConfigureAwait(false);
        var older = await first.Write("a").CheckpointAsync().ConfigureAwait(false);
        var newest = older;
        while (newest.Metadata.Info!.TriggeredAt == older.Metadata.Info!.TriggeredAt)
        {
            newest = await first.CheckpointAsync().ConfigureAwait(false);
            older = first.Coordinator.Retained[^Math.Min(2, first.Coordinator.Retained.Count)];
        }

        await first.EndAsync().ConfigureAwait(false);
        var storage = new FaultyStorage(setup.Storage, StoreTestJob.CannotRead(newest.MetadataPath));
        var job = new StoreTestJob(
            setup.Register, storage, "job", new() { MaxRetainedCheckpoints = 3 }, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        var restored = await job.StartAsync().ConfigureAwait(false);
        Expect.Equal(older.Path, restored?.Checkpoint.Path, "The checkpoint that serves");
        Expect.Equal(
            newest.Metadata.Info.TriggeredAt - older.Metadata.Info.TriggeredAt, restored!.FallsBackBy ?? default,
            "How far back it is");
    }

    private static async Task RefusesDroppedAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (foreign, _) = await TakeAsync(setup, "other", 1, cancellationToken).ConfigureAwait(false);
        var job = StoreTestJob.Of(setup, cancellationToken);
        await using (job.ConfigureAwait(false))
        {
            await job.StartAsync(foreign[^1], ClaimMode.Claim).ConfigureAwait(false);
            var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
            await using var readerScope = reader.ConfigureAwait(false);
            await reader.StartAsync(foreign[^1]).ConfigureAwait(false);
            await job.CheckpointAsync().ConfigureAwait(false);
        }

        // Its metadata is there, for the reader's sake.
        var again = StoreTestJob.Of(setup, cancellationToken);
        await using var againScope = again.ConfigureAwait(false);
        var thrown = await Expect.ThrowsAsync<CheckpointNotFoundException>(
            () => again.StartAsync(foreign[^1], ClaimMode.Claim, startsOver: true), "A claim of what was dropped")
            .ConfigureAwait(false);
        Expect.That(
            thrown.Message.Contains("dropped it", StringComparison.Ordinal), $"It says why not: {thrown.Message}");
    }

    /// <returns>Paths of the last three checkpoints, or fewer, and of a savepoint.</returns>
    private static async Task<(List<string> Checkpoints, string Savepoint)> TakeAsync(
        CompletedCheckpointStoreSetup setup, string name, int count, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: name);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        for (var i = 0; i < count; i++)
        {
            await job.Write($"{i}").CheckpointAsync().ConfigureAwait(false);
        }

        var retained = job.Coordinator.Retained.Select(static one => one.Path).ToList();
        var savepoint = await job.SavepointAsync($"saved-{name}").ConfigureAwait(false);
        await job.EndAsync().ConfigureAwait(false);
        return (retained, savepoint.Path);
    }

    private static async Task StartAndCrashAsync(
        CompletedCheckpointStoreSetup setup, string? resumeFrom, ClaimMode mode, bool startsOver, string? expected,
        CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using var jobScope = job.ConfigureAwait(false);
        var restored = await job.StartAsync(resumeFrom, mode, startsOver).ConfigureAwait(false);
        Expect.Equal(expected, restored?.Checkpoint.Path, "The checkpoint that the job goes on from");
    }
}
