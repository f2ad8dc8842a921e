using Checkpointing.RocksDb.Native;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Where the files of one snapshot go, and who may use them later. Files are stored several at a
/// time.</summary>
internal abstract class SnapshotFiles
{
    /// <summary>Whether no file of an earlier checkpoint is named: then every file is pinned.</summary>
    internal abstract bool IsAnew { get; }

    /// <summary>Stores a file, or says where it is stored.</summary>
    /// <param name="file">The file.</param>
    /// <param name="pinnedPath">Its pinned local name, if it has one.</param>
    /// <param name="cancellationToken">Observed between blocks.</param>
    internal abstract ValueTask<StoredFile> StoreAsync(
        LiveFile file, string pinnedPath, CancellationToken cancellationToken);

    /// <summary>The handle as the coordinator gets it.</summary>
    internal abstract IncrementalKeyedStateHandle MakeHandle(
        ValueList<StateFile> files, StreamStateHandle meta, long newBytes);

    /// <summary>How a file is named in the handle.</summary>
    internal abstract StreamStateHandle HandleOf(StoredFile stored);

    /// <summary>All is stored.</summary>
    /// <param name="map">Where each local file is.</param>
    /// <returns>Earlier uploads that will never be named again.</returns>
    internal abstract IReadOnlyList<SharedStateKey> Complete(IReadOnlyDictionary<string, StoredSst> map);

    /// <summary>Nothing came of the snapshot: what was stored for it alone is deleted.</summary>
    internal abstract ValueTask AbandonAsync();

    /// <summary>Deletes a file that no message has named; where that fails it is an orphan.</summary>
    internal static async ValueTask DeleteQuietlyAsync(ICheckpointStorage storage, string path)
    {
        try
        {
            await storage.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
        }
        catch (CheckpointingException)
        {
            // The failure that led here matters more.
        }
    }

    /// <summary>Where a file of this snapshot is, and how it got there.</summary>
    /// <param name="Sst">Where it is.</param>
    /// <param name="IsPlaceholder">Whether the confirmed base names it.</param>
    /// <param name="IsReused">Whether its bytes did not go through this process.</param>
    /// <param name="Kind">How it was stored under a new name; null: it was there.</param>
    internal readonly record struct StoredFile(
        StoredSst Sst, bool IsPlaceholder, bool IsReused, FileTransferKind? Kind);
}
