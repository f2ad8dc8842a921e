using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;

namespace Checkpointing.Hosting.Execution;

/// <summary>One request to stop a job with a savepoint.</summary>
/// <param name="Request">What to take.</param>
/// <param name="Mode">What happens to what is on its way.</param>
/// <param name="Reply">Gets the savepoint, or why the job goes on.</param>
internal sealed record SavepointStop(
    CheckpointRequest Request, StopMode Mode, TaskCompletionSource<CompletedCheckpoint> Reply);
