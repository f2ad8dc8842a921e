using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>What a writer or committer of a sink is opened with.</summary>
public sealed class SinkContext
{
    private readonly Func<bool> _mayCommit;

    internal SinkContext(Runtime.SubtaskContext subtask, OperatorState state)
    {
        Job = subtask.Address.Job;
        Operator = subtask.Address.Operator;
        SubtaskIndex = subtask.Address.Index;
        Parallelism = subtask.Parallelism;
        Epoch = subtask.Address.Epoch;
        Attempt = subtask.Address.Attempt;
        LineageId = subtask.LineageId;
        Ids = subtask.State.Ids;
        State = state;
        RestoredCheckpoint = subtask.State.Restore.Checkpoint;
        _mayCommit = subtask.MayCommit;
    }

    /// <summary>The job.</summary>
    public JobId Job { get; }

    /// <summary>Name of the operator.</summary>
    public string Operator { get; }

    /// <summary>The subtask, from 0.</summary>
    public int SubtaskIndex { get; }

    /// <summary>Number of subtasks.</summary>
    public int Parallelism { get; }

    /// <summary>Reign of the coordinator, from 1: grows with each start of the job.</summary>
    public long Epoch { get; }

    /// <summary>Attempt within the epoch, from 0.</summary>
    public int Attempt { get; }

    /// <summary>Goes on from a job to one resumed from its checkpoint. Transactions carry it in their names.</summary>
    public Guid LineageId { get; }

    /// <summary>The checkpoint that the states come from; <see cref="CheckpointId.None"/> for a new job. Ids grow along
    /// a
    /// lineage: a sink that knows the newest one it committed for this lineage sees here when the job falls
    /// back.</summary>
    public CheckpointId RestoredCheckpoint { get; }

    /// <summary>Source of ids for names.</summary>
    public IdSource Ids { get; }

    /// <summary>The declared states, restored.</summary>
    public OperatorState State { get; }

    /// <summary>False once the job is being torn down after a failure, or was taken over by another process: then
    /// nothing may be committed any more; whoever recovers does it.</summary>
    public bool MayCommit => _mayCommit();
}
