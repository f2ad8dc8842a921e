using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>Registers that refuse, fall silent or lose answers, and storages that do not delete.</summary>
internal static class StoreFailureCases
{
    public static IReadOnlyList<ConformanceCase<CompletedCheckpointStoreSetup>> All { get; } =
    [
        new("a checkpoint that cannot be listed is aborted, and its files go", RefusedIsAbortedAsync),
        new("a replacement whose answer was lost counts once", LostAnswerCountsOnceAsync),
        new("a replacement that never arrived is made once more", LostRequestIsRepeatedAsync),
        new("a checkpoint whose answer was lost is completed although another took over from it", SupersededAsync),
        new("a checkpoint whose answer was lost and that its successor dropped is of unknown outcome", DroppedAsync),
        new("while an outcome is unknown nothing is deleted", UnknownDeletesNothingAsync),
        new("a deletion that fails does not fail a checkpoint, and is made up for", FailedDeletionIsMadeUpForAsync),
    ];

    private static async Task RefusedIsAbortedAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (job, register) = await StartAsync(setup, cancellationToken).ConfigureAwait(false);
        await using var jobScope = job.ConfigureAwait(false);
        var first = await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        register.Next = FaultyRegister.Fault.Refuse;
        var declined = await Expect.ThrowsAsync<CheckpointDeclinedException>(
            () => job.Write("b").CheckpointAsync(), "A checkpoint that cannot be listed").ConfigureAwait(false);
        Expect.Equal(CheckpointFailureReason.RegisterWriteFailed, declined.Reason, "The reason");
        Expect.Equal(first.Path, job.Coordinator.LatestCompleted?.Path, "The latest checkpoint");
        await job.ExpectFilesAsync(first).ConfigureAwait(false);

