using Checkpointing.CompletedCheckpoints;
using Checkpointing.State;

namespace Checkpointing.Coordination;

/// <summary>A checkpoint that a job starts from, cut for its subtasks.</summary>
public sealed class RestoredCheckpoint
{
    private readonly IReadOnlyDictionary<(string Operator, int Index), SubtaskRestore> _states;

    internal RestoredCheckpoint(
        CompletedCheckpoint checkpoint, bool isForeign, IReadOnlyDictionary<(string Operator, int Index),
            SubtaskRestore> states)
    {
        Checkpoint = checkpoint;
        IsForeign = isForeign;
        _states = states;
    }

    /// <summary>The checkpoint.</summary>
    public CompletedCheckpoint Checkpoint { get; }

    /// <summary>Whether it belongs to another job that we did not claim.</summary>
    public bool IsForeign { get; }

    /// <summary>What a subtask restores; <see cref="SubtaskRestore.None"/> for an operator that the checkpoint does not
    /// hold.</summary>
    public SubtaskRestore StateOf(SubtaskAddress subtask)
    {
        ArgumentNullException.ThrowIfNull(subtask);
        return _states.GetValueOrDefault((subtask.Operator, subtask.Index), SubtaskRestore.None);
    }
}
