namespace Checkpointing.Hosting.Execution;

/// <summary>Adds up what subtasks read and store, and tells the user of it, not more often than wanted.</summary>
/// <remarks>Safe for concurrent calls. What the user's object throws is the user's: it ends the report, not the
/// job.</remarks>
internal sealed class ProgressReporter(IProgress<JobProgress> progress, TimeSpan interval, TimeProvider time)
{
    // Of checkpoints whose end nobody reported, such as one that was aborted before a subtask began to store.
    private const int MaxCheckpoints = 64;

    // Whatever a subtask does while it writes a snapshot belongs to that checkpoint, on whatever thread.
    private readonly AsyncLocal<Work?> _current = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<CheckpointId, Work> _checkpoints = [];
    private Work _restore = new(null, 0);
    private int _participants;
    private long? _lastReport;

    /// <summary>Subtasks begin to open.</summary>
    public void BeginRestore(CheckpointId? checkpoint, int subtaskCount)
    {
        lock (_lock)
        {
            _checkpoints.Clear();
            _restore = new(checkpoint, subtaskCount);
            _participants = subtaskCount;
        }

        _current.Value = _restore;
        Report(_restore, JobPhase.Restoring, isMilestone: true);
    }

    /// <summary>A subtask is open.</summary>
    public void SubtaskOpened()
    {
        _restore.AddSubtask();
        Report(_restore, JobPhase.Restoring, isMilestone: false);
    }

    /// <summary>All are.</summary>
    public void EndRestore() => Report(_restore, JobPhase.Restored, isMilestone: true);

    /// <summary>So many take part in no further checkpoint.</summary>
    public void SubtasksFinished(int count)
    {
        lock (_lock)
        {
            _participants -= count;
        }
    }

    /// <summary>A subtask begins to store; what the caller does from here on belongs to it.</summary>
    public void BeginWrite(CheckpointId checkpoint)
    {
        bool isFirst;
        Work work;
        lock (_lock)
        {
            isFirst = !_checkpoints.TryGetValue(checkpoint, out work!);
            if (isFirst)
            {
                _checkpoints.Add(checkpoint, work = new(checkpoint, _participants));
                if (_checkpoints.Count > MaxCheckpoints)
                {
                    _checkpoints.Remove(_checkpoints.Keys.Min());
                }
            }
        }

        _current.Value = work;
        Report(work, JobPhase.Writing, isFirst);
    }

    /// <summary>A subtask has stored all.</summary>
    public void SubtaskWritten(CheckpointId checkpoint)
    {
        if (Find(checkpoint, ends: false) is { } work)
        {
            var isLast = work.AddSubtask() == work.SubtaskCount;
            Report(work, isLast ? JobPhase.Publishing : JobPhase.Writing, isLast);
        }
    }

    /// <summary>A checkpoint has ended.</summary>
    public void End(CheckpointId checkpoint, JobPhase phase)
    {
        if (Find(checkpoint, ends: true) is { } work)
        {
            Report(work, phase, isMilestone: true);
        }
    }

    /// <summary>Bytes were read or stored.</summary>
    public void Add(long files, long bytes)
    {
        if (_current.Value is { } work)
        {
            work.Add(files, bytes);
            Report(work, ReferenceEquals(work, _restore) ? JobPhase.Restoring : JobPhase.Writing, isMilestone: false);
        }
    }

    private Work? Find(CheckpointId checkpoint, bool ends)
    {
        lock (_lock)
        {
            return _checkpoints.TryGetValue(checkpoint, out var work) && (!ends || _checkpoints.Remove(checkpoint))
                ? work
                : null;
        }
    }

    private void Report(Work work, JobPhase phase, bool isMilestone)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (!isMilestone && _lastReport is { } last && time.GetElapsedTime(last, now) < interval)
            {
                return;
            }

            _lastReport = now;
        }

        progress.Report(work.Describe(phase));
    }

    /// <summary>Counts of one restore or checkpoint.</summary>
    private sealed class Work(CheckpointId? checkpoint, int subtaskCount)
    {
        private long _files;
        private long _bytes;
        private int _subtasks;

        public int SubtaskCount => subtaskCount;

        public int AddSubtask() => Interlocked.Increment(ref _subtasks);

        public void Add(long files, long bytes)
        {
            Interlocked.Add(ref _files, files);
            Interlocked.Add(ref _bytes, bytes);
        }

        public JobProgress Describe(JobPhase phase) => new(
            phase, checkpoint, Volatile.Read(ref _subtasks), subtaskCount, Interlocked.Read(ref _files),
            Interlocked.Read(ref _bytes));
    }
}
