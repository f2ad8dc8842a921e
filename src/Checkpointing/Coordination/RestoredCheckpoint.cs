using Checkpointing.CompletedCheckpoints;
using Checkpointing.State;

namespace Checkpointing.Coordination;

/// <summary>A checkpoint that a job starts from, cut for its subtasks.</summary>
public sealed class RestoredCheckpoint
{
    private readonly IReadOnlyDictionary<(string Operator, int Index), SubtaskRestore> _states;

    internal RestoredCheckpoint(
        CompletedCheckpoint checkpoint, bool isForeign, IReadOnlyDictionary<(string Operator, int Index),
            SubtaskRestore> states, IReadOnlyList<SkippedCheckpoint>? skipped = null)
    {
        Checkpoint = checkpoint;
        IsForeign = isForeign;
        Skipped = skipped ?? [];
        _states = states;
    }

    /// <summary>The checkpoint.</summary>
    public CompletedCheckpoint Checkpoint { get; }

    /// <summary>Whether it belongs to another job that we did not claim.</summary>
    public bool IsForeign { get; }

    /// <summary>Newer checkpoints of the job that cannot be read now, oldest first; empty if there is none. They are
    /// kept.</summary>
    public IReadOnlyList<SkippedCheckpoint> Skipped { get; }

    /// <summary>How much older the restored state is than that of the newest checkpoint; zero if that is the restored
    /// one, null if its time is not known: an older version of this library listed it.</summary>
    public TimeSpan? FallsBackBy =>
        Skipped.Count == 0 ? TimeSpan.Zero : Skipped[^1].TriggeredAt - Checkpoint.Metadata.Info?.TriggeredAt;

    /// <summary>Trace context of the restore's span; null: nobody traces.</summary>
    internal string? TraceParent { get; set; }

    /// <summary>What a subtask restores; <see cref="SubtaskRestore.None"/> for an operator that the checkpoint does not
    /// hold.</summary>
    public SubtaskRestore StateOf(SubtaskAddress subtask)
    {
        ArgumentNullException.ThrowIfNull(subtask);
        var state = _states.GetValueOrDefault((subtask.Operator, subtask.Index), SubtaskRestore.None);
        return TraceParent is null ? state : state with { TraceParent = TraceParent };
    }
}
