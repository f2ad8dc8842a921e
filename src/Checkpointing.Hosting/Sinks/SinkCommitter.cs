using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Makes prepared transactions visible. One instance a sink.</summary>
/// <remarks>One caller at a time. Everything it does may be done again after a crash, so committing twice must be
/// committing once.</remarks>
/// <typeparam name="TCommittable">Names a prepared transaction.</typeparam>
public abstract class SinkCommitter<TCommittable> : IDisposable
{
    /// <summary>States of its own.</summary>
    public virtual IReadOnlyList<StateDescriptor> States => [];

    /// <summary>Called first, before any subtask of the job runs: looks whether the output fits the restored
    /// checkpoint,
    /// and changes nothing. A job that is refused here, or whose other subtasks cannot be opened, leaves every output
    /// as
    /// it was.</summary>
    /// <param name="context">States are empty when nothing was restored.</param>
    /// <param name="pending">As <see cref="Open"/> gets them.</param>
    /// <exception cref="SinkOutputException">It does not fit: something newer than the checkpoint was committed already
    /// and cannot be taken back, or what the checkpoint counts on is not there.</exception>
    public virtual void Check(SinkContext context, IReadOnlyList<TCommittable> pending)
    {
    }

    /// <summary>Called once, when all subtasks of the job are open and before any writer writes: takes the output back
    /// to where the restored checkpoint had it,
    /// commits what that checkpoint had pending, and gives up older transactions that are not among it.</summary>
    /// <param name="context">States are empty when nothing was restored.</param>
    /// <param name="pending">Transactions of the restored checkpoint, in order; they may have been committed
    /// already.</param>
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
