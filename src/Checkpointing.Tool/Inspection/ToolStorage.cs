#pragma warning disable RS0030 // The tool looks for a user's folders where they are.
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Inspection;
using Checkpointing.Storage;
using Checkpointing.Tool.Metadata;
using Checkpointing.ZooKeeper;

namespace Checkpointing.Tool.Inspection;

/// <summary>The storage that a command works on, and where its jobs keep their registers.</summary>
internal sealed class ToolStorage : IAsyncDisposable
{
    private readonly IAsyncDisposable? _connection;

    private ToolStorage(ICheckpointStorage storage, ICheckpointRegister register, IAsyncDisposable? connection) =>
        (Storage, Register, _connection) = (storage, register, connection);

    public ICheckpointStorage Storage { get; }

    public ICheckpointRegister Register { get; }

    /// <summary>Opens the storage at a root.</summary>
    /// <param name="root">A folder or an address.</param>
    /// <param name="zooKeeper">Servers that keep the registers; null: they are beside the checkpoints.</param>
    /// <exception cref="ToolException">It is not there, or its scheme is not known.</exception>
    public static ToolStorage Open(string root, string? zooKeeper)
    {
        var storage = OpenStorage(root);
        if (zooKeeper is null)
        {
            return new(storage, new StorageCheckpointRegister(storage), null);
        }

        try
        {
            var register = new ZooKeeperCheckpointRegister(new() { ConnectionString = zooKeeper });
            return new(storage, register, register);
        }
        catch (ArgumentException exception)
        {
            throw new ToolException($"--zookeeper: {Sentence(exception)}", ExitCodes.Usage, exception);
        }
    }

    /// <summary>Opens the storage at a root that is to be read.</summary>
    public static ICheckpointStorage OpenStorage(string root)
    {
        if (StorageSchemes.SchemeOf(root) == "file" && !Directory.Exists(LocalPath(root)))
        {
            throw new ToolException($"There is no folder '{root}'.", ExitCodes.Unreachable);
        }

        return OpenAny(root);
    }

    /// <summary>Opens the storage at a root, which may not be there yet.</summary>
    public static ICheckpointStorage OpenAny(string root)
    {
        try
        {
            return new StorageSchemes().Open(root);
        }
        catch (ArgumentException exception)
        {
            throw new ToolException(Sentence(exception), ExitCodes.Usage, exception);
        }
    }

    /// <summary>Splits the address of a checkpoint into the root of its storage and its folder below it.</summary>
    /// <param name="path">Folder of a checkpoint or savepoint, or its metadata.</param>
    /// <param name="root">The root that the command line names; null: found by the checkpoint's place.</param>
    public static (string Root, string Folder) Split(string path, string? root)
    {
        if (StorageSchemes.SchemeOf(path) != "file")
        {
            return root is not null && path.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal)
                ? (root, FolderOf(path[root.TrimEnd('/').Length..].Trim('/')))
                : throw new ToolException(
                    $"'{path}' is no local path; name the root of its storage with --root.", ExitCodes.Usage);
        }

        var full = LocalPath(path);
        var folder = Path.GetFileName(full) == CheckpointLayout.MetadataName || File.Exists(full)
            ? Path.GetDirectoryName(full)! : full;
        if (!Directory.Exists(folder))
        {
            throw new ToolException($"There is no checkpoint at '{path}'.", ExitCodes.Unreachable);
        }

        var found = root is not null ? LocalPath(root) : FindRoot(folder, path);
        var below = Path.GetRelativePath(found, folder).Replace(Path.DirectorySeparatorChar, '/');
        return below == "." || below.StartsWith("..", StringComparison.Ordinal)
            ? throw new ToolException($"'{path}' does not lie below '{found}'.", ExitCodes.Usage)
            : (found, below);
    }

    /// <summary>Makes a path of the local file system full.</summary>
    public static string LocalPath(string path)
    {
        try
        {
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(StorageSchemes.LocalPathOf(path)));
        }
        catch (Exception exception) when (exception is ArgumentException or UriFormatException)
        {
            throw new ToolException($"'{path}' is no path: {Sentence(exception)}", ExitCodes.Usage, exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }

        (Storage as IDisposable)?.Dispose();
    }

    // Our own paths begin at the root; a savepoint's are relative to its folder, so that any folder above will do.
    private static string FindRoot(string folder, string shown)
    {
        try
        {
            var file = MetadataFile.Read(
                new(Path.Combine(folder, CheckpointLayout.MetadataName), shown, CheckpointLayout.MetadataName), null);
            return file.Root.StorageRoot is { } root ? LocalPath(root) : Path.GetDirectoryName(folder) ?? folder;
        }
        catch (MetadataFileException)
        {
            // Whoever reads it says what is wrong with it. Its place is the best guess.
            return CheckpointLayout.TryGetCheckpointId(Path.GetFileName(folder), out _)
                && Path.GetDirectoryName(Path.GetDirectoryName(folder)) is { } above
                    ? above
                    : Path.GetDirectoryName(folder) ?? folder;
        }
    }

    private static string FolderOf(string path) =>
        StoragePath.NameOf(path) == CheckpointLayout.MetadataName ? StoragePath.FolderOf(path) : path;

    // The name of the parameter means nothing to a person.
    internal static string Sentence(Exception exception) => exception is ArgumentException { ParamName: not null }
        ? exception.Message[..exception.Message.LastIndexOf(" (Parameter", StringComparison.Ordinal)]
        : exception.Message;
}
