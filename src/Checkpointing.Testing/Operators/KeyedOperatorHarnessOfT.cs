using Checkpointing.Coordination;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Testing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>All subtasks of one keyed operator under a test's control. Open it with
/// <see cref="KeyedOperatorHarness"/>.</summary>
/// <remarks>One caller at a time. After an exception that the operator threw the harness can only be disposed, as the
/// subtask of a host would be. Disposing disposes the operators, and drops their state.</remarks>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TIn">Type of the records that go in.</typeparam>
/// <typeparam name="TOut">Type of the records that come out.</typeparam>
public sealed partial class KeyedOperatorHarness<TKey, TIn, TOut> : IAsyncDisposable
    where TKey : notnull
{
    private readonly HarnessSetup<TKey, TIn, TOut> _setup;
    private readonly KeyPartitioner<TKey, TIn> _partitioner;
    private readonly TestClock _clock;
    private readonly OperatorOutput<TKey, TOut> _output = new();
    private readonly int _attempt;
    private HarnessSubtask<TKey, TIn, TOut>[] _subtasks = [];
    private bool _isDisposed;

    private KeyedOperatorHarness(HarnessSetup<TKey, TIn, TOut> setup, int parallelism, TestClock clock)
    {
        (_setup, _clock, _attempt, Parallelism) = (setup, clock, setup.NewAttempt(), parallelism);
        _partitioner = new(setup.KeySelector, setup.KeySerializer, parallelism, setup.MaxParallelism);
    }

    /// <summary>Number of subtasks.</summary>
    public int Parallelism { get; }

    /// <summary>The clock that operator and state see. It stands still until <see cref="AdvanceProcessingTime"/>; a
    /// harness that is restored goes on with it.</summary>
    /// <remarks>Virtual is its UTC time. Timers and time stamps of it are the system's: a backend may wait by them for
    /// work of its own.</remarks>
    public TimeProvider Time => _clock;

    /// <summary>Event time; <see cref="Timestamp.MinValue"/> before the first watermark. A restored one goes on where
    /// it was, unless the operator uses no timers.</summary>
    public Timestamp Watermark => _subtasks[0].Watermark;

    /// <summary>Records of the main output since the harness was opened or restored, or since
    /// <see cref="ClearOutput"/>, in the order in which they were emitted.</summary>
    public IReadOnlyList<EmittedRecord<TOut>> Output => _output.Main;

    /// <summary>Records of a side output, like <see cref="Output"/>.</summary>
    public IReadOnlyList<EmittedRecord<T>> SideOutput<T>(OutputTag<T> tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        return _output.Side(tag);
    }

    /// <summary>Records of all outputs.</summary>
    internal IReadOnlyList<Emission<TKey>> Emissions => _output.All;

    /// <summary>Handles a record without event time.</summary>
    /// <param name="record">The record.</param>
    /// <exception cref="ConformanceException">The operator did what it must not do; the message says what.</exception>
    public void Process(TIn record) => Process(record, Timestamp.MinValue);

    /// <summary>Handles a record, in the subtask that owns its key.</summary>
    /// <param name="record">The record.</param>
    /// <param name="timestamp">Its event time. At or before <see cref="Watermark"/> it is late, which is the operator's
    /// matter.</param>
    /// <exception cref="ConformanceException">The operator did what it must not do; the message says what.</exception>
    public void Process(TIn record, Timestamp timestamp)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var batch = new RecordBatch<TIn>(1);
        batch.Add(record, timestamp);
        _subtasks[_partitioner.Select(record)].Handle(batch);
    }

    /// <summary>Moves event time at all subtasks, which fires timers of event time.</summary>
    /// <param name="timestamp">The watermark; one at or before <see cref="Watermark"/> changes nothing.
    /// <see cref="Timestamp.MaxValue"/> is the end of the input.</param>
    /// <exception cref="ConformanceException">The operator did what it must not do; the message says what.</exception>
    public void AdvanceWatermark(Timestamp timestamp)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var element = new WatermarkElement(timestamp);
        foreach (var subtask in InAnyOrder())
        {
            subtask.Handle(element);
        }
    }

    /// <summary>Moves the clock, which fires timers of processing time: each at its own time, those that are registered
    /// on the way among them.</summary>
    /// <param name="by">How far; not negative; whole milliseconds.</param>
    /// <exception cref="ConformanceException">The operator did what it must not do; the message says what.</exception>
    public void AdvanceProcessingTime(TimeSpan by)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var target = _clock.Milliseconds + (long)by.TotalMilliseconds;
        while (_subtasks.Min(static subtask => subtask.NextProcessingTime) is { } due && due.Milliseconds <= target)
        {
            _clock.Milliseconds = Math.Max(_clock.Milliseconds, due.Milliseconds);
            foreach (var subtask in InAnyOrder())
            {
                subtask.AdvanceProcessingTime(new(_clock.Milliseconds));
            }
        }

        _clock.Milliseconds = target;
    }

    /// <summary>Forgets the records of all outputs so far.</summary>
    public void ClearOutput() => _output.Clear();

    /// <summary>Takes a checkpoint of all subtasks, and tells them that it is complete.</summary>
    /// <param name="cancellationToken">Ends it; the harness can go on.</param>
    /// <exception cref="CheckpointingException">A snapshot failed.</exception>
    public Task<KeyedOperatorCheckpoint> CheckpointAsync(CancellationToken cancellationToken = default) =>
        CheckpointAsync(isCompleted: true, cancellationToken);

    internal async Task<KeyedOperatorCheckpoint> CheckpointAsync(bool isCompleted, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var id = _setup.NewCheckpointId();
        var request = new SnapshotRequest
        {
            CheckpointId = id,
            Kind = CheckpointKind.Checkpoint,
            Base = null,
            Job = HarnessSetup<TKey, TIn, TOut>.Name,
            Epoch = 1,
            Attempt = _attempt,
            ExclusiveFolder = $"{HarnessSetup<TKey, TIn, TOut>.Name}/chk-{id}",
        };
        List<SubtaskSnapshot> snapshots = [];
        foreach (var subtask in _subtasks)
        {
            snapshots.Add(await subtask.SnapshotAsync(request, cancellationToken).ConfigureAwait(false));
        }

        foreach (var subtask in _subtasks)
        {
            if (isCompleted)
            {
                subtask.NotifyCompleted(id);
            }
            else
            {
                subtask.NotifyAborted(id);
            }
        }

        return new(id, Watermark, _clock.Milliseconds, _setup, snapshots);
    }

    /// <summary>Opens the operator anew from a checkpoint, as after a crash: with new instances, whose output begins
    /// empty. This harness stays as it is.</summary>
    /// <param name="checkpoint">Of this harness, or of one that it was restored from or was restored from it.</param>
    /// <param name="parallelism">Number of subtasks, 1 to the number of key groups.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="ArgumentException">The checkpoint is of another harness.</exception>
    public Task<KeyedOperatorHarness<TKey, TIn, TOut>> RestoreAsync(
        KeyedOperatorCheckpoint checkpoint, int parallelism, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parallelism, _setup.MaxParallelism);
        return ReferenceEquals(checkpoint.Owner, _setup)
            ? OpenAsync(_setup, checkpoint, parallelism, _clock, cancellationToken)
            : throw new ArgumentException(
                "The checkpoint is of another harness, which has its files.", nameof(checkpoint));
    }

    /// <inheritdoc/>
    /// <exception cref="ConformanceException">The operator emitted a record while it was disposed.</exception>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Exception? failure = null;
        foreach (var subtask in _subtasks)
        {
            try
            {
                await subtask.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // All are disposed; the first failure counts.
                failure ??= e;
            }
        }

        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    internal static async Task<KeyedOperatorHarness<TKey, TIn, TOut>> OpenAsync(
        HarnessSetup<TKey, TIn, TOut> setup, KeyedOperatorCheckpoint? checkpoint, int parallelism, TestClock clock,
        CancellationToken cancellationToken)
    {
        var harness = new KeyedOperatorHarness<TKey, TIn, TOut>(setup, parallelism, clock);
        try
        {
            var operatorState = OperatorStateAssignment.Assign(
                [.. checkpoint?.Snapshots.Select(static snapshot => snapshot.Operator) ?? []], parallelism);
            for (var i = 0; i < parallelism; i++)
            {
                var subtask = await harness.OpenSubtaskAsync(i, checkpoint, operatorState[i], cancellationToken)
                    .ConfigureAwait(false);
                harness._subtasks = [.. harness._subtasks, subtask];
            }

            return harness;
        }
        catch
        {
            await harness.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private Task<HarnessSubtask<TKey, TIn, TOut>> OpenSubtaskAsync(
        int index, KeyedOperatorCheckpoint? checkpoint, IReadOnlyList<OperatorStateHandle> operatorState,
        CancellationToken cancellationToken)
    {
        const string Name = HarnessSetup<TKey, TIn, TOut>.Name;
        var range = KeyGroupAssignment.RangeOf(index, Parallelism, _setup.MaxParallelism);
        var restore = checkpoint is null ? SubtaskRestore.None : new SubtaskRestore(
            checkpoint.Id, IsForeign: false,
            [
                .. checkpoint.Snapshots.Select(static snapshot => snapshot.Keyed).OfType<KeyedStateHandle>()
                    .Where(handle => handle.KeyGroups.Overlaps(range)),
            ],
            operatorState);
        return HarnessSubtask<TKey, TIn, TOut>.OpenAsync(
            _setup, new(Name, 1, _attempt, Name, index), Parallelism, restore, _clock, _output, cancellationToken);
    }

    // Subtasks run beside each other: no one may rely on their order.
    private HarnessSubtask<TKey, TIn, TOut>[] InAnyOrder()
    {
        if (_subtasks.Length == 1)
        {
            return _subtasks;
        }

        HarnessSubtask<TKey, TIn, TOut>[] order = [.. _subtasks];
        _setup.Random.Shuffle(order);
        return order;
    }
}
