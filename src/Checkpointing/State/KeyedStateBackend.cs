using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Live keyed state of one subtask: tables of rows by state, and snapshots of them.</summary>
/// <remarks>One caller at a time for all members; <see cref="KeyedStateSnapshot.WriteAsync"/> of a prepared snapshot
/// runs beside it.
/// Disposing frees handles and memory and deletes local working files; stored state stays.</remarks>
public abstract class KeyedStateBackend : IAsyncDisposable
{
    /// <summary>Its id; part of the keys of the files that it uploads.</summary>
    public abstract Guid BackendId { get; }

    /// <summary>Its key groups.</summary>
    public abstract KeyGroupRange Range { get; }

    /// <summary>States found in what was restored, declared or not; empty for a new backend.</summary>
    public abstract IReadOnlyList<StateDescription> RestoredStates { get; }

    /// <summary>How stored files got to the backend when it was opened; nothing for one that reads them where they
    /// are. Default: nothing.</summary>
    public virtual TransferCounts RestoreTransfers => default;

    /// <summary>Faults when what was restored turns out not to be what was stored: the job is to be failed. It never
    /// completes otherwise. From then on every snapshot fails, too.</summary>
    public virtual Task Failure { get; } = new TaskCompletionSource().Task;

    /// <summary>The rows of a declared state.</summary>
    /// <exception cref="InvalidOperationException">The state was not declared when the backend was opened.</exception>
    public abstract KeyedStateTable GetTable(string stateName);

    /// <summary>Called once, after restored rows were migrated: from now on the values (the elements, in a list) of all
    /// states in <see cref="KeyedStateBackendContext.TimesToLive"/> have a stamp in front, 8 bytes, milliseconds since
    /// 1970-01-01 UTC, little-endian, and the backend may drop what has expired. Default: it drops nothing.</summary>
    public virtual void StartExpiring()
    {
    }

    /// <summary>The synchronous part of a snapshot: fixes the cut, short, under the caller's thread.</summary>
    public abstract KeyedStateSnapshot PrepareSnapshot(SnapshotRequest request);

    /// <summary>The coordinator has confirmed a checkpoint: its files may be a base. Unknown and old ids are
    /// ignored.</summary>
    public abstract void NotifyCompleted(CheckpointId checkpointId);

    /// <summary>The coordinator has aborted a checkpoint: it is no base. Its finished uploads may still be
    /// used.</summary>
    public abstract void NotifyAborted(CheckpointId checkpointId);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
