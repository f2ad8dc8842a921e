using Checkpointing.RocksDb.Working;
using Checkpointing.State;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Restored files whose digests are computed behind the running job.</summary>
/// <remarks>Each gets a second name, because compactions and the coordinator may remove the others. Safe for concurrent
/// calls until it is started.</remarks>
internal sealed class UnverifiedFiles(
    KeyedStateBackendContext context, RocksDbBackendOptions options, WorkingFolder folder)
{
    private readonly Lock _lock = new();
    private readonly List<(StoredSnapshotFile File, string LocalPath)> _files = [];
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private string? _folder;

    /// <summary>Adds a file, unless it is there already.</summary>
    /// <param name="file">The file.</param>
    /// <param name="stagedPath">Its staged copy or link.</param>
    internal void Add(StoredSnapshotFile file, string stagedPath)
    {
        lock (_lock)
        {
            if (_paths.Add(file.Path))
            {
                _folder ??= folder.NewFolder("unverified");
                var path = Path.Combine(_folder, FileStaging.NameOf(_files.Count));
                WorkingFolder.LinkOrCopy(stagedPath, path);
                _files.Add((file, path));
            }
        }
    }

    /// <summary>Begins to verify, once the backend stands.</summary>
    /// <returns>Null if there is nothing to verify.</returns>
    internal BackgroundVerification? Start() => _folder is null
        ? null
        : new(context, _files, _folder, new ByteRateLimit(options.VerificationBytesPerSecond, context.Time));
}
