using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Definition of a sink that commits when a checkpoint completes: exactly once. Immutable, does no I/O.</summary>
/// <remarks>Writers, one a subtask, prepare transactions durably; at each barrier they hand over what names them. One committer
/// keeps those in its state, so they belong to the checkpoint, and makes them visible when it has completed.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
/// <typeparam name="TCommittable">Names a prepared transaction.</typeparam>
public interface ITwoPhaseSink<T, TCommittable>
{
    /// <summary>Committables are state.</summary>
    StateSerializer<TCommittable> CommittableSerializer { get; }

    /// <summary>Makes a writer. The host opens and disposes it.</summary>
    TwoPhaseWriter<T, TCommittable> CreateWriter();

    /// <summary>Makes the committer. The host opens and disposes it.</summary>
    SinkCommitter<TCommittable> CreateCommitter();
}

/// <summary>Prepares the transactions of one subtask.</summary>
/// <remarks>One caller at a time. It has no state: what was not handed over before a failure comes again after it.</remarks>
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

/// <summary>Makes prepared transactions visible. One instance a sink.</summary>
/// <remarks>One caller at a time. Everything it does may be done again after a crash, so committing twice must be committing once.</remarks>
/// <typeparam name="TCommittable">Names a prepared transaction.</typeparam>
public abstract class SinkCommitter<TCommittable> : IDisposable
{
    /// <summary>States of its own.</summary>
    public virtual IReadOnlyList<StateDescriptor> States => [];

    /// <summary>Called once, before any writer writes: takes the output back to where the restored checkpoint had it, commits
    /// what that checkpoint had pending, and gives up older transactions that are not among it.</summary>
    /// <param name="context">States are empty when nothing was restored.</param>
    /// <param name="pending">Transactions of the restored checkpoint, in order; they may have been committed already.</param>
    public abstract void Open(SinkContext context, IReadOnlyList<TCommittable> pending);

    /// <summary>Commits transactions of a checkpoint that has completed.</summary>
    /// <param name="committables">In the order of checkpoints, then of subtasks.</param>
    public abstract void Commit(IReadOnlyList<TCommittable> committables);

    /// <summary>Called at each checkpoint: puts its own facts into its states.</summary>
    public virtual void SnapshotState()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the committer holds.</summary>
    /// <param name="disposing">Always true from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
