using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.Hosting.Execution;
using Checkpointing.State;
using Checkpointing.Storage.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>A whole job, coordinator and subtasks, on one thread; the seed gives the order of all events, crashes among
/// them.</summary>
/// <remarks>A crash drops everything that is in memory. Notices that were on their way to a committer then still arrive
/// later, as at a process that does not know that it was replaced.</remarks>
/// <param name="seed">Gives the order of all events.</param>
/// <param name="define">Defines the job anew for each process.</param>
/// <param name="movesClock">Whether the process's clock goes on between two steps.</param>
internal sealed class JobSimulation(int seed, Func<StreamJob> define, bool movesClock = false)
{
    private readonly Random _random = new(seed);
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly FakeTimeProvider _time = new();
    private readonly IdSource _ids = IdSource.FromSeed((ulong)seed);
    private readonly List<Action> _zombies = [];
    private readonly List<Task<CompletedCheckpoint>> _triggered = [];
    private SimulatedAttempt? _life;
    private CheckpointCoordinator? _coordinator;
    private Scheduler _scheduler = null!;

    public int CompletedCheckpoints { get; private set; }

    public int Restores { get; private set; }

    /// <summary>Operators that did not start again, over all restores.</summary>
    public int HadFinished { get; private set; }

    /// <summary>Runs the job to its end.</summary>
    /// <param name="crashes">How many.</param>
    /// <param name="stepsBetweenCrashes">On average.</param>
    public async Task RunAsync(int crashes, int stepsBetweenCrashes = 400)
    {
        await BeginLifeAsync(isNewProcess: true);
        while (true)
        {
            if (crashes > 0 && _random.Next(stepsBetweenCrashes) == 0)
            {
                crashes--;
                await CrashAsync();
            }

            if (_life!.HasEnded && crashes == 0)
            {
                break;
            }

            CountCompleted();
            if (_triggered.Count < 3 && _random.Next(60) == 0)
            {
                Trigger();
            }

            Step();
        }

        TakeLastCheckpoint();
        while (_life!.HasMail || _zombies.Count > 0)
        {
            Step();
        }

        await _life!.DisposeAsync();
    }

    /// <summary>Operators may finish under it; then the next one does without them, or none is needed.</summary>
    private void TakeLastCheckpoint()
    {
        for (Task<CompletedCheckpoint>? last = null; last?.IsCompletedSuccessfully != true;)
        {
            last = _coordinator!.TriggerAsync(CheckpointRequest.Checkpoint);
            while (!last.IsCompleted)
            {
                Step();
            }

            if (last.Exception?.InnerException is { } failure)
            {
                var reason = failure.Should().BeOfType<CheckpointDeclinedException>().Subject.Reason;
                if (reason == CheckpointFailureReason.TasksNotRunning)
                {
                    _life!.AllHaveFinished.Should().BeTrue("seed {0}", seed);
                    return;
                }

                reason.Should().BeOneOf(
                    [CheckpointFailureReason.TaskFinished, CheckpointFailureReason.Subsumed], "seed {0}", seed);
            }
        }
    }

    private async Task CrashAsync()
    {
        var isNewProcess = _random.Next(2) == 0;
        if (isNewProcess && _random.Next(4) != 0)
        {
            _zombies.AddRange(_life!.UndeliveredNotices());
        }
        else
        {
            await _life!.DisposeAsync();
        }

        await BeginLifeAsync(isNewProcess);
    }

    private async Task BeginLifeAsync(bool isNewProcess)
    {
        var parallelism = _life is null || isNewProcess ? _random.Next(1, 5) : _life.Parallelism;
        var job = define();
        var plan = new JobPlan(job, "simulated", parallelism, new Dictionary<string, int>());
        if (isNewProcess)
        {
            _scheduler = new(_random);
            CountCompleted();
            _triggered.Clear();
            var gateway = new Gateway(() => _life!);
            _coordinator = new CheckpointCoordinatorBuilder(_storage).WithJob(plan.Topology).WithTaskGateway(gateway)
                .WithOptions(new() { MaxConcurrent = 2, MaxRetainedCheckpoints = 2 })
                .WithTimeProvider(_time).WithIdSource(_ids).WithScheduler(_scheduler).Build();
        }

        var restored = await RunAsync(_coordinator!.RecoverAsync());
        Restores += restored is null ? 0 : 1;
        _life = await SimulatedAttempt.OpenAsync(plan, _coordinator, restored, _storage, _ids, _time, _random);
        HadFinished += _life.HadFinished;
        _coordinator.Start();
    }

    private void Step()
    {
        var choice = _random.Next(20);
        if (choice == 0 && _zombies.Count > 0)
        {
            var zombie = _random.Next(_zombies.Count);
            _zombies[zombie]();
            _zombies.RemoveAt(zombie);
        }
        else if (choice < 6 && _scheduler.Count > 0)
        {
            _scheduler.RunOne();
        }
        else
        {
            if (movesClock)
            {
                _time.Advance(TimeSpan.FromMilliseconds(_random.Next(3)));
            }

            _life!.Step(Timestamp.FromDateTime(_time.GetUtcNow().UtcDateTime));
        }
    }

    private async Task<T> RunAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted && _scheduler.Count > 0)
        {
            _scheduler.RunOne();
        }

        task.IsCompleted.Should().BeTrue("nothing else is there to wait for, seed {0}", seed);
        return await task;
    }

    private void Trigger()
    {
        _triggered.Add(_coordinator!.TriggerAsync(CheckpointRequest.Checkpoint));
    }

    // Looked at between two steps: a continuation would run on another thread, and the seed would no longer say when.
    private void CountCompleted()
    {
        CompletedCheckpoints += _triggered.Count(static triggered => triggered.IsCompletedSuccessfully);
        _triggered.RemoveAll(static triggered =>
        {
            _ = triggered.Exception;
            return triggered.IsCompleted;
        });
    }

    /// <summary>Background work of the coordinator.</summary>
    private sealed class Scheduler(Random random) : WorkScheduler
    {
        private readonly List<Func<Task>> _work = [];

        public int Count => _work.Count;

        public override void Schedule(Func<Task> work) => _work.Add(work);

        public void RunOne()
        {
            var index = random.Next(_work.Count);
            var work = _work[index];
            _work.RemoveAt(index);
            work().IsCompletedSuccessfully.Should().BeTrue("simulated work stays on its thread");
        }
    }

    private sealed class Gateway(Func<SimulatedAttempt> life) : ITaskGateway
    {
        public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken) =>
            Post(message.Target, message);

        public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken) =>
            Post(message.Target, message);

        public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken) =>
            Post(message.Target, message);

        private ValueTask Post(SubtaskAddress target, object message)
        {
            life().Post(target, message);
            return ValueTask.CompletedTask;
        }
    }
}
