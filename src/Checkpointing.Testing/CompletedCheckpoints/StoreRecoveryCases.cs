using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Storage;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>What another process finds, and which ids it gives.</summary>
internal static class StoreRecoveryCases
{
    private const int Racers = 6;

    public static IReadOnlyList<ConformanceCase<CompletedCheckpointStoreSetup>> All { get; } =
    [
        new("recovery finds the list in order of numbers, goes on, and uses the files again", RecoversAsync),
        new("ids begin at 1, have no gap, and never come again", IdsNeverRepeatAsync),
        new("stores that take the epoch at once get epochs and ids of their own", EpochsAreApartAsync),
        new("an older coordinator is fenced and harms nothing", FencesOlderAsync),
        new("what a crash left behind is swept by the next epoch", SweepsAsync),
        new("a checkpoint that cannot be read is kept, skipped and reported", SkipsUnreadableAsync),
        new("a checkpoint that cannot be read fails recovery, if that is asked for", FailsOnUnreadableAsync),
    ];

    private static async Task RecoversAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var first = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using (first.ConfigureAwait(false))
        {
            await first.StartAsync().ConfigureAwait(false);
            for (var id = 1; id <= 11; id++)
            {
                await first.Write($"{id}").CheckpointAsync().ConfigureAwait(false);
            }
        }

