using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>One input of one subtask: where an element goes.</summary>
/// <param name="Subtask">Number of the subtask within the attempt.</param>
/// <param name="Input">Number of the input within the subtask.</param>
internal readonly record struct Route(int Subtask, int Input);

/// <summary>What a subtask wants done after it has handled one thing. The pump carries it out, in order, and clears
/// it.</summary>
internal sealed class Outbox
{
    /// <summary>Elements to send.</summary>
    public List<(Route Route, StreamElement Element)> Elements { get; } = [];

    /// <summary>Snapshots whose second part has to be written and acknowledged. The pump owns the plans.</summary>
    public List<ISnapshotPlan> Snapshots { get; } = [];

    /// <summary>Checkpoints to decline.</summary>
    public List<(CheckpointId Checkpoint, CheckpointingException Cause)> Declines { get; } = [];
}
