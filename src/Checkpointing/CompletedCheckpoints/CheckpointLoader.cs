using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Reads a checkpoint's metadata from storage: a folder, or its <c>_metadata</c>.</summary>
public static class CheckpointLoader
{
    // 1 GiB of metadata would be some ten million files; a longer file is damage.
    private const long MaxMetadataBytes = 1L << 30;

    /// <summary>Reads the checkpoint at a path.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="path">Folder or metadata file, below the storage's root or absolute within it.</param>
    /// <param name="cancellationToken">Observed between blocks.</param>
    /// <exception cref="CheckpointNotFoundException">There is none; the message names what is nearby.</exception>
    /// <exception cref="CheckpointCorruptException">The metadata is damaged.</exception>
    /// <exception cref="UnsupportedFormatException">It is no checkpoint of ours, or of a newer version.</exception>
    /// <exception cref="ForeignPathException">It names a file outside the storage.</exception>
    public static async ValueTask<CompletedCheckpoint> LoadAsync(
        ICheckpointStorage storage, string path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var folder = FolderOf(storage, path);
        var bytes = await ReadMetadataAsync(storage, path, folder, cancellationToken).ConfigureAwait(false);
        return Parse(bytes, folder);
    }

    /// <summary>Reads a checkpoint that a register names; length and digest must be those that the register
    /// holds.</summary>
    internal static async ValueTask<CompletedCheckpoint> LoadRetainedAsync(
        ICheckpointStorage storage, RetainedCheckpoint retained, CancellationToken cancellationToken)
    {
        var path = StoragePath.Combine(retained.Path, CheckpointLayout.MetadataName);
        var bytes = await storage.ReadAllAsync(path, MaxMetadataBytes, cancellationToken).ConfigureAwait(false);
        var digest = ContentDigest.Of(bytes);
        if (bytes.Length != retained.MetadataBytes || digest != retained.MetadataDigest)
        {
            throw new CheckpointCorruptException(
                path, 0, $"{retained.MetadataBytes} bytes of digest {retained.MetadataDigest}",
                    $"{bytes.Length} of {digest}");
        }

        return Parse(bytes, retained.Path);
    }

    /// <summary>Normal form of a path that a user gave: the folder, below the storage's root.</summary>
    internal static string FolderOf(ICheckpointStorage storage, string path)
    {
        var root = storage.Description.TrimEnd('/') + "/";
        var relative = path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..] : path;
        if (relative.StartsWith('/') && root.StartsWith("file://", StringComparison.Ordinal)
            && relative.StartsWith(root["file://".Length..], StringComparison.Ordinal))
        {
            relative = relative[(root.Length - "file://".Length)..];
        }

        string normal;
        try
        {
            normal = StoragePath.Normalize(relative);
        }
        catch (ArgumentException)
        {
            throw new CheckpointNotFoundException(path, [], $"It does not lie below {storage.Description}.");
        }

        return StoragePath.NameOf(normal) == CheckpointLayout.MetadataName ? StoragePath.FolderOf(normal) : normal;
    }

    private static async ValueTask<byte[]> ReadMetadataAsync(
        ICheckpointStorage storage, string path, string folder, CancellationToken cancellationToken)
    {
        try
        {
            return await storage
                .ReadAllAsync(
                    StoragePath.Combine(folder, CheckpointLayout.MetadataName), MaxMetadataBytes, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (StoredFileMissingException)
        {
            var nearby = await ListNearbyAsync(storage, folder, cancellationToken).ConfigureAwait(false);
            throw new CheckpointNotFoundException(path, nearby);
        }
    }

    private static async ValueTask<List<string>> ListNearbyAsync(
        ICheckpointStorage storage, string folder, CancellationToken cancellationToken)
    {
        const int MaxNearby = 5;
        var found = new List<string>();
        await foreach (var file in storage.ListAsync(StoragePath.FolderOf(folder), cancellationToken)
            .ConfigureAwait(false))
        {
            if (StoragePath.NameOf(file.Path) == CheckpointLayout.MetadataName)
            {
                found.Add(StoragePath.FolderOf(file.Path));
            }
        }

        found.Sort(StringComparer.Ordinal);
        return [.. found.TakeLast(MaxNearby)];
    }

    private static CompletedCheckpoint Parse(byte[] bytes, string folder)
    {
        var path = StoragePath.Combine(folder, CheckpointLayout.MetadataName);
        var metadata = CheckpointMetadataSerializer.Read(bytes, path);
        if (metadata.Info is not { } info)
        {
            throw new UnsupportedFormatException(
                path, "metadata that Flink wrote",
                    "resuming from checkpoints of this library; Flink's can be inspected only");
        }

        var resolved = metadata.ResolveRelative(folder, path);
        return resolved.FindForeign() is [var foreign, ..]
            ? throw foreign.ToException(path)
            : new(info.Job, metadata.CheckpointId, folder, resolved, info.Properties);
    }
}
