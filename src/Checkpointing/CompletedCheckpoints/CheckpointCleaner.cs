using Checkpointing.Diagnostics;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Deletes, behind everything else, what no checkpoint needs any more.</summary>
/// <remarks>
/// <para>Metadata goes before the rest of its removal: without it nobody takes the rest for a checkpoint. Several
/// files at a time; a removal that fails is tried again, later and later, and never holds up another. Nothing is told
/// to whoever scheduled it: what stays is an orphan, which the next epoch's sweep takes.</para>
/// <para>Deletes files whose names this library makes, and no others. Safe for concurrent calls.</para>
/// </remarks>
internal sealed class CheckpointCleaner : IAsyncDisposable
{
    /// <summary>Files deleted at a time.</summary>
    internal const int Parallelism = 4;

    /// <summary>Tries of one removal, over about half a minute.</summary>
    internal const int MaxTries = 6;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);

    private readonly ICheckpointStorage _storage;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action? _onProgress;
    private readonly SerialLane _lane;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Removal, DateTimeOffset> _failed = new();
    private int _waiting;

    internal CheckpointCleaner(
        ICheckpointStorage storage, WorkScheduler scheduler, TimeProvider time, ILogger logger,
        Action<Exception> onUnexpected, Action? onProgress = null)
    {
        _onProgress = onProgress;
        (_storage, _time, _logger) = (storage, time, logger);
        _lane = new(scheduler, onUnexpected);
        _timer = time.CreateTimer(
            _ => TakeUpFailed(onlyDue: true), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Files that are scheduled and not gone yet.</summary>
    internal int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether nothing is being deleted. What failed and waits for its next try does not count.</summary>
    internal bool IsIdle => _lane.IsIdle;

    /// <summary>Deletes these files behind the caller.</summary>
    internal void Schedule(IReadOnlyList<string> paths)
    {
        var removal = Prepare(paths);
        _lane.Add(() => RemoveAsync(removal));
    }

    /// <summary>Deletes these files now, but does not wait for what fails.</summary>
    internal Task DeleteAsync(IReadOnlyList<string> paths) => RemoveAsync(Prepare(paths));

    /// <summary>Completes when nothing is being deleted.</summary>
    internal Task WhenIdleAsync() => _lane.WhenIdleAsync();

    /// <summary>Tries what failed once more, now; what fails again is left to a sweep.</summary>
    internal async Task FinishAsync()
    {
        TakeUpFailed(onlyDue: false);
        await WhenIdleAsync().ConfigureAwait(false);
        lock (_gate)
        {
            while (_failed.TryDequeue(out var removal, out _))
            {
                GiveUp(removal);
            }
        }
    }

    /// <summary>Stops trying.</summary>
    public async ValueTask DisposeAsync() => await _timer.DisposeAsync().ConfigureAwait(false);

    private Removal Prepare(IReadOnlyList<string> paths)
    {
        var ours = paths.Where(IsOurs).ToList();
        Interlocked.Add(ref _waiting, ours.Count);
        return new(
            [.. ours.Where(IsMetadata)], [.. ours.Where(static path => !IsMetadata(path))], Tries: 0, Cause: null);
    }

    private static bool IsMetadata(string path) => StoragePath.NameOf(path) == CheckpointLayout.MetadataName;

    private static bool IsOurs(string path) =>
        IsMetadata(path) || CheckpointLayout.TryGetEpoch(path, out _) || CheckpointPins.IsPin(path);

    private async Task RemoveAsync(Removal removal)
    {
        var (first, firstCause) = await DeleteAllAsync(removal.First).ConfigureAwait(false);
        var (then, thenCause) = first.Count > 0
            ? (removal.Then, null)
            : await DeleteAllAsync(removal.Then).ConfigureAwait(false);
        if ((firstCause ?? thenCause) is { } cause)
        {
            TryLater(new(first, then, removal.Tries + 1, cause));
        }

        _onProgress?.Invoke();
    }

    /// <returns>What is still there, and why the first of it is.</returns>
    private async Task<(IReadOnlyList<string> Left, CheckpointingException? Cause)> DeleteAllAsync(
        IReadOnlyList<string> paths)
    {
        var left = new List<string>();
        CheckpointingException? cause = null;
        var next = -1;

        async Task DeleteInTurnAsync()
        {
            while (Interlocked.Increment(ref next) is var i && i < paths.Count)
            {
                try
                {
                    await _storage.DeleteAsync(paths[i], CancellationToken.None).ConfigureAwait(false);
                    Interlocked.Decrement(ref _waiting);
                }
                catch (CheckpointingException e)
                {
                    lock (left)
                    {
                        left.Add(paths[i]);
                        cause ??= e;
                    }
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Math.Min(Parallelism, paths.Count)).Select(_ => DeleteInTurnAsync()))
            .ConfigureAwait(false);
        return (left, cause);
    }

    private void TryLater(Removal removal)
    {
        lock (_gate)
        {
            if (removal.Tries >= MaxTries || removal.Cause is { IsTransient: false })
            {
                GiveUp(removal);
                return;
            }

            _failed.Enqueue(removal, _time.GetUtcNow() + s_firstPause * (1 << (removal.Tries - 1)));
            SetTimerNeedsGate();
        }
    }

    private void TakeUpFailed(bool onlyDue)
    {
        lock (_gate)
        {
            while (_failed.TryPeek(out var removal, out var due) && (!onlyDue || due <= _time.GetUtcNow()))
            {
                _failed.Dequeue();
                _lane.Add(() => RemoveAsync(removal));
            }

            SetTimerNeedsGate();
        }
    }

    private void SetTimerNeedsGate()
    {
        var wait = _failed.TryPeek(out _, out var due) ? due - _time.GetUtcNow() : Timeout.InfiniteTimeSpan;
        _timer.Change(
            wait < TimeSpan.Zero && wait != Timeout.InfiniteTimeSpan ? TimeSpan.Zero : wait, Timeout.InfiniteTimeSpan);
    }

    private void GiveUp(Removal removal)
    {
        foreach (var path in removal.First.Concat(removal.Then))
        {
            Interlocked.Decrement(ref _waiting);
            CleanerLog.DeletionFailed(_logger, path, removal.Cause);
        }
    }

    private sealed record Removal(
        IReadOnlyList<string> First, IReadOnlyList<string> Then, int Tries, CheckpointingException? Cause);
}
