#pragma warning disable RS0030 // The tool looks for a user's files where they are.
using System.CommandLine;
using Checkpointing.Inspection;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;
using Checkpointing.Storage;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>One checkpoint by its metadata alone, ours or Flink's: what <c>show</c>, <c>ls</c> and <c>diff</c>
/// need.</summary>
/// <param name="Shown">Its path as the command line has it.</param>
/// <param name="Folder">Its folder: below the storage's root where that is known, else absolute.</param>
/// <param name="Format">Format of the metadata.</param>
/// <param name="MetadataBytes">Length of the metadata.</param>
/// <param name="Metadata">What it says.</param>
internal sealed record ToolCheckpoint(
    string Shown, string Folder, MetadataFormat Format, long MetadataBytes, CheckpointMetadata Metadata)
{
    /// <summary>The same as an entry of a census, for the sums.</summary>
    public StoredCheckpoint Stored => new(
        Folder,
        Metadata.Info is null ? StoredCheckpointStatus.Flink
            : Metadata.Info.Properties.Kind == CheckpointKind.Savepoint ? StoredCheckpointStatus.Savepoint
            : StoredCheckpointStatus.Unlisted)
    {
        Job = Metadata.Info?.Job,
        Id = Metadata.CheckpointId,
        Kind = Metadata.Info?.Properties.Kind,
        Metadata = Metadata,
        MetadataBytes = MetadataBytes,
        Files =
        [
            new(StoragePath.Combine(Folder, CheckpointLayout.MetadataName), MetadataBytes, null,
                CheckpointFileScope.Metadata, null, null, null),
            .. CheckpointFile.Of(Metadata, Folder).DistinctBy(static file => file.Path),
        ],
    };

    /// <summary>Reads it.</summary>
    /// <exception cref="ToolException">It is not there, or cannot be read.</exception>
    public static async Task<ToolCheckpoint> ReadAsync(
        ParseResult parsed, string path, CancellationToken cancellationToken)
    {
        var root = parsed.GetValue(SharedOptions.At);
        if (StorageSchemes.SchemeOf(path) != "file")
        {
            return await ReadStoredAsync(path, root, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var full = ToolStorage.LocalPath(path);
            var file = MetadataFile.Read(
                Directory.Exists(full)
                    ? new(Path.Combine(full, CheckpointLayout.MetadataName), path, CheckpointLayout.MetadataName)
                    : new(full, path, Path.GetFileName(full)),
                root);
            return new(path, BelowRoot(file.Root), file.Format, file.Bytes.Length, file.Metadata);
        }
        catch (MetadataFileException exception)
        {
            throw new ToolException(
                exception.Message.Contains(path, StringComparison.Ordinal)
                    ? exception.Message : $"'{path}': {exception.Message}",
                ExitCodes.Problem,
                exception);
        }
    }

    private static async Task<ToolCheckpoint> ReadStoredAsync(
        string path, string? root, CancellationToken cancellationToken)
    {
        const long MaxBytes = 1L << 30;
        var (found, folder) = ToolStorage.Split(path, root);
        var storage = ToolStorage.OpenStorage(found);
        using var disposing = storage as IDisposable;
        var bytes = await storage.ReadAllAsync(
            StoragePath.Combine(folder, CheckpointLayout.MetadataName), MaxBytes, cancellationToken)
            .ConfigureAwait(false);
        var metadata = CheckpointMetadataSerializer.Read(bytes, path, out var format);
        return new(path, folder, format, bytes.Length, metadata);
    }

    private static string BelowRoot(CheckpointRoot root) =>
        root.StorageRoot is { } storage && root.Folder.StartsWith(storage + "/", StringComparison.Ordinal)
            ? root.Folder[(storage.Length + 1)..]
            : root.Folder;
}
