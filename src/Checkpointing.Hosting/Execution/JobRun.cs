using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting.Runtime;
using Checkpointing.State;
using Checkpointing.Statistics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Execution;

/// <summary>The life of one run of a job: attempts, one after the other, under one coordinator.</summary>
internal sealed partial class JobRun : IAsyncDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(40);

    private readonly JobEnvironment _environment;
    private readonly StartOptions _options;
    private readonly RestartStrategy _restarts;
    private readonly JobPlan _plan;
    private readonly CheckpointCoordinator _coordinator;
    private readonly JobGateway _gateway = new();
    private readonly BackgroundWork _work;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<JobResult> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<JobTermination> _stopRequest =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private bool _hasStartedOver;
    private CompletedCheckpoint? _lastCheckpoint;
    private TaskCompletionSource<JobAttempt> _running = NewRunning();
    private TaskCompletionSource<SavepointStop> _savepointStop = NewSavepointStop();
    private RestartHistory _restartHistory = RestartHistory.Empty;
    private CompletedCheckpoint? _savepoint;
    private int _restartCount;

    public JobRun(JobEnvironment environment, StreamJob job, StartOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(
            options.ProgressInterval, TimeSpan.Zero, nameof(options.ProgressInterval));
        Name = options.Name ?? job.Name;
        _options = options;
        _plan = new(job, Name, options.Parallelism, options.OperatorParallelism);
        _environment = environment with
        {
            Counters = new JobCounters(),
            AllowNonRestoredState = options.AllowNonRestoredState,
            Progress = options.Progress is { } progress
                ? new(progress, options.ProgressInterval, environment.Time)
                : null,
            IsCoordinatorAlive = () => !_coordinator!.Failure.IsCompleted,
        };
        _restarts = options.RestartStrategy ?? environment.Options.RestartStrategy;
        _logger = environment.LoggerFactory.CreateLogger("Checkpointing.Hosting");
        _work = new(_logger, environment.Time);
        _coordinator = BuildCoordinator();

        // Whoever does not look at the completion must not get an unobserved exception for it.
        Observe(_completion.Task);
    }

    public JobId Name { get; }

    public JobCounters Counters => _environment.Counters;

    public long Epoch { get; private set; }

    public string? RestoredFrom { get; private set; }

    public TimeSpan RestoreDuration { get; private set; }

    public DateTimeOffset StartedAt { get; private set; }

    public int FailuresInARow => _coordinator.FailuresInARow;

    public IReadOnlyList<ScrubProblem> DamagedFiles => _coordinator.DamagedFiles;

    public CompletedCheckpoint? LatestCheckpoint =>
        _completion.Task.IsCompleted ? _lastCheckpoint : _coordinator.LatestCompleted;

    public CheckpointStatistics Statistics => _coordinator.Statistics;

    public int RestartCount => Volatile.Read(ref _restartCount);

    public Task<JobResult> Completion => _completion.Task;

    /// <summary>How long a request waits for its beginning; timers reach no further than some weeks.</summary>
    private TimeSpan BeginsWithin =>
        _options.Checkpoints.Timeout < LongestWait ? _options.Checkpoints.Timeout : LongestWait;

    /// <summary>Opens the first attempt and lets it run; failures until then are the caller's.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var attempt = await OpenAttemptAsync(cancellationToken).ConfigureAwait(false);
            StartedAt = _environment.Time.GetUtcNow();
            BeginAttempt(attempt);
            _ = _work.Start($"job {Name}", () => SuperviseAsync(attempt));
        }
        catch
        {
            await _coordinator.DisposeAsync().ConfigureAwait(false);
            _stopping.Dispose();
            throw;
        }
    }

    public Task WaitUntilRunningAsync(CancellationToken cancellationToken) => RunningAttemptAsync(cancellationToken);

    public Task<CompletedCheckpoint> TriggerOnceAsync(
        CheckpointRequest request, CancellationToken cancellationToken) =>
        _coordinator.TriggerAsync(request, cancellationToken);

    public async Task<CompletedCheckpoint> TriggerAsync(CheckpointRequest request, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(BeginsWithin, _environment.Time);
        while (true)
        {
            await RunningAttemptAsync(deadline.Token, cancellationToken).ConfigureAwait(false);
            try
            {
                var completed = await _coordinator.TriggerAsync(request, cancellationToken).ConfigureAwait(false);
                _environment.Progress?.End(completed.Id, JobPhase.Completed);
                return completed;
            }
            catch (CheckpointDeclinedException e) when (
                e.Reason == CheckpointFailureReason.TasksNotRunning && !_running.Task.IsCompleted)
            {
                // The attempt ended between the wait and the trigger: wait for the next one.
            }
            catch (CheckpointDeclinedException e) when (e.Reason == CheckpointFailureReason.TaskFinished)
            {
                // An operator finished while it was under way. The next one does without it; there are not many.
            }
        }
    }

    /// <summary>Takes a savepoint behind which nothing follows, and ends the job. If that fails, the job goes
    /// on.</summary>
    public async Task<CompletedCheckpoint> StopWithSavepointAsync(
        CheckpointRequest request, StopMode mode, CancellationToken cancellationToken)
    {
        var stop = new SavepointStop(request, mode, new(TaskCreationOptions.RunContinuationsAsynchronously));
        Observe(stop.Reply.Task);
        if (!_completion.Task.IsCompleted && !Volatile.Read(ref _savepointStop).TrySetResult(stop))
        {
            throw new CheckpointDeclinedException(
                null, CheckpointFailureReason.JobStopping, $"job '{Name}' is being stopped with a savepoint already");
        }

        await WaitForBeginAsync(stop, cancellationToken).ConfigureAwait(false);
        await Task.WhenAny(stop.Reply.Task, _completion.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!stop.Reply.Task.IsCompleted)
        {
            throw HasEnded();
        }

        var savepoint = await stop.Reply.Task.ConfigureAwait(false);
        await _completion.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return savepoint;
    }

    public async Task WaitForAsync(Func<JobAttempt, Task> condition, CancellationToken cancellationToken)
    {
        while (!_completion.Task.IsCompleted)
        {
            var running = Volatile.Read(ref _running).Task;
            await Task.WhenAny(running, _completion.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!running.IsCompleted)
            {
                break;
            }

            var attempt = await running.ConfigureAwait(false);
            var met = condition(attempt);

            // Over, or about to be: the next attempt has to get there anew.
            await Task.WhenAny(met, attempt.Disposed, _completion.Task).WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            if (met.IsCompleted)
            {
                return;
            }
        }

        await _completion.Task.ConfigureAwait(false);
    }

    public async Task CancelAsync(CancellationToken cancellationToken)
    {
        if (!_completion.Task.IsCompleted && await RequestStopAsync(JobTermination.Cancelled).ConfigureAwait(false))
        {
            await _completion.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RequestStopAsync(JobTermination.Suspended).ConfigureAwait(false);
        await _work.WaitForAllAsync(_environment.Options.StopTimeout * 4).ConfigureAwait(false);
    }

    private static TaskCompletionSource<JobAttempt> NewRunning() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource<SavepointStop> NewSavepointStop() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <returns>False if the job was asked to stop before.</returns>
    private async Task<bool> RequestStopAsync(JobTermination termination)
    {
        if (!_stopRequest.TrySetResult(termination))
        {
            return false;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        return true;
    }

    private async Task<JobAttempt> RunningAttemptAsync(CancellationToken cancellationToken)
    {
        var running = Volatile.Read(ref _running).Task;
        await Task.WhenAny(running, _completion.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        return running.IsCompletedSuccessfully && !_completion.Task.IsCompleted
            ? await running.ConfigureAwait(false)
            : throw HasEnded();
    }

    /// <summary>Waits for a running attempt, but not for ever.</summary>
    private async Task RunningAttemptAsync(CancellationToken deadline, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline, cancellationToken);
        try
        {
            await RunningAttemptAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw NotRunningInTime();
        }
    }

    private CheckpointDeclinedException NotRunningInTime() => new(
        null, CheckpointFailureReason.TasksNotRunning,
        $"the tasks of job '{Name}' were not running within {BeginsWithin}");

    private CheckpointDeclinedException HasEnded() => new(
        null, CheckpointFailureReason.JobStopping, $"job '{Name}' has ended",
        _completion.Task.Exception?.InnerException);

    private CheckpointCoordinator BuildCoordinator()
    {
        var given = _options.Checkpoints;
        var builder = new CheckpointCoordinatorBuilder(_environment.Storage)
            .WithJob(_plan.Topology)
            .WithTaskGateway(_gateway)
            .WithOptions(new(given) { Retention = _options.Retention ?? given.Retention })
            .WithLoggerFactory(_environment.LoggerFactory)
            .WithTimeProvider(_environment.Time)
            .WithIdSource(_environment.Ids);
        builder = _environment.Meter is { } meter ? builder.WithMeter(meter) : builder;
        return (_environment.Register is { } register ? builder.WithRegister(register) : builder).Build();
    }

    private async Task<JobAttempt> OpenAttemptAsync(CancellationToken cancellationToken)
    {
        var started = _environment.Time.GetTimestamp();
        var restored = await RestoreAsync(cancellationToken).ConfigureAwait(false);
        Epoch = _coordinator.Epoch;
        _gateway.Progress = _environment.Progress;
        var attempt = new JobAttempt(
            _environment, _plan, _coordinator.Subtasks, subtask => restored?.StateOf(subtask) ?? SubtaskRestore.None,
            _options.FinishAtEndOfInput, _coordinator);
        _environment.Progress?.BeginRestore(restored?.Checkpoint.Id, attempt.SubtaskCount);
        try
        {
            await attempt.OpenAsync(_coordinator.LineageId, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await attempt.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        _environment.Progress?.EndRestore();
        RestoredFrom = restored?.Checkpoint.Path;
        RestoreDuration = _environment.Time.GetElapsedTime(started);
        return attempt;
    }

    private async Task<RestoredCheckpoint?> RestoreAsync(CancellationToken cancellationToken)
    {
        RestoredCheckpoint? restored = null;
        if (_options.IgnoreOwnCheckpoints && !_hasStartedOver)
        {
            // Nothing of its own has to be readable or fit.
            await _coordinator.StartOverAsync(cancellationToken).ConfigureAwait(false);
            _hasStartedOver = true;
        }
        else
        {
            restored = await _coordinator.RecoverAsync(
                new RecoverOptions
                {
                    AllowNonRestoredState = _options.AllowNonRestoredState,
                    Check = found => _plan.CheckStored(found.Metadata, _options.AllowNonRestoredState),
                },
                cancellationToken).ConfigureAwait(false);
        }

        if (restored is null && _options.ResumeFrom is { } path)
        {
            restored = await _coordinator.ResumeAsync(
                path,
                new()
                {
                    ClaimMode = _options.ClaimMode,
                    AllowNonRestoredState = _options.AllowNonRestoredState,
                    Check = found => _plan.CheckStored(found.Metadata, _options.AllowNonRestoredState),
                },
                cancellationToken).ConfigureAwait(false);
        }

        return restored;
    }

    private void BeginAttempt(JobAttempt attempt)
    {
        _gateway.Current = attempt;
        attempt.Start();
        _coordinator.Start();
        _running.TrySetResult(attempt);
        _logger.AttemptStarted(
            Name.Name, Epoch, attempt.FirstAddress.Attempt, attempt.SubtaskCount, RestoredFrom ?? "nothing",
            RestoreDuration.TotalMilliseconds);
        foreach (var finished in attempt.HadFinished)
        {
            _logger.OperatorHadFinished(finished, Name.Name, RestoredFrom);
        }
    }
}
