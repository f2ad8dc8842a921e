using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.State;
using Checkpointing.Statistics;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Embedded;

/// <summary>State, checkpoints and automatic resume for one process with a loop of its own.</summary>
/// <remarks>
/// <para>Open it, open its task (which takes up the newest completed checkpoint), work, and call
/// <see cref="BeginCheckpoint"/> between two elements. A second process that opens the same job fences this one: its
/// next
/// checkpoint fails with <see cref="CoordinatorFencedException"/>.</para>
/// <para>Not safe for concurrent calls: the loop owns it. Dispose the task first, then this.</para>
/// </remarks>
public sealed class EmbeddedCheckpoints : IAsyncDisposable
{
    private readonly ICheckpointStorage _storage;
    private readonly JobId _job;
    private readonly EmbeddedOptions _options;
    private readonly ICheckpointRegister _register;
    private readonly Gateway _gateway = new();
    private CheckpointCoordinator? _coordinator;
    private EmbeddedCheckpoint? _last;
    private bool _isDisposed;

    private EmbeddedCheckpoints(ICheckpointStorage storage, JobId job, EmbeddedOptions options)
    {
        (_storage, _job, _options) = (storage, job, options);
        _register = options.Register ?? new StorageCheckpointRegister(storage);
    }

    /// <summary>The newest completed checkpoint of the job; null before there is one.</summary>
    public CompletedCheckpoint? LatestCompleted => _coordinator?.LatestCompleted;

    /// <summary>What the job's checkpoints have been like; empty before the task is open. Safe from any
    /// thread.</summary>
    public CheckpointStatistics Statistics => _coordinator?.Statistics ?? new(_job);

    /// <summary>Files of retained checkpoints that a scrub found damaged; empty without
    /// <see cref="EmbeddedOptions.ScrubBytesPerSecond"/>.</summary>
    public IReadOnlyList<ScrubProblem> DamagedFiles => _coordinator?.DamagedFiles ?? [];

    /// <summary>Opens the checkpoints of a job.</summary>
    /// <param name="storage">Where they are. Borrowed.</param>
    /// <param name="job">Name of the job: one name is one state.</param>
    /// <param name="cancellationToken">Observed before anything is returned.</param>
    /// <exception cref="CheckpointStorageUnavailableException">The storage does not answer.</exception>
    public static Task<EmbeddedCheckpoints> OpenAsync(
        ICheckpointStorage storage, string job, CancellationToken cancellationToken = default) =>
        OpenAsync(storage, job, new EmbeddedOptions(), cancellationToken);

    /// <inheritdoc cref="OpenAsync(ICheckpointStorage, string, CancellationToken)"/>
    /// <param name="storage">Where they are. Borrowed.</param>
    /// <param name="job">Name of the job: one name is one state.</param>
    /// <param name="options">Settings and components.</param>
    /// <param name="cancellationToken">Observed before anything is returned.</param>
    public static async Task<EmbeddedCheckpoints> OpenAsync(
        ICheckpointStorage storage, string job, EmbeddedOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(options);
        var opened = new EmbeddedCheckpoints(storage, new(job), options);

        // A wrong place shows here, not at the first checkpoint.
        await opened._register.ReadAsync(opened._job, cancellationToken).ConfigureAwait(false);
        return opened;
    }

    /// <summary>Takes the job over from any older process, and opens its task with the newest completed checkpoint, if
    /// there is one.</summary>
    /// <exception cref="StateMigrationException">Stored and declared states do not fit; nothing was
    /// changed.</exception>
    /// <exception cref="InvalidOperationException">The task is open already: an embedded job has one.</exception>
    public async Task<EmbeddedTaskState<TKey>> OpenTaskAsync<TKey>(
        EmbeddedTask<TKey> task, CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(task);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_coordinator is not null)
        {
            throw new InvalidOperationException($"Job '{_job}' has its task open already; an embedded job has one.");
        }

        var maxParallelism = task.MaxParallelism ?? (task.KeyGroups.Last + 1);
        var coordinator = Build(task.Name, maxParallelism);
        try
        {
            var restored = await coordinator.RecoverAsync(task.AllowNonRestoredState, cancellationToken)
                .ConfigureAwait(false);
            var state = await SubtaskState.OpenAsync(
                MakeContext(task, maxParallelism, restored?.StateOf(coordinator.Subtasks[0]) ?? SubtaskRestore.None),
                task.KeySerializer ?? StateSerializer.BuiltIn<TKey>() ?? throw new ArgumentException(
                    $"There is no built-in serializer for keys of type {typeof(TKey)}; give one.", nameof(task)),
                cancellationToken).ConfigureAwait(false);
            var opened = new EmbeddedTaskState<TKey>(state, restored);
            _gateway.Task = opened;
            _coordinator = coordinator;
            coordinator.Start();
            return opened;
        }
        catch
        {
            await coordinator.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The synchronous part of a checkpoint. The loop may go on at once; the rest runs beside it.</summary>
    /// <exception cref="CheckpointDeclinedException">The last one is still being written (wait for it), or an earlier
    /// one
    /// failed and nobody waited for it: that failure comes here.</exception>
    /// <exception cref="CoordinatorFencedException">Another process has taken over.</exception>
    /// <exception cref="InvalidOperationException">No task is open, or a key scope is.</exception>
    public EmbeddedCheckpoint BeginCheckpoint()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_coordinator is not { } coordinator || _gateway.Task is not { } task)
        {
            throw new InvalidOperationException("Open the task first.");
        }

