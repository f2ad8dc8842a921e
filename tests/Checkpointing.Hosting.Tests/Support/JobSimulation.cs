using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.Hosting.Execution;
using Checkpointing.Hosting.Runtime;
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
    private Life? _life;
    private CheckpointCoordinator? _coordinator;
    private Scheduler _scheduler = null!;

    public int CompletedCheckpoints { get; private set; }

    public int Restores { get; private set; }

    public async Task RunAsync(int crashes)
    {
        await BeginLifeAsync(isNewProcess: true);
        while (true)
        {
            if (crashes > 0 && _random.Next(400) == 0)
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

        var last = _coordinator!.TriggerAsync(CheckpointRequest.Checkpoint);
        while (!last.IsCompleted || _life!.HasMail || _zombies.Count > 0)
        {
            Step();
        }

        await last;
        await _life!.DisposeAsync();
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
        _life = await Life.OpenAsync(plan, _coordinator, restored, _storage, _ids, _time, _random);
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

    private sealed class Gateway(Func<Life> life) : ITaskGateway
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

    /// <summary>One attempt.</summary>
    private sealed class Life(Random random, CheckpointCoordinator coordinator, int parallelism) : IAsyncDisposable
    {
        private readonly List<SubtaskRuntime> _runtimes = [];
        private readonly List<Queue<StreamElement>[]> _inputs = [];
        private readonly List<Queue<object>> _mail = [];
        private readonly List<(SubtaskAddress Subtask, ISnapshotPlan Plan)> _plans = [];

        public int Parallelism => parallelism;

        public bool HasEnded => _runtimes.TrueForAll(static runtime => runtime.HasEnded);

        public bool HasMail => _mail.Exists(static mail => mail.Count > 0);

        public static async Task<Life> OpenAsync(
            JobPlan plan, CheckpointCoordinator coordinator, RestoredCheckpoint? restored,
            InMemoryCheckpointStorage storage, IdSource ids, TimeProvider time, Random random)
        {
            var parallelism = plan.Topology.Operators.Max(static o => o.Parallelism);
            var life = new Life(random, coordinator, parallelism);
            var batchSize = random.Next(1, 20);
            foreach (var (subtask, address) in plan.Subtasks.Zip(coordinator.Subtasks))
            {
                var context =
                    SubtaskContexts.Of(subtask.Vertex.Name, subtask.Index, address.Epoch, address.Attempt, address.Job);
                var runtime = plan.CreateSubtask(subtask, address, batchSize);
                life._runtimes.Add(runtime);
                life._inputs.Add([.. Enumerable.Range(0, subtask.InputCount).Select(_ => new Queue<StreamElement>())]);
                life._mail.Add(new());
                await runtime.Logic.OpenAsync(
                    context with
                    {
                        Parallelism = subtask.Parallelism,
                        LineageId = coordinator.LineageId,
                        KeyGroups = plan.KeyGroupsOf(subtask),
                        State = context.State with
                        {
                            Job = address.Job,
                            MaxParallelism = plan.Job.MaxParallelism,
                            Storage = storage,
                            Ids = ids,
                            Time = time,
                            Restore = restored?.StateOf(address) ?? SubtaskRestore.None,
                        },
                    },
                    CancellationToken.None);
            }

            life._runtimes.ForEach(static runtime => runtime.Logic.Begin());
            return life;
        }

        public void Post(SubtaskAddress target, object message)
        {
            var index = _runtimes.FindIndex(runtime => runtime.Address == target);
            if (index >= 0)
            {
                _mail[index].Enqueue(message);
            }
        }

        /// <summary>Notices that arrive after the crash, at subtasks that nobody looks at any more.</summary>
        public IEnumerable<Action> UndeliveredNotices() => _runtimes.Zip(_mail)
            .Where(static pair => pair.First.Address.Operator.EndsWith("-committer", StringComparison.Ordinal))
            .SelectMany(static pair => pair.Second.OfType<CheckpointCompleted>()
                .Select(notice => (Action)(() => pair.First.NotifyCompleted(notice.CheckpointId))));

        public void Step(Timestamp now)
        {
            if (_plans.Count > 0 && random.Next(4) == 0)
            {
                WriteOne();
                return;
            }

            var at = random.Next(_runtimes.Count);
            var runtime = _runtimes[at];
            if (runtime.HasMore)
            {
                runtime.Continue();
            }
            else if (runtime.NextProcessingTime <= now)
            {
                runtime.AdvanceProcessingTime(now);
            }
            else if (_mail[at].Count > 0 && random.Next(2) == 0)
            {
                runtime.Deliver(_mail[at].Dequeue());
            }
            else if (runtime is SourceRuntime source)
            {
                if (source.Step() == SourceStep.Waiting)
                {
                    source.EndInput();
                }
            }
            else
            {
                HandleOne(at, runtime);
            }

            CarryOut(runtime);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var runtime in _runtimes)
            {
                await runtime.Logic.DisposeAsync();
            }
        }

        private void HandleOne(int at, SubtaskRuntime runtime)
        {
            var input = random.Next(runtime.InputCount);
            if (runtime.IsBlocked(input))
            {
                return;
            }

            if (_inputs[at][input].TryDequeue(out var element))
            {
                runtime.Handle(input, element);
            }
            else
            {
                runtime.FlushOutputs();
            }
        }

        private void CarryOut(SubtaskRuntime runtime)
        {
            foreach (var (route, element) in runtime.Outbox.Elements)
            {
                _inputs[route.Subtask][route.Input].Enqueue(element);
            }

            _plans.AddRange(runtime.Outbox.Snapshots.Select(plan => (runtime.Address, plan)));
            runtime.Outbox.Declines.Should().BeEmpty();
            runtime.Outbox.Elements.Clear();
            runtime.Outbox.Snapshots.Clear();
        }

        private void WriteOne()
        {
            var index = random.Next(_plans.Count);
            var (subtask, plan) = _plans[index];
            _plans.RemoveAt(index);
            var writing = plan.WriteAsync(CancellationToken.None);
            writing.IsCompletedSuccessfully.Should().BeTrue("the storage is in memory");
            coordinator.AcknowledgeAsync(new(subtask, plan.CheckpointId, writing.Result), CancellationToken.None);
        }
    }
}
