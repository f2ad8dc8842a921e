using Checkpointing.RocksDb.Snapshots;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Restore;

/// <summary>An incremental snapshot as it is stored: its handle, and its catalogue read and validated.</summary>
/// <param name="Handle">The handle.</param>
/// <param name="Catalogue">The catalogue.</param>
/// <param name="Files">The files: what the catalogue says of each, and where it is.</param>
internal sealed record StoredSnapshot(
    IncrementalKeyedStateHandle Handle, Catalogue Catalogue, IReadOnlyList<StoredSnapshotFile> Files)
{
    private const long MaxCatalogueBytes = 1L << 30;

    /// <summary>Whether its files are a savepoint's own, which no checkpoint may name.</summary>
    internal bool IsPrivate => Handle.PrivateFiles.Count > 0;

    /// <summary>Reads the catalogue of a handle and checks one against the other.</summary>
    internal static async ValueTask<StoredSnapshot> LoadAsync(
        ICheckpointStorage storage, IncrementalKeyedStateHandle handle, CancellationToken cancellationToken)
    {
        var (content, path) = await ReadMetaAsync(storage, handle.MetaFile, cancellationToken).ConfigureAwait(false);
        var catalogue = CatalogueReader.Read(content, path);
        if (catalogue.BackendId != handle.BackendId || catalogue.Range != handle.Range)
        {
            throw new CheckpointCorruptException(
                path, 0, $"the catalogue of backend {handle.BackendId}, key groups {handle.Range}",
                $"that of {catalogue.BackendId}, {catalogue.Range}");
        }

        if (catalogue.Files.Count != handle.SharedFiles.Count + handle.PrivateFiles.Count)
        {
            throw new CheckpointCorruptException(
                path, 0, $"{catalogue.Files.Count} files in the metadata too",
                $"{handle.SharedFiles.Count + handle.PrivateFiles.Count}");
        }

        // Local names are unique within one snapshot, and every metadata format keeps them.
        var stored = handle.SharedFiles.Concat(handle.PrivateFiles).ToLookup(
            static file => file.LocalName, StringComparer.Ordinal);
        var files = new List<StoredSnapshotFile>();
        foreach (var record in catalogue.Files)
        {
            if (stored[record.File.Name].ToList() is not [var file])
            {
                throw new CheckpointCorruptException(
                    path, 0, $"file '{record.File.Name}' once in the metadata",
                        $"{stored[record.File.Name].Count()} of it");
            }

            files.Add(new(record, new(handle.KeyOf(file), file.Handle, record.Digest), PathOf(file.Handle)));
        }

        return new(handle, catalogue, files);
    }

    /// <summary>Where a file is, for messages and reading.</summary>
    internal static string PathOf(StreamStateHandle handle) => handle switch
    {
        FileStateHandle file => file.Path,
        ByteStreamStateHandle bytes => bytes.Name,
        _ => throw new ArgumentException(
            $"A {handle.GetType().Name} cannot be restored from: the metadata's reader and the registry resolve "
            + "it first."),
    };

    private static async ValueTask<(byte[] Content, string Path)> ReadMetaAsync(
        ICheckpointStorage storage, StreamStateHandle handle, CancellationToken cancellationToken)
    {
        var path = PathOf(handle);
        if (handle is ByteStreamStateHandle bytes)
        {
            return ([.. bytes.Data.Items], path);
        }

        var file = (FileStateHandle)handle;
        var content = await storage.ReadAllAsync(path, MaxCatalogueBytes, cancellationToken).ConfigureAwait(false);
        return content.Length == file.FileSizeBytes
            ? (content, path)
            : throw new CheckpointCorruptException(
                path, Math.Min(content.Length, file.FileSizeBytes), $"{file.FileSizeBytes} bytes", $"{content.Length}");
    }
}

/// <summary>One file of a stored snapshot.</summary>
/// <param name="Record">What the catalogue says of it.</param>
/// <param name="Sst">Where it is.</param>
/// <param name="Path">Its path in the storage.</param>
internal sealed record StoredSnapshotFile(CatalogueFile Record, StoredSst Sst, string Path);
