using Checkpointing.RocksDb.Restore;
using Checkpointing.RocksDb.Working;
using Checkpointing.State;

namespace Checkpointing.RocksDb;

/// <summary>Makes backends that keep their state in RocksDB: larger than memory, and with checkpoints that send only
/// files
/// that are new.</summary>
/// <remarks>Each backend has a folder of its own below the working directory, deleted with it; what a process left that
/// did not end well is removed when a factory first opens a backend there. Safe for concurrent calls.</remarks>
public sealed class RocksDbBackendFactory : IKeyedStateBackendFactory
{
    private readonly RocksDbBackendOptions _options;
    private readonly string _workingDirectory;
    private int _isSwept;

    /// <summary>Makes a factory. Nothing is touched before the first backend is opened.</summary>
    /// <param name="options">Settings; copied.</param>
    /// <exception cref="ArgumentException">A setting is outside its range.</exception>
    public RocksDbBackendFactory(RocksDbBackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options.Copy();
        _workingDirectory = Path.GetFullPath(options.WorkingDirectory);
    }

    /// <inheritdoc/>
    public async ValueTask<KeyedStateBackend> OpenAsync(
        KeyedStateBackendContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _isSwept, 1) == 0)
        {
            BookkeepingFolder.Sweep();
            if (WorkingFolder.Sweep(_workingDirectory) is var count and > 0)
            {
                context.Logger.LeftoversSwept(count, _workingDirectory);
            }
        }

        var folder = WorkingFolder.Create(_workingDirectory, context);
        try
        {
            var restore = new BackendRestore(context, _options, folder);
            var opened = await restore.OpenAsync(cancellationToken).ConfigureAwait(false);
            return new RocksDbKeyedStateBackend(opened);
        }
        catch
        {
            folder.RemoveUser();
            throw;
        }
    }
}
