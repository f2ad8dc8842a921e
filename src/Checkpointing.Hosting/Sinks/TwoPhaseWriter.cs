using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Prepares the transactions of one subtask.</summary>
/// <remarks>One caller at a time. It has no state: what was not handed over before a failure comes again after
/// it.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
/// <typeparam name="TCommittable">Names a prepared transaction.</typeparam>
public abstract class TwoPhaseWriter<T, TCommittable> : IDisposable
{
    /// <summary>Called once before the first record.</summary>
    public virtual void Open(SinkContext context)
    {
    }

    /// <summary>Takes a record into the present transaction.</summary>
    public abstract void Write(T value, Timestamp time);

    /// <summary>Ends the present transactions, durably, so that they can still be committed after a crash.</summary>
    /// <returns>What names them, in the order of their records; empty if nothing was written.</returns>
    public abstract IReadOnlyList<TCommittable> Prepare(CheckpointId checkpoint);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the unfinished transaction up and frees what the writer holds.</summary>
    /// <param name="disposing">Always true from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
