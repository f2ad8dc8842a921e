using Checkpointing.Coordination;
using Checkpointing.Hosting.Runtime;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Testing.Operators;

/// <summary>One subtask of an operator, driven by the harness.</summary>
internal sealed class HarnessSubtask<TKey, TIn, TOut> : IAsyncDisposable
    where TKey : notnull
{
    // Of 256 timers each, beyond those that were there before: half a million that have registered each other.
    private const int MaxBatches = 2_000;
    private const int TimersPerBatch = 256;

    private readonly OperatorCall<TKey> _call = new();
    private readonly OneInputKeyedLogic<TKey, TIn, TOut> _logic;
    private readonly SubtaskRuntime _runtime;
    private bool _hasFailed;

    private HarnessSubtask(
        HarnessSetup<TKey, TIn, TOut> setup, SubtaskAddress address, OperatorOutput<TKey, TOut> output)
    {
        Operator = new(setup.Factory(), _call);
        _logic = new(Operator, setup.KeySelector, setup.KeySerializer, output.NewEmitter(_call));
        _runtime = new(address, inputCount: 1, _logic, [], new());
    }

    public ObservedOperator<TKey, TIn, TOut> Operator { get; }

    public SubtaskState<TKey> State => _logic.State;

    public Timestamp Watermark => _runtime.Watermark;

    public Timestamp? NextProcessingTime => _runtime.NextProcessingTime;

    public static async Task<HarnessSubtask<TKey, TIn, TOut>> OpenAsync(
        HarnessSetup<TKey, TIn, TOut> setup, SubtaskAddress address, int parallelism, SubtaskRestore restore,
        TimeProvider time, OperatorOutput<TKey, TOut> output, CancellationToken cancellationToken)
    {
        var subtask = new HarnessSubtask<TKey, TIn, TOut>(setup, address, output);
        try
        {
            var context = new SubtaskContext
            {
                Address = address,
                Parallelism = parallelism,
                LineageId = default,
                KeyGroups = KeyGroupAssignment.RangeOf(address.Index, parallelism, setup.MaxParallelism),
                MayCommit = static () => true,
                Counters = new(),
                State = new()
                {
                    Job = address.Job,
                    Operator = address.Operator,
                    SubtaskIndex = address.Index,
                    Range = KeyGroupRange.Empty,
                    MaxParallelism = setup.MaxParallelism,
                    States = [],
                    Restore = restore,
                    Backend = setup.Backend,
                    Storage = setup.Storage,
                    Ids = setup.Ids,
                    Time = time,
                    Logger = NullLogger.Instance,
                    Observer = subtask._call.Values,
                },
            };
            await subtask._logic.OpenAsync(context, cancellationToken).ConfigureAwait(false);
            return subtask;
        }
        catch
        {
            await subtask._logic.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Handle(StreamElement element) => Run(() => _runtime.Handle(0, element));

    public void AdvanceProcessingTime(Timestamp now) => Run(() => _runtime.AdvanceProcessingTime(now));

    /// <summary>Takes the snapshot that a barrier has asked for.</summary>
    /// <exception cref="CheckpointingException">The snapshot failed.</exception>
    public async Task<SubtaskSnapshot> SnapshotAsync(SnapshotRequest request, CancellationToken cancellationToken)
    {
        Handle(new BarrierElement(request));
        var outbox = _runtime.Outbox;
        if (outbox.Declines is [var (_, cause), ..])
        {
            outbox.Declines.Clear();
            throw cause;
        }

        var plan = outbox.Snapshots[0];
        outbox.Snapshots.Clear();
        await using (plan.ConfigureAwait(false))
        {
            return await plan.WriteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void NotifyCompleted(CheckpointId checkpoint) => _runtime.NotifyCompleted(checkpoint);

    public void NotifyAborted(CheckpointId checkpoint) => _runtime.NotifyAborted(checkpoint);

    /// <exception cref="ConformanceException">The operator did what it must not do.</exception>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _logic.DisposeAsync().ConfigureAwait(false);
            _call.ThrowIfBreached();
        }
        catch (Exception) when (_hasFailed)
        {
            // Somebody is on the way out with the first failure.
        }
    }

    private void Run(Action action)
    {
        try
        {
            action();
            FireAll();
            _call.ThrowIfBreached();
        }
        catch
        {
            _hasFailed = true;
            throw;
        }
    }

    private void FireAll()
    {
        if (!_runtime.HasMore)
        {
            return;
        }

        var maxBatches = MaxBatches + (State.Timers.Count / TimersPerBatch);
        for (var batch = 0; _runtime.HasMore; batch++)
        {
            if (batch == maxBatches)
            {
                throw new ConformanceException(
                    "The operator's timers go on for ever: each one that fires registers another that is due already.");
            }

            _runtime.Continue();
        }
    }
}