        if (_last?.TakeUnobservedFailure() is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        if (_last is { IsEnded: false })
        {
            throw new CheckpointDeclinedException(
                null, CheckpointFailureReason.TooManyConcurrentCheckpoints,
                $"checkpoint {_last.CheckpointId} is still being written; wait for it");
        }

        var (messages, completion) = coordinator.TriggerDirectly(CheckpointRequest.Checkpoint);
        if (messages is not [var trigger])
        {
            ThrowNotBegun(coordinator, completion);
            return null!;
        }

        ISnapshotPlan plan;
        try
        {
            plan = task.PrepareSnapshot(trigger.Request);
        }
        catch (Exception e)
        {
            DeclineNow(coordinator, trigger, e);
            throw;
        }

        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        task.SetWriting(written.Task);
        WorkScheduler.ThreadPool.Schedule(() => WriteAsync(coordinator, trigger, plan, written));
        _last = new(trigger.CheckpointId, completion);
        return _last;
    }

    /// <summary>Stops and waits. Completed checkpoints stay.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            if (_coordinator is not null)
            {
                await _coordinator.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task WriteAsync(
        CheckpointCoordinator coordinator, TriggerCheckpoint trigger, ISnapshotPlan plan, TaskCompletionSource written)
    {
#pragma warning disable CA1031 // Whatever goes wrong declines the checkpoint and reaches the one who waits for it.
        try
        {
            await using (plan.ConfigureAwait(false))
            {
                var snapshot = await plan.WriteAsync(CancellationToken.None).ConfigureAwait(false);
                await coordinator.AcknowledgeAsync(
                    new(trigger.Target, trigger.CheckpointId, snapshot), CancellationToken.None)
                    .ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            DeclineNow(coordinator, trigger, e);
        }
        finally
        {
            written.SetResult();
        }
#pragma warning restore CA1031
    }

    private static void DeclineNow(CheckpointCoordinator coordinator, TriggerCheckpoint trigger, Exception e)
    {
        var cause = e as CheckpointingException
            ?? new CheckpointDeclinedException(
                trigger.CheckpointId, CheckpointFailureReason.TaskDeclined, e.Message, e);
        _ = coordinator.DeclineAsync(new(trigger.Target, trigger.CheckpointId, cause), CancellationToken.None).AsTask();
    }

    private static void ThrowNotBegun(CheckpointCoordinator coordinator, Task<CompletedCheckpoint> completion)
    {
        var cause = coordinator.Failure.Exception?.InnerException ?? completion.Exception?.InnerException;
        if (cause is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }

        throw new CheckpointDeclinedException(
            null, CheckpointFailureReason.IdReservationFailed, "no checkpoint id is free now; try again");
    }

    private CheckpointCoordinator Build(string operatorName, int maxParallelism)
    {
        var builder = new CheckpointCoordinatorBuilder(_storage)
            .WithJob(new JobTopology(_job, maxParallelism) { { operatorName, 1 } })
            .WithTaskGateway(_gateway)
            .WithRegister(_register)
            .WithOptions(new()
            {
                MaxRetainedCheckpoints = _options.MaxRetainedCheckpoints,
                Timeout = _options.Timeout,
                ScrubBytesPerSecond = _options.ScrubBytesPerSecond,
                UnreadableCheckpoints = _options.UnreadableCheckpoints,
                MaxStatisticsEntries = _options.MaxStatisticsEntries,
                StoresStatistics = _options.StoresStatistics,
            })
            .WithLoggerFactory(_options.LoggerFactory)
            .WithTimeProvider(_options.TimeProvider)
            .WithIdSource(_options.Ids);
        return (_options.Meter is { } meter ? builder.WithMeter(meter) : builder).Build();
    }

    private SubtaskStateContext MakeContext<TKey>(EmbeddedTask<TKey> task, int maxParallelism, SubtaskRestore restore)
        where TKey : notnull => new()
        {
            Job = _job,
            Operator = task.Name,
            SubtaskIndex = 0,
            Range = task.KeyGroups,
            MaxParallelism = maxParallelism,
            States = task.States,
            Restore = restore,
            AllowNonRestoredState = task.AllowNonRestoredState,
            Backend = task.Backend,
            Storage = _storage,
            Ids = _options.Ids,
            Time = _options.TimeProvider,
            Logger = _options.LoggerFactory.CreateLogger<EmbeddedCheckpoints>(),
        };

    // Triggers go to the loop directly; only notices come this way.
    private sealed class Gateway : ITaskGateway
    {
        public IEmbeddedTask? Task { get; set; }

        public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken)
        {
            Task?.Notify(message);
            return ValueTask.CompletedTask;
        }

        public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken)
        {
            Task?.Notify(message);
            return ValueTask.CompletedTask;
        }
    }
}
