using Checkpointing.Diagnostics;
using Checkpointing.RocksDb.Working;
using Checkpointing.State;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Verifies restored files behind the running job: <see cref="RestoreVerification.Background"/>.</summary>
internal sealed class BackgroundVerification : IAsyncDisposable
{
    private readonly KeyedStateBackendContext _context;
    private readonly IReadOnlyList<(StoredSnapshotFile File, string LocalPath)> _files;
    private readonly string _folder;
    private readonly ByteRateLimit _limit;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins to read.</summary>
    /// <param name="context">The backend.</param>
    /// <param name="files">The files, at least one, and their second names.</param>
    /// <param name="folder">Folder of those; removed in the end.</param>
    /// <param name="limit">The rate.</param>
    internal BackgroundVerification(
        KeyedStateBackendContext context, IReadOnlyList<(StoredSnapshotFile File, string LocalPath)> files,
        string folder, ByteRateLimit limit)
    {
        (_context, _files, _folder, _limit) = (context, files, folder, limit);

        // Somebody may ask for neither.
        _ = _passed.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        _ = _failure.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        WorkScheduler.ThreadPool.Schedule(RunAsync);
    }

    /// <summary>Faults with the first file that is not as it was stored; never completes otherwise.</summary>
    internal Task Failure => _failure.Task;

    /// <summary>Completes when all files are as they were stored.</summary>
    /// <exception cref="CheckpointCorruptException">One is not.</exception>
    /// <exception cref="CheckpointDeclinedException">The backend was disposed before.</exception>
    internal Task WaitUntilPassedAsync(CancellationToken cancellationToken) =>
        _passed.Task.WaitAsync(cancellationToken);

    /// <summary>Ends the reading early, and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _ended.Task.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var began = _context.Time.GetTimestamp();
        try
        {
            foreach (var (file, localPath) in _files)
            {
                await VerifyAsync(file, localPath).ConfigureAwait(false);
            }

            _context.Logger.VerifiedBehind(
                _context.Operator, _context.SubtaskIndex, _files.Count,
                _files.Sum(static file => file.File.Record.File.SizeBytes),
                _context.Time.GetElapsedTime(began).TotalSeconds);
            _passed.TrySetResult();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _passed.TrySetException(new CheckpointDeclinedException(
                null, CheckpointFailureReason.AttemptEnded,
                $"{_context.Operator}[{_context.SubtaskIndex}] was closed before its restored files were verified"));
        }
        catch (Exception exception)
        {
            // The edge of background work: whatever keeps a file from being verified fails the backend.
            _context.Logger.RestoredFileCorrupt(_context.Operator, _context.SubtaskIndex, exception);
            _passed.TrySetException(exception);
            _failure.TrySetException(exception);
        }
        finally
        {
            WorkingFolder.RemoveFolder(_folder);
            _ended.TrySetResult();
        }
    }

    private async ValueTask VerifyAsync(StoredSnapshotFile file, string localPath)
    {
        try
        {
            var (digest, length) = await PacedDigest.ComputeAsync(localPath, _limit, _stop.Token).ConfigureAwait(false);
            FileStaging.Verify(file, digest, length);
            WorkingFolder.RemoveFile(localPath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointStorageUnavailableException(
                file.Path, $"cannot be verified, as its local copy cannot be read: {exception.Message}", exception,
                isTransient: false);
        }
    }
}
