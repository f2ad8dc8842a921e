namespace Checkpointing.SharedState;

/// <summary>Whoever needs a shared file. A file lives while it has an owner; owning twice is owning once.</summary>
public abstract record SharedStateOwner
{
    private protected SharedStateOwner()
    {
    }

    /// <summary>A checkpoint that refers to the file.</summary>
    public static SharedStateOwner Checkpoint(JobId job, CheckpointId id) => new CheckpointOwner(job, id);

    /// <summary>The running subtask that uploaded the file and may still refer to it.</summary>
    public static SharedStateOwner Attempt(long epoch, int attempt, string operatorName, int subtaskIndex) =>
        new AttemptOwner(epoch, attempt, operatorName, subtaskIndex);

    private sealed record CheckpointOwner(JobId Job, CheckpointId Id) : SharedStateOwner
    {
        public override string ToString() => $"checkpoint {Id} of '{Job}'";
    }

    private sealed record AttemptOwner(long Epoch, int Number, string Operator, int Index) : SharedStateOwner
    {
        public override string ToString() => $"attempt {Epoch}-{Number} of {Operator}[{Index}]";
    }
}
