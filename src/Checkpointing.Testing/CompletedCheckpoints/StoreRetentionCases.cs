using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>What is listed, what is dropped, and which files go with it.</summary>
internal static class StoreRetentionCases
{
    public static IReadOnlyList<ConformanceCase<CompletedCheckpointStoreSetup>> All { get; } =
    [
        new("a job without checkpoints has none", HasNoneAsync),
        new("the list grows in order of ids and the newest is the latest", KeepsOrderAsync),
        new("beyond the limit one goes for each that comes, oldest first, with its files", DropsOldestAsync),
        new("a limit below one is refused", RefusesLimitBelowOneAsync),
        new("a shared file goes with the last checkpoint that needs it", KeepsSharedFilesAsync),
        new("two files of one local name are two files", TellsFilesOfOneNameApartAsync),
        new("an aborted checkpoint takes no file of another with it", AbortKeepsSharedFilesAsync),
        new("savepoints are listed nowhere and push nothing out", SavepointsPushNothingOutAsync),
        new("what stays when the job ends is as its retention says", EndsByRetentionAsync),
        new("after its end a job completes no checkpoint", RefusesAfterEndAsync),
        new("what another job reads from stays until that stands on its own", KeepsPinnedAsync),
    ];

    private static async Task HasNoneAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        Expect.That(await job.StartAsync().ConfigureAwait(false) is null, "A new job restores nothing.");
        Expect.Equal(0, job.Coordinator.Retained.Count, "Retained checkpoints of a new job");
        Expect.That(job.Coordinator.LatestCompleted is null, "A new job has no latest checkpoint.");
        await job.ExpectExactlyAsync([]).ConfigureAwait(false);
    }

    private static async Task KeepsOrderAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, retained: 4);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        for (var id = 1; id <= 3; id++)
        {
            var completed = await job.Write($"{id}").CheckpointAsync().ConfigureAwait(false);
            Expect.Equal(id, completed.Id.Value, "Id of the checkpoint");
            Expect.Equal(completed.Path, job.Coordinator.LatestCompleted?.Path, "The latest checkpoint");
            ExpectIds(job, [.. Enumerable.Range(1, id).Select(static i => (long)i)]);
        }

        var retained = job.Coordinator.Retained;
        await job.EndAsync().ConfigureAwait(false);
        await job.ExpectExactlyAsync(retained).ConfigureAwait(false);
    }

    private static async Task DropsOldestAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        for (var id = 1L; id <= 8; id++)
        {
            // Each checkpoint but the first shares a file with the one before, and lets go of an older one.
            await job.Write($"{id}").Drop($"{id - 2}").CheckpointAsync().ConfigureAwait(false);
            ExpectIds(job, [.. new[] { id - 2, id - 1, id }.Where(static i => i > 0)]);
        }

        var retained = job.Coordinator.Retained;
        await job.EndAsync().ConfigureAwait(false);
        await job.ExpectExactlyAsync(retained).ConfigureAwait(false);
    }

    private static async Task RefusesLimitBelowOneAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        foreach (var limit in new[] { 0, -1 })
        {
            await Expect.ThrowsAsync<ArgumentOutOfRangeException>(
                async () => await StoreTestJob.Of(setup, cancellationToken, limit).DisposeAsync().ConfigureAwait(false),
                $"A limit of {limit}").ConfigureAwait(false);
        }
    }

    private static async Task KeepsSharedFilesAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, retained: 2);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        var second = await job.Write("b").CheckpointAsync().ConfigureAwait(false);
        Expect.Equal(2, second.Cost.ReusedFiles, "Files that the second checkpoint uses again");

        // The first, which sent "a", leaves the list; the second needs "a" still.
        await job.Drop("a").CheckpointAsync().ConfigureAwait(false);
        ExpectIds(job, 2, 3);
        await job.StartAsync().ConfigureAwait(false);
        await job.ExpectFilesAsync(second).ConfigureAwait(false);
        await job.CheckpointAsync().ConfigureAwait(false);
        await job.CheckpointAsync().ConfigureAwait(false);
        ExpectIds(job, 4, 5);
        var retained = job.Coordinator.Retained;
        await job.EndAsync().ConfigureAwait(false);
        await job.ExpectExactlyAsync(retained).ConfigureAwait(false);
    }

    private static async Task TellsFilesOfOneNameApartAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, retained: 2);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        var first = await job.Write("000001.sst").CheckpointAsync().ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        var second = await job.Write("000001.sst").CheckpointAsync().ConfigureAwait(false);
        Expect.Equal(2, second.Cost.NewFiles, "New files under an old name");
        await job.ExpectFilesAsync(first).ConfigureAwait(false);
        await job.ExpectFilesAsync(second).ConfigureAwait(false);
        await job.CheckpointAsync().ConfigureAwait(false);
        ExpectIds(job, 2, 3);
        var retained = job.Coordinator.Retained;
        await job.EndAsync().ConfigureAwait(false);
        await job.ExpectExactlyAsync(retained).ConfigureAwait(false);
    }

    private static async Task AbortKeepsSharedFilesAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        var first = await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        job.Write("b").Tasks[1].Declines = true;
        var declined = await Expect.ThrowsAsync<CheckpointDeclinedException>(
            () => job.CheckpointAsync(), "A checkpoint that a task declines").ConfigureAwait(false);
        Expect.Equal("totals[1]", declined.Subtask, "The subtask that declined");
        Expect.Equal(first.Path, job.Coordinator.LatestCompleted?.Path, "The latest checkpoint");
        await job.ExpectFilesAsync(first).ConfigureAwait(false);

        job.Tasks[1].Declines = false;
        var third = await job.CheckpointAsync().ConfigureAwait(false);
        await job.EndAsync().ConfigureAwait(false);
        await job.ExpectExactlyAsync([third]).ConfigureAwait(false);
    }

    private static async Task SavepointsPushNothingOutAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        var checkpoint = await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        for (var i = 0; i < 2; i++)
        {
            var savepoint = await job.CheckpointAsync(CheckpointRequest.SavepointTo("saved")).ConfigureAwait(false);
            Expect.That(
                await setup.Storage.GetLengthAsync(savepoint.MetadataPath, cancellationToken).ConfigureAwait(false) > 0,
                "A savepoint has metadata.");
        }

        ExpectIds(job, checkpoint.Id.Value);
        var next = await job.Write("b").CheckpointAsync().ConfigureAwait(false);
        Expect.Equal(2, next.Cost.ReusedFiles, "Files used again: a savepoint is no base, and takes none away");
        await job.EndAsync(JobTermination.Finished).ConfigureAwait(false);
        await job.ExpectExactlyAsync([]).ConfigureAwait(false);
        var saved = 0;
        await foreach (var file in setup.Storage.ListAsync("saved", cancellationToken).ConfigureAwait(false))
        {
            saved += file.Path.EndsWith("/_metadata", StringComparison.Ordinal) ? 1 : 0;
        }

        Expect.Equal(2, saved, "Savepoints after the job has finished");
    }

    private static async Task EndsByRetentionAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        foreach (var retention in Enum.GetValues<CheckpointRetention>())
        {
            foreach (var termination in Enum.GetValues<JobTermination>())
            {
                var name = $"job-{retention}-{termination}";
                var stays = new CheckpointProperties(CheckpointKind.Checkpoint, retention).StaysAfter(termination);
                var options = new CheckpointCoordinatorOptions { Retention = retention, MaxRetainedCheckpoints = 2 };
                var job = new StoreTestJob(
                    setup.Register, setup.Storage, name, options, cancellationToken);
                await using var jobScope = job.ConfigureAwait(false);
                await job.StartAsync().ConfigureAwait(false);
                await job.Write("a").CheckpointAsync().ConfigureAwait(false);
                await job.Write("b").CheckpointAsync().ConfigureAwait(false);
                var retained = job.Coordinator.Retained;
                await job.EndAsync(termination).ConfigureAwait(false);
                await job.ExpectExactlyAsync(stays ? retained : []).ConfigureAwait(false);

                var next = StoreTestJob.Of(setup, cancellationToken, retained: 2, name);
                await using var nextScope = next.ConfigureAwait(false);
                var restored = await next.StartAsync().ConfigureAwait(false);
                Expect.Equal(stays ? 2L : 0, restored?.Checkpoint.Id.Value ?? 0, $"Restored after {name} (0: none)");
            }
        }
    }

    private static async Task RefusesAfterEndAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        var only = await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        await job.EndAsync().ConfigureAwait(false);
        await Expect.ThrowsAsync<CheckpointDeclinedException>(
            () => job.CheckpointAsync(), "A checkpoint after the end").ConfigureAwait(false);
        await job.ExpectExactlyAsync([only]).ConfigureAwait(false);
    }

    private static async Task KeepsPinnedAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var owner = StoreTestJob.Of(setup, cancellationToken, name: "owner");
        await using var ownerScope = owner.ConfigureAwait(false);
        await owner.StartAsync().ConfigureAwait(false);
        var pinned = await owner.Write("a").CheckpointAsync().ConfigureAwait(false);
        var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
        await using var readerScope = reader.ConfigureAwait(false);
        await reader.StartAsync(pinned.Path).ConfigureAwait(false);

        // Subsumed, and the next attempt begins: the reader's files stay through both.
        await owner.Write("b").Drop("a").CheckpointAsync().ConfigureAwait(false);
        await owner.StartAsync().ConfigureAwait(false);
        await owner.CheckpointAsync().ConfigureAwait(false);
        await owner.StartAsync().ConfigureAwait(false);
        await owner.ExpectFilesAsync(pinned).ConfigureAwait(false);

        var own = await reader.CheckpointAsync().ConfigureAwait(false);
        await reader.EndAsync().ConfigureAwait(false);
        await reader.ExpectExactlyAsync([own]).ConfigureAwait(false);
        var last = await owner.CheckpointAsync().ConfigureAwait(false);
        await owner.EndAsync().ConfigureAwait(false);
        await owner.ExpectExactlyAsync([last]).ConfigureAwait(false);
        await reader.ExpectFilesAsync(own).ConfigureAwait(false);
    }

    private static void ExpectIds(StoreTestJob job, params long[] ids) => Expect.Equal(
        string.Join(", ", ids), string.Join(", ", job.RetainedIds), "Ids of the retained checkpoints, in order");
}
