using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Requests of snapshots, for tests without a coordinator.</summary>
internal static class Requests
{
    public static SnapshotRequest Checkpoint(long id) => new()
    {
        CheckpointId = new(id),
        Kind = CheckpointKind.Checkpoint,
        Base = null,
        Job = "job",
        Epoch = 1,
        Attempt = 0,
        ExclusiveFolder = $"job/chk-{id}",
    };
}
