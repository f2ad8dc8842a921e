using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;

namespace Checkpointing.Hosting.Execution;

/// <summary>One request to stop a job with a savepoint.</summary>
/// <param name="Request">What to take.</param>
/// <param name="Mode">What happens to what is on its way.</param>
/// <param name="Reply">Gets the savepoint, or why the job goes on.</param>
internal sealed record SavepointStop(
    CheckpointRequest Request, StopMode Mode, TaskCompletionSource<CompletedCheckpoint> Reply)
{
    private readonly TaskCompletionSource<bool> _begins = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it begins, or was withdrawn.</summary>
    public Task Begun => _begins.Task;

    /// <returns>False if it was withdrawn.</returns>
    public bool TryBegin() => _begins.TrySetResult(true);

    /// <returns>False if it has begun.</returns>
    public bool TryWithdraw() => _begins.TrySetResult(false);
}
