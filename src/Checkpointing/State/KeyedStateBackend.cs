using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.State;

/// <summary>Makes keyed state backends. One instance serves all subtasks of all jobs of a process.</summary>
/// <remarks>To add a backend: derive <see cref="KeyedStateBackend"/>, <see cref="KeyedStateTable"/> and
/// <see cref="KeyedStateSnapshot"/>, implement this, and pass the backend conformance suite.</remarks>
public interface IKeyedStateBackendFactory
{
    /// <summary>Opens a backend, empty or restored.</summary>
    /// <param name="context">What it is for, and what to restore.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointCorruptException">A stored file is damaged; nothing of it was believed.</exception>
    /// <exception cref="StoredFileMissingException">A stored file is not there.</exception>
    ValueTask<KeyedStateBackend> OpenAsync(KeyedStateBackendContext context, CancellationToken cancellationToken);
}

/// <summary>What a backend is opened for.</summary>
public sealed record KeyedStateBackendContext
{
    /// <summary>The job.</summary>
    public required JobId Job { get; init; }

    /// <summary>Name of the operator, for messages and folder names.</summary>
    public required string Operator { get; init; }

    /// <summary>The subtask, from 0.</summary>
    public required int SubtaskIndex { get; init; }

    /// <summary>Key groups that the backend owns. Rows of other groups are neither restored nor returned.</summary>
    public required KeyGroupRange Range { get; init; }

    /// <summary>Number of key groups of the job.</summary>
    public required int MaxParallelism { get; init; }

    /// <summary>The states that the program declares. A stored state that is not among them is left out.</summary>
    public required IReadOnlyList<StateDescription> States { get; init; }

    /// <summary>What to restore: every handle that holds key groups of <see cref="Range"/>; empty for a new backend.</summary>
    public required IReadOnlyList<KeyedStateHandle> RestoreFrom { get; init; }

    /// <summary>The checkpoint that <see cref="RestoreFrom"/> is of. <see cref="CheckpointId.None"/> if there is none.
    /// It counts as confirmed: it is the base of the next checkpoint unless it is foreign.</summary>
    public CheckpointId RestoredCheckpoint { get; init; }

    /// <summary>Whether the restored files belong to another job (NoClaim): the first snapshot then makes links or copies of
    /// its own on the storage side instead of referring to them.</summary>
    public bool RestoredIsForeign { get; init; }

    /// <summary>The storage.</summary>
    public required ICheckpointStorage Storage { get; init; }

    /// <summary>Source of ids.</summary>
    public required IdSource Ids { get; init; }

    /// <summary>Time.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Log.</summary>
    public required ILogger Logger { get; init; }
}

/// <summary>Live keyed state of one subtask: tables of rows by state, and snapshots of them.</summary>
/// <remarks>One caller at a time for all members; <see cref="KeyedStateSnapshot.WriteAsync"/> of a prepared snapshot runs beside it.
/// Disposing frees handles and memory and deletes local working files; stored state stays.</remarks>
public abstract class KeyedStateBackend : IAsyncDisposable
{
    /// <summary>Its id; part of the keys of the files that it uploads.</summary>
    public abstract Guid BackendId { get; }

    /// <summary>Its key groups.</summary>
    public abstract KeyGroupRange Range { get; }

    /// <summary>States found in what was restored, declared or not; empty for a new backend.</summary>
    public abstract IReadOnlyList<StateDescription> RestoredStates { get; }

    /// <summary>The rows of a declared state.</summary>
    /// <exception cref="InvalidOperationException">The state was not declared when the backend was opened.</exception>
    public abstract KeyedStateTable GetTable(string stateName);

    /// <summary>The synchronous part of a snapshot: fixes the cut, short, under the caller's thread.</summary>
    public abstract KeyedStateSnapshot PrepareSnapshot(SnapshotRequest request);

    /// <summary>The coordinator has confirmed a checkpoint: its files may be a base. Unknown and old ids are ignored.</summary>
    public abstract void NotifyCompleted(CheckpointId checkpointId);

    /// <summary>The coordinator has aborted a checkpoint: it is no base. Its finished uploads may still be used.</summary>
    public abstract void NotifyAborted(CheckpointId checkpointId);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>The second part of a snapshot. Holds files and native resources until disposed.</summary>
/// <remarks>Written once, on any thread, beside the running backend. Disposed unwritten, or after a failed write, it lets go
/// of pins and deletes exclusive files that it has made; finished uploads of shared files are kept for the next snapshot.</remarks>
public abstract class KeyedStateSnapshot : IAsyncDisposable
{
    /// <summary>Transfers what is new and says where all of it is.</summary>
    /// <returns>The handle and its cost; a null handle if there is no state at all.</returns>
    /// <exception cref="CheckpointingException">The snapshot failed; nothing durable is lost.</exception>
    public abstract ValueTask<KeyedSnapshotResult> WriteAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>What a keyed snapshot gave.</summary>
/// <param name="Handle">Where the state is; null if there is none.</param>
/// <param name="Cost">What it cost.</param>
/// <param name="GivenUp">Keys of earlier uploads of this backend that it will never refer to again.</param>
public sealed record KeyedSnapshotResult(KeyedStateHandle? Handle, SnapshotCost Cost, IReadOnlyList<SharedStateKey> GivenUp);

/// <summary>One request for a snapshot, as the trigger message carries it.</summary>
public sealed record SnapshotRequest
{
    /// <summary>The checkpoint.</summary>
    public required CheckpointId CheckpointId { get; init; }

    /// <summary>What is asked for.</summary>
    public required CheckpointKind Kind { get; init; }

    /// <summary>The newest confirmed checkpoint: the only one whose files a placeholder may name. Null: send everything.</summary>
    public required CheckpointId? Base { get; init; }

    /// <summary>The job.</summary>
    public required JobId Job { get; init; }

    /// <summary>Epoch of the coordinator.</summary>
    public required long Epoch { get; init; }

    /// <summary>Attempt of the job within the epoch.</summary>
    public required int Attempt { get; init; }

    /// <summary>Folder for files of this checkpoint alone. For a savepoint: its folder, and all handles are relative to it.</summary>
    public required string ExclusiveFolder { get; init; }

    /// <summary>Path for a new file of this checkpoint alone.</summary>
    public string NewExclusivePath(IdSource ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return StoragePath.Combine(ExclusiveFolder, CheckpointLayout.FileName(Epoch, Attempt, ids.NewGuid()));
    }

    /// <summary>Path for a new shared file; the path is its key.</summary>
    public string NewSharedPath(Guid backendId, KeyGroupRange range, IdSource ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return StoragePath.Combine(
            CheckpointLayout.SharedFolder(Job, backendId, range), CheckpointLayout.FileName(Epoch, Attempt, ids.NewGuid()));
    }
}
