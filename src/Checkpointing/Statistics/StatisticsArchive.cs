using Checkpointing.Diagnostics;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Statistics;

/// <summary>Keeps statistics beyond their process: writes them in segments behind everything else, and reads back what
/// earlier processes left.</summary>
/// <remarks>
/// <para>A segment holds the checkpoints that ended since the one before it, and the totals. When there are
/// <see cref="MaxSegments"/>, the next one is whole: it holds all that is known, and those before it are deleted once
/// it is durable. So every prefix of these steps leaves statistics that can be read.</para>
/// <para>Nothing waits for it, and no failure leaves it: it is logged, and tried again with the next segment. After
/// <see cref="Stop"/> nothing is written or deleted. Segments carry epoch and number in their names, so that what a
/// fenced coordinator still writes comes before its successor's.</para>
/// <para>Adding is safe from any thread; all else runs on one lane.</para>
/// </remarks>
internal sealed class StatisticsArchive : IAsyncDisposable
{
    /// <summary>Segments beside each other, before one takes the place of all.</summary>
    internal const int MaxSegments = 16;

    /// <summary>Ended checkpoints that are not written yet, before a segment is written at once.</summary>
    internal const int MaxWaiting = 64;

    /// <summary>Tries to read what the storage does not give, before it is left out.</summary>
    private const int MaxLoads = 5;

    /// <summary>The longest that something waits to be written.</summary>
    internal static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(10);

    private readonly ICheckpointStorage _storage;
    private readonly StatisticsTracker _tracker;
    private readonly JobId _job;
    private readonly IdSource _ids;
    private readonly ILogger _logger;
    private readonly Action<CheckpointStatistics> _onLoaded;
    private readonly Action<IReadOnlyList<string>> _delete;
    private readonly SerialLane _lane;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly List<CheckpointReport> _waiting = [];
    private volatile bool _isStopped;
    private bool _isDue;

    // Of the lane alone.
    private List<string> _segments = [];
    private long _epoch;
    private int _next;
    private int _loads;
    private bool _isLoaded;
    private bool _needsWhole;
    private bool _isFailing;

    /// <param name="storage">Borrowed.</param>
    /// <param name="tracker">Whose statistics they are.</param>
    /// <param name="job">The job.</param>
    /// <param name="ids">Source of names.</param>
    /// <param name="time">When segments are due.</param>
    /// <param name="scheduler">Where the lane runs.</param>
    /// <param name="logger">Log.</param>
    /// <param name="onLoaded">Told once what earlier processes left.</param>
    /// <param name="delete">Deletes files behind the caller.</param>
    internal StatisticsArchive(
        ICheckpointStorage storage, StatisticsTracker tracker, JobId job, IdSource ids, TimeProvider time,
        WorkScheduler scheduler, ILogger logger, Action<CheckpointStatistics> onLoaded,
        Action<IReadOnlyList<string>> delete)
    {
        (_storage, _tracker, _job, _ids, _logger) = (storage, tracker, job, ids, logger);
        (_onLoaded, _delete) = (onLoaded, delete);
        _lane = new(scheduler, OnFailed);
        _timer = time.CreateTimer(
            _ => ScheduleFlush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The epoch was taken: reads what is there, behind the caller.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="files">What lay in the job's folder.</param>
    internal void Begin(long epoch, IEnumerable<string> files)
    {
        var folder = CheckpointLayout.StatisticsFolder(_job);
        var found = StoredStatistics.Sort(files.Where(path => StoragePath.IsBelow(path, folder)));
        _lane.Add(() =>
        {
            (_epoch, _segments) = (epoch, [.. found]);
            return LoadAsync();
        });
    }

    /// <summary>A checkpoint ended.</summary>
    internal void Add(CheckpointReport ended)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            _waiting.Add(ended);
            SetDueNeedsGate();
            if (_waiting.Count % MaxWaiting == 0)
            {
                _lane.Add(FlushAsync);
            }
        }
    }

    /// <summary>Something else was counted.</summary>
    internal void AddCount()
    {
        lock (_gate)
        {
            SetDueNeedsGate();
        }
    }

    /// <summary>Completes when nothing is being read or written.</summary>
    internal Task WhenIdleAsync() => _lane.WhenIdleAsync();

    /// <summary>Writes what is not written yet; when it returns that is tried.</summary>
    internal Task FinishAsync()
    {
        ScheduleFlush();
        return _lane.WhenIdleAsync();
    }