        // 9, 10, 11: by number, not by text.
        var second = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using var secondScope = second.ConfigureAwait(false);
        var restored = await second.StartAsync().ConfigureAwait(false);
        Expect.Equal(11L, restored?.Checkpoint.Id.Value, "Id of the restored checkpoint");
        Expect.Equal("9, 10, 11", string.Join(", ", second.RetainedIds), "Ids of the recovered checkpoints");
        Expect.Equal(0, restored!.Skipped.Count, "Checkpoints that were skipped");
        var next = await second.Write("more").CheckpointAsync().ConfigureAwait(false);
        Expect.Equal(22, next.Cost.ReusedFiles, "Files of the checkpoint before the restart that were used again");
        Expect.That(next.Id.Value > 11, $"Ids go on after recovery, but {next.Id} follows 11.");
        Expect.Equal($"10, 11, {next.Id}", string.Join(", ", second.RetainedIds), "Ids after one more");
        var retained = second.Coordinator.Retained;
        await second.EndAsync().ConfigureAwait(false);
        await second.ExpectExactlyAsync(retained).ConfigureAwait(false);
    }

    private static async Task IdsNeverRepeatAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var last = 0L;
        foreach (var termination in new[] { JobTermination.Suspended, JobTermination.Finished, JobTermination.Failed })
        {
            var job = StoreTestJob.Of(setup, cancellationToken);
            await using var jobScope = job.ConfigureAwait(false);
            await job.StartAsync().ConfigureAwait(false);
            var first = last;

            // More than are reserved at a time.
            for (var i = 0; i < 20; i++)
            {
                var id = (await job.CheckpointAsync().ConfigureAwait(false)).Id.Value;
                Expect.That(
                    last == first ? id > last : id == last + 1, $"Checkpoint {id} follows checkpoint {last}.");
                last = id;
            }

            Expect.That(first > 0 || last == 20, $"The first twenty ids end with {last}, not with 20.");
            await job.EndAsync(termination).ConfigureAwait(false);
        }
    }

    private static async Task EpochsAreApartAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var records = new RegisterRecord?[Racers];
        await Expect.InParallelAsync(
            Racers,
            async (racer, token) => records[racer] = await setup.Register
                .OpenStore(setup.Storage, "job", IdSource.System, $"racer {racer}").TakeEpochAsync(token)
                .ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);

        var next = 1L;
        var epoch = 0L;
        foreach (var record in records.OrderBy(static record => record!.Epoch))
        {
            Expect.Equal(++epoch, record!.Epoch, "Epoch of the next in turn");
            Expect.Equal(next, record.FirstIdOfEpoch, "First id of the next in turn");
            Expect.That(record.NextId > next, "Each reserves at least one id.");
            next = record.NextId;
        }
    }

    private static async Task FencesOlderAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var older = StoreTestJob.Of(setup, cancellationToken);
        await using var olderScope = older.ConfigureAwait(false);
        await older.StartAsync().ConfigureAwait(false);
        await older.Write("a").CheckpointAsync().ConfigureAwait(false);
        var newer = StoreTestJob.Of(setup, cancellationToken);
        await using var newerScope = newer.ConfigureAwait(false);
        var restored = await newer.StartAsync().ConfigureAwait(false);
        Expect.Equal(1L, restored?.Checkpoint.Id.Value, "Id of the restored checkpoint");

        var fenced = await Expect.ThrowsAsync<CoordinatorFencedException>(
            () => older.Write("b").Drop("a").CheckpointAsync(), "A checkpoint of an older epoch").ConfigureAwait(false);
        Expect.Equal(2L, fenced.CurrentEpoch, "The epoch that fences");
        await older.EndAsync(JobTermination.Finished).ConfigureAwait(false);
        await newer.ExpectFilesAsync(restored!.Checkpoint).ConfigureAwait(false);
        var next = await newer.Write("c").CheckpointAsync().ConfigureAwait(false);
        Expect.Equal(2, next.Cost.ReusedFiles, "Files used again");
        await newer.EndAsync().ConfigureAwait(false);
        await newer.ExpectFilesAsync(next).ConfigureAwait(false);
    }

    private static async Task SweepsAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var crashed = StoreTestJob.Of(setup, cancellationToken);
        await using var crashedScope = crashed.ConfigureAwait(false);
        await crashed.StartAsync().ConfigureAwait(false);
        await crashed.Write("a").CheckpointAsync().ConfigureAwait(false);
        var next = StoreTestJob.Of(setup, cancellationToken);
        await using var nextScope = next.ConfigureAwait(false);
        await next.StartAsync().ConfigureAwait(false);
        await Expect.ThrowsAsync<CoordinatorFencedException>(
            () => crashed.Write("b").CheckpointAsync(), "A checkpoint of an older epoch").ConfigureAwait(false);
        var left = (await next.FilesAsync().ConfigureAwait(false)).Count;
        await next.EndAsync().ConfigureAwait(false);

        var last = StoreTestJob.Of(setup, cancellationToken);
        await using var lastScope = last.ConfigureAwait(false);
        var restored = await last.StartAsync().ConfigureAwait(false);
        Expect.That(
            (await last.FilesAsync().ConfigureAwait(false)).Count < left, "Orphans of older epochs are swept.");
        await last.ExpectExactlyAsync([restored!.Checkpoint]).ConfigureAwait(false);
    }

    private static async Task SkipsUnreadableAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (older, newest) = await TakeTwoAsync(setup, cancellationToken).ConfigureAwait(false);
        var plan = StoreTestJob.CannotRead(newest.MetadataPath);
        var storage = new FaultyStorage(setup.Storage, plan);
        var before = new HashSet<string>();
        var job = Open(setup, storage, UnreadableCheckpoints.FallBack, cancellationToken);
        await using (job.ConfigureAwait(false))
        {
            before.UnionWith(await job.FilesAsync().ConfigureAwait(false));
            var restored = await job.StartAsync().ConfigureAwait(false);
            Expect.Equal(older.Path, restored?.Checkpoint.Path, "The checkpoint that serves");
            Expect.Equal(newest.Path, restored!.Skipped.Single().Path, "The checkpoint that was skipped");
            Expect.That(
                restored.Skipped.Single().Cause is CheckpointStorageUnavailableException,
                "The cause is told as it came.");
            await job.Write("c").CheckpointAsync().ConfigureAwait(false);
            await job.EndAsync().ConfigureAwait(false);
            Expect.That(
                before.IsSubsetOf(await job.FilesAsync().ConfigureAwait(false)),
                "Nothing is deleted while a listed checkpoint cannot be read.");
        }

        // Readable again: it is listed still, and only what nothing needs goes.
        plan.IsActive = false;
        var again = Open(setup, storage, UnreadableCheckpoints.FallBack, cancellationToken);
        await using var againScope = again.ConfigureAwait(false);
        var last = await again.StartAsync().ConfigureAwait(false);
        Expect.Equal(0, last!.Skipped.Count, "Checkpoints that were skipped");
        Expect.That(
            again.Coordinator.Retained.Any(c => c.Path == newest.Path), "The skipped checkpoint is listed still.");
        await again.ExpectExactlyAsync(again.Coordinator.Retained).ConfigureAwait(false);
    }

    private static async Task FailsOnUnreadableAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (older, newest) = await TakeTwoAsync(setup, cancellationToken).ConfigureAwait(false);
        var plan = StoreTestJob.CannotRead(newest.MetadataPath);
        var storage = new FaultyStorage(setup.Storage, plan);
        var job = Open(setup, storage, UnreadableCheckpoints.Fail, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        var thrown = await Expect.ThrowsAsync<UnreadableCheckpointException>(
            () => job.StartAsync(), "Recovery while the newest cannot be read").ConfigureAwait(false);
        Expect.Equal(newest.Path, thrown.Path, "The checkpoint that the exception names");
        Expect.Equal(older.Path, thrown.Older, "The one that could serve");
        await job.ExpectExactlyAsync([older, newest]).ConfigureAwait(false);

        plan.IsActive = false;
        var restored = await job.StartAsync().ConfigureAwait(false);
        Expect.Equal(newest.Path, restored?.Checkpoint.Path, "The checkpoint that serves when it is readable again");
    }

    private static async Task<(CompletedCheckpoint Older, CompletedCheckpoint Newest)> TakeTwoAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var job = Open(setup, setup.Storage, UnreadableCheckpoints.FallBack, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        var older = await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        var newest = await job.Write("b").CheckpointAsync().ConfigureAwait(false);
        await job.EndAsync().ConfigureAwait(false);
        return (older, newest);
    }

    private static StoreTestJob Open(
        CompletedCheckpointStoreSetup setup, ICheckpointStorage storage, UnreadableCheckpoints unreadable,
        CancellationToken cancellationToken) =>
        new(setup.Register, storage, "job",
            new() { MaxRetainedCheckpoints = 2, UnreadableCheckpoints = unreadable }, cancellationToken);
}
