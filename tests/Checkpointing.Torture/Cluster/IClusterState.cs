using Checkpointing.State;

namespace Checkpointing.Torture.Cluster;

/// <summary>State of one simulated subtask. One caller at a time.</summary>
internal interface IClusterState : IAsyncDisposable
{
    /// <summary>All rows: keys that no other operator has, and values.</summary>
    IReadOnlyDictionary<int, long> Rows { get; }

    /// <summary>Writes and removes some rows.</summary>
    void Change(Random random);

    /// <summary>Fixes the cut, and gives what writes it.</summary>
    Func<Task<SubtaskSnapshot>> Prepare(SnapshotRequest request);

    /// <summary>A checkpoint is durable.</summary>
    void Completed(CheckpointId id);

    /// <summary>A checkpoint will never be.</summary>
    void Aborted(CheckpointId id);
}