    /// <summary>Deletes all of it: the job keeps nothing else either.</summary>
    internal Task RemoveAsync()
    {
        _lane.Add(() =>
        {
            if (!_isStopped && _segments.Count > 0)
            {
                _delete([.. _segments]);
                _segments.Clear();
            }

            Stop();
            return Task.CompletedTask;
        });
        return _lane.WhenIdleAsync();
    }

    /// <summary>Deletes the statistics of a job whose checkpoints this one has taken over, behind the caller.</summary>
    internal void RemoveOf(JobId claimed) => _lane.Add(async () =>
    {
        var found = new List<string>();
        await foreach (var file in _storage
            .ListAsync(CheckpointLayout.StatisticsFolder(claimed), CancellationToken.None).ConfigureAwait(false))
        {
            found.Add(file.Path);
        }

        _delete(found);
    });

    /// <summary>Nothing of this job is written or deleted from here on.</summary>
    internal void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
            _waiting.Clear();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _timer.DisposeAsync().ConfigureAwait(false);

    private void SetDueNeedsGate()
    {
        if (!_isDue && !_isStopped)
        {
            _isDue = true;
            _timer.Change(MaxDelay, Timeout.InfiniteTimeSpan);
        }
    }

    private void ScheduleFlush() => _lane.Add(FlushAsync);

    private async Task LoadAsync()
    {
        if (_isLoaded || _isStopped)
        {
            return;
        }

        var found = await StoredStatistics.ReadAsync(_storage, _job, _segments, CancellationToken.None)
            .ConfigureAwait(false);
        if (found.Unavailable is not null && ++_loads < MaxLoads)
        {
            OnFailed(found.Unavailable);
            return;
        }

        if (found.FirstUnreadable is { } first)
        {
            _logger.StatisticsUnreadable(_job, found.UnreadableCount, first.Path, first.Cause);
        }

        _needsWhole = found.SupersededCount > 0;
        _onLoaded(found.ToStatistics(_job, StoredStatistics.MaxHistory));
        _isLoaded = true;
    }

    private async Task FlushAsync()
    {
        List<CheckpointReport> reports;
        lock (_gate)
        {
            if (_isStopped || !_isDue)
            {
                return;
            }

            _isDue = false;
            reports = [.. _waiting];
            _waiting.Clear();
        }

        try
        {
            // What cannot be read yet would be missing from the totals, and from whoever reads this later.
            await LoadAsync().ConfigureAwait(false);
            if (_isLoaded)
            {
                await WriteAsync(reports).ConfigureAwait(false);
                _isFailing = false;
            }
            else
            {
                TakeBack(reports);
            }
        }
        catch (CheckpointingException e)
        {
            TakeBack(reports);
            OnFailed(e);
        }
    }

    private async Task WriteAsync(IReadOnlyList<CheckpointReport> reports)
    {
        var statistics = _tracker.Snapshot;
        var isWhole = _needsWhole || _segments.Count >= MaxSegments;
        var bytes = StatisticsSegmentWriter.Write(new()
        {
            Job = _job,
            Epoch = _epoch,
            IsWhole = isWhole,
            Counts = statistics.Counts,
            Reports = isWhole ? statistics.History : reports,
            LatestCompleted = statistics.LatestCompleted,
            LatestSavepoint = statistics.LatestSavepoint,
            LatestFailed = statistics.LatestFailed,
            LatestRestored = statistics.LatestRestored,
        });
        var path = StoragePath.Combine(
            CheckpointLayout.StatisticsFolder(_job), CheckpointLayout.FileName(_epoch, _next++, _ids.NewGuid()));
        await _storage.WriteAllAsync(path, bytes, CancellationToken.None).ConfigureAwait(false);
        if (isWhole)
        {
            // All of it is in the new one, which is durable.
            _delete([.. _segments]);
            _segments.Clear();
            _needsWhole = false;
        }

        _segments.Add(path);
    }

    // A write that failed may have happened: a report that is stored twice is read once.
    private void TakeBack(List<CheckpointReport> reports)
    {
        lock (_gate)
        {
            _waiting.InsertRange(0, reports);
            var tooMany = _waiting.Count - 1_000;
            if (tooMany > 0)
            {
                _waiting.RemoveRange(0, tooMany);
            }

            SetDueNeedsGate();
        }
    }

    private void OnFailed(Exception cause)
    {
        if (!_isFailing)
        {
            _isFailing = true;
            _logger.StatisticsNotStored(_job, cause);
        }
    }
}