        register.Next = FaultyRegister.Fault.None;
        var last = await job.CheckpointAsync().ConfigureAwait(false);
        await job.EndAsync().ConfigureAwait(false);
        await job.ExpectExactlyAsync([last]).ConfigureAwait(false);
    }

    private static Task LostAnswerCountsOnceAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken) =>
        SettlesAsync(setup, FaultyRegister.Fault.LoseAnswer, cancellationToken);

    private static Task LostRequestIsRepeatedAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken) =>
        SettlesAsync(setup, FaultyRegister.Fault.LoseRequest, cancellationToken);

    private static async Task SettlesAsync(
        CompletedCheckpointStoreSetup setup, FaultyRegister.Fault fault, CancellationToken cancellationToken)
    {
        var (job, register) = await StartAsync(setup, cancellationToken, retained: 3).ConfigureAwait(false);
        await using var jobScope = job.ConfigureAwait(false);
        await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        register.Next = fault;
        await job.Write("b").CheckpointAsync().ConfigureAwait(false);
        await job.Write("c").CheckpointAsync().ConfigureAwait(false);
        Expect.Equal("1, 2, 3", string.Join(", ", job.RetainedIds), "Ids of the retained checkpoints");
        await job.EndAsync().ConfigureAwait(false);

        var next = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using var nextScope = next.ConfigureAwait(false);
        await next.StartAsync().ConfigureAwait(false);
        Expect.Equal("1, 2, 3", string.Join(", ", next.RetainedIds), "Ids of the recovered checkpoints");
        await next.ExpectExactlyAsync(next.Coordinator.Retained).ConfigureAwait(false);
    }

    // The record named it, and the other has taken it up: to tell its caller that it failed would be false.
    private static async Task SupersededAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (job, register) = await StartAsync(setup, cancellationToken).ConfigureAwait(false);
        await using var jobScope = job.ConfigureAwait(false);
        await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        var next = StoreTestJob.Of(setup, cancellationToken);
        await using var nextScope = next.ConfigureAwait(false);
        register.Next = FaultyRegister.Fault.LoseAnswer;
        register.Meanwhile = () => next.StartAsync();
        var completed = await job.Write("b").CheckpointAsync().ConfigureAwait(false);
        await Expect.ThrowsAsync<CoordinatorFencedException>(
            () => job.Coordinator.Failure, "The coordinator that was taken over").ConfigureAwait(false);
        Expect.Equal(completed.Path, next.Coordinator.LatestCompleted?.Path, "What the other took up");
        await job.EndAsync(JobTermination.Finished).ConfigureAwait(false);
        await next.ExpectFilesAsync(completed).ConfigureAwait(false);
    }

    private static async Task DroppedAsync(CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (job, register) = await StartAsync(setup, cancellationToken).ConfigureAwait(false);
        await using var jobScope = job.ConfigureAwait(false);
        await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        var next = StoreTestJob.Of(setup, cancellationToken);
        await using var nextScope = next.ConfigureAwait(false);
        CompletedCheckpoint? last = null;
        register.Next = FaultyRegister.Fault.LoseAnswer;
        register.Meanwhile = async () =>
        {
            await next.StartAsync().ConfigureAwait(false);
            for (var i = 0; i < 3; i++)
            {
                last = await next.CheckpointAsync().ConfigureAwait(false);
            }
        };
        await Expect.ThrowsAsync<CheckpointOutcomeUnknownException>(
            () => job.Write("b").CheckpointAsync(), "A checkpoint that nobody can tell of any more")
            .ConfigureAwait(false);
        await job.EndAsync(JobTermination.Finished).ConfigureAwait(false);
        await next.EndAsync().ConfigureAwait(false);
        await next.ExpectExactlyAsync([last!]).ConfigureAwait(false);
    }

    private static async Task UnknownDeletesNothingAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var (job, register) = await StartAsync(setup, cancellationToken).ConfigureAwait(false);
        await using var jobScope = job.ConfigureAwait(false);
        var first = await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        register.Next = FaultyRegister.Fault.GoSilent;
        await Expect.ThrowsAsync<CheckpointOutcomeUnknownException>(
            () => job.Write("b").Drop("a").CheckpointAsync(), "A checkpoint of unknown outcome").ConfigureAwait(false);
        await job.EndAsync(JobTermination.Finished).ConfigureAwait(false);
        await job.ExpectFilesAsync(first).ConfigureAwait(false);

        // It was in; whoever recovers finds it whole.
        var next = StoreTestJob.Of(setup, cancellationToken);
        await using var nextScope = next.ConfigureAwait(false);
        var restored = await next.StartAsync().ConfigureAwait(false);
        Expect.Equal(2L, restored?.Checkpoint.Id.Value, "Id of the restored checkpoint");
        await next.ExpectExactlyAsync([restored!.Checkpoint]).ConfigureAwait(false);
    }

    private static async Task FailedDeletionIsMadeUpForAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var noDeletion = new FaultPlan(static operation =>
            operation.Kind == StorageOperationKind.Delete ? FaultKind.TimedOut : FaultKind.None);
        var job = new StoreTestJob(
            setup.Register, new FaultyStorage(setup.Storage, noDeletion), "job", new(), cancellationToken);
        await using (job.ConfigureAwait(false))
        {
            await job.StartAsync().ConfigureAwait(false);
            for (var i = 0; i < 3; i++)
            {
                await job.Write($"{i}").Drop($"{i - 1}").CheckpointAsync().ConfigureAwait(false);
            }

            Expect.Equal("3", string.Join(", ", job.RetainedIds), "Ids of the retained checkpoints");
            await job.EndAsync().ConfigureAwait(false);
        }

        noDeletion.IsActive = false;
        var next = StoreTestJob.Of(setup, cancellationToken);
        await using var nextScope = next.ConfigureAwait(false);
        await next.StartAsync().ConfigureAwait(false);
        await next.ExpectExactlyAsync(next.Coordinator.Retained).ConfigureAwait(false);
    }

    private static async Task<(StoreTestJob Job, FaultyRegister Register)> StartAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken, int retained = 1)
    {
        var register = new FaultyRegister(setup.Register);
        var job = new StoreTestJob(
            register, setup.Storage, "job", new() { MaxRetainedCheckpoints = retained }, cancellationToken);
        await job.StartAsync().ConfigureAwait(false);
        return (job, register);
    }
}
