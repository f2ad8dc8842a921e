using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>Makes a self-contained savepoint of any checkpoint: a folder that holds every file, named relative to it,
/// and
/// can be moved, kept, and resumed from.</summary>
public static class CheckpointCopy
{
    /// <summary>Copies a checkpoint.</summary>
    /// <param name="source">Where it is. Borrowed.</param>
    /// <param name="path">Folder of a checkpoint or savepoint, or its <c>_metadata</c>.</param>
    /// <param name="target">Where the savepoint goes; may be the same storage, which then links where it can.
    /// Borrowed.</param>
    /// <param name="folder">Its folder there; there must be no checkpoint in it yet.</param>
    /// <param name="progress">Told after each file how many are there, of how many; null: nobody.</param>
    /// <param name="cancellationToken">Observed between blocks; what was copied is deleted again.</param>
    /// <returns>The savepoint as it was read back.</returns>
    /// <exception cref="CheckpointNotFoundException">There is none at the path.</exception>
    /// <exception cref="CheckpointCorruptException">A file is not as it was stored; nothing is left behind.</exception>
    /// <exception cref="StoredFileExistsException">There is a checkpoint in the folder.</exception>
    public static async Task<CompletedCheckpoint> RunAsync(
        ICheckpointStorage source,
        string path,
        ICheckpointStorage target,
        string folder,
        IProgress<(int Done, int Of)>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        folder = StoragePath.Normalize(folder);
        var checkpoint = await CheckpointLoader.LoadAsync(source, path, cancellationToken).ConfigureAwait(false);
        var metadataPath = StoragePath.Combine(folder, CheckpointLayout.MetadataName);
        if (await target.GetLengthAsync(metadataPath, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new StoredFileExistsException(metadataPath);
        }

        var made = new Dictionary<string, string>();
        var isComplete = false;
        try
        {
            var files = CheckpointFile.Of(checkpoint.Metadata, checkpoint.Path)
                .DistinctBy(static file => file.Path, StringComparer.Ordinal).ToList();
            foreach (var file in files)
            {
                var name = string.Create(
                    CultureInfo.InvariantCulture, $"{made.Count + 1:D6}-{IdSource.System.NewGuid():N}");
                var copy = StoragePath.Combine(folder, name);
                made.Add(file.Path, name);
                await CopyAsync(source, file, target, copy, cancellationToken).ConfigureAwait(false);
                progress?.Report((made.Count, files.Count));
            }

            await target.SyncFoldersAsync([folder], cancellationToken).ConfigureAwait(false);
            var bytes = CheckpointMetadataSerializer.Write(
                MakeSavepoint(checkpoint.Metadata, made), MetadataFormat.NativeV1);
            await target.WriteAllAsync(metadataPath, bytes, cancellationToken).ConfigureAwait(false);
            isComplete = true;
        }
        finally
        {
            if (!isComplete)
            {
                await RemoveAsync(target, made.Values.Select(name => StoragePath.Combine(folder, name)))
                    .ConfigureAwait(false);
            }
        }

        return await CheckpointLoader.LoadAsync(target, folder, CancellationToken.None).ConfigureAwait(false);
    }

    private static async Task CopyAsync(
        ICheckpointStorage source,
        CheckpointFile file,
        ICheckpointStorage target,
        string copy,
        CancellationToken cancellationToken)
    {
        if (ReferenceEquals(source, target))
        {
            await source.CopyAsync(file.Path, copy, cancellationToken).ConfigureAwait(false);
            return;
        }

        const int BlockSize = 1 << 20;
        var stream = await source.OpenReadAsync(file.Path, 0, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var writer = await target.CreateAsync(copy, cancellationToken).ConfigureAwait(false);
            await using (writer.ConfigureAwait(false))
            {
                var buffer = new byte[BlockSize];
                while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
                {
                    await writer.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }

                var length = writer.LengthBytes;
                var digest = await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
                if (length != file.Bytes || (file.Digest is { } expected && digest != expected))
                {
                    throw new CheckpointCorruptException(
                        file.Path, 0, $"{file.Bytes} bytes of digest {file.Digest?.ToString() ?? "(not known)"}",
                        $"{length} bytes of digest {digest}");
                }
            }
        }
    }

    /// <summary>The same state as a savepoint: what was shared is the savepoint's own.</summary>
    private static CheckpointMetadata MakeSavepoint(
        CheckpointMetadata metadata, Dictionary<string, string> names)
    {
        var relative = metadata.RelateTo(names);
        var info = relative.Info!;
        var isNative = relative.Operators.SelectMany(static one => one.Subtasks)
            .Any(static subtask => subtask.ManagedKeyed is IncrementalKeyedStateHandle);
        return relative with
        {
            Info = info with
            {
                Properties = info.Properties with
                {
                    Kind = CheckpointKind.Savepoint,
                    Format = isNative ? SavepointFormat.Native : SavepointFormat.Canonical,
                },
            },
            Operators = relative.Operators.Select(static one => one with
            {
                Subtasks = one.Subtasks.Select(static subtask => subtask with
                {
                    ManagedKeyed = OwnFiles(subtask.ManagedKeyed), RawKeyed = OwnFiles(subtask.RawKeyed),
                }).ToValueList(),
            }).ToValueList(),
        };
    }

    private static KeyedStateHandle? OwnFiles(KeyedStateHandle? handle) => handle is IncrementalKeyedStateHandle one
        ? one with { SharedFiles = [], PrivateFiles = [.. one.SharedFiles, .. one.PrivateFiles] }
        : handle;

    private static async Task RemoveAsync(ICheckpointStorage target, IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            try
            {
                await target.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
            }
            catch (CheckpointingException)
            {
                // The failure that led here matters more; without metadata nobody takes the rest for a checkpoint.
            }
        }
    }
}
