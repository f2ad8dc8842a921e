namespace Checkpointing.Testing.Operators;

/// <summary>What was tried by <see cref="ExactlyOnce"/>, over all seeds.</summary>
public sealed record ExactlyOnceReport
{
    /// <summary>Seeds.</summary>
    public int Seeds { get; init; }

    /// <summary>Crashes.</summary>
    public int Crashes { get; init; }

    /// <summary>Checkpoints that completed.</summary>
    public int Checkpoints { get; init; }

    /// <summary>Starts from a checkpoint, after a crash; other crashes went back to the beginning.</summary>
    public int Restores { get; init; }

    /// <summary>Restores with another number of subtasks than the checkpoint had.</summary>
    public int Rescalings { get; init; }

    /// <summary>Records that were handled again after a crash.</summary>
    public long ReplayedRecords { get; init; }

    internal ExactlyOnceReport Plus(ExactlyOnceReport other) => new()
    {
        Seeds = Seeds + other.Seeds,
        Crashes = Crashes + other.Crashes,
        Checkpoints = Checkpoints + other.Checkpoints,
        Restores = Restores + other.Restores,
        Rescalings = Rescalings + other.Rescalings,
        ReplayedRecords = ReplayedRecords + other.ReplayedRecords,
    };
}
