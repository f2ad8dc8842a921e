using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.State;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Tests.Coordination;

/// <summary>A coordinator and its tasks on one thread, from one seed: who acts next is drawn, and every act is in the
/// trace.</summary>
internal sealed class SimulatedCluster : ITaskGateway
{
    /// <summary>Number of key groups of every simulated job.</summary>
    public const int MaxParallelism = 16;

    private readonly Random _random;
    private readonly List<Action> _inFlight = [];
    private readonly Dictionary<SubtaskAddress, SimulatedTask> _tasks = [];
    private readonly HashSet<(CheckpointId, SubtaskAddress)> _taken = [];
    private readonly ICheckpointStorage _storage;
    private readonly IdSource _ids;
    private readonly JobTopology _topology;

    public SimulatedCluster(
        ICheckpointStorage storage,
        ICheckpointRegister register,
        string job,
        int seed,
        int parallelism = 2,
        CheckpointCoordinatorOptions? options = null,
        ProtocolBreach breach = ProtocolBreach.None,
        FakeTimeProvider? time = null,
        ILoggerFactory? log = null,
        JobTopology? topology = null,
        IReadOnlyList<ICheckpointHook>? hooks = null)
    {
        _storage = storage;
        _random = new(seed);
        _ids = IdSource.FromSeed((ulong)seed ^ 0xC0FFEE);
        Time = time ?? new(DateTimeOffset.UnixEpoch.AddYears(50));
        Scheduler = new(_random);
        var builder = new CheckpointCoordinatorBuilder(storage) { Breach = breach };
        foreach (var hook in hooks ?? [])
        {
            builder.WithHook(hook);
        }

        _topology = topology ?? new JobTopology(job, MaxParallelism) { { "totals", parallelism } };
        Coordinator = builder.WithJob(_topology)
            .WithTaskGateway(this).WithRegister(register).WithOptions(options ?? new())
            .WithTimeProvider(Time).WithIdSource(_ids).WithScheduler(Scheduler).WithHolder("simulation")
            .WithLoggerFactory(log ?? NullLoggerFactory.Instance).Build();
    }

    public CheckpointCoordinator Coordinator { get; }

    public FakeTimeProvider Time { get; }

    public SimulatedScheduler Scheduler { get; }

    public List<string> Trace { get; } = [];

    public IEnumerable<SimulatedTask> Tasks => _tasks.Values;

    /// <summary>Chance in percent that a task declines instead of acknowledging.</summary>
    public int DeclinePercent { get; set; }

    /// <summary>Tasks that never answer.</summary>
    public HashSet<int> SilentSubtasks { get; } = [];

    /// <summary>Called after every step of the simulation.</summary>
    public Action? AfterStep { get; set; }

    public RestoredCheckpoint? Start(string? resumeFrom = null, ClaimMode claimMode = ClaimMode.NoClaim)
    {
        var restored = Run(Coordinator.RecoverAsync());
        if (restored is null && resumeFrom is not null)
        {
            restored = Run(Coordinator.ResumeAsync(resumeFrom, new() { ClaimMode = claimMode }));
        }

        StartTasks(restored);
        return restored;
    }

    public void StartTasks(RestoredCheckpoint? restored)
    {
        _tasks.Clear();
        foreach (var subtask in Coordinator.Subtasks)
        {
            var state = restored?.StateOf(subtask) ?? SubtaskRestore.None;
            if (state.IsFinished)
            {
                continue;
            }

            var parallelism = _topology.Operators.Single(o => o.Name == subtask.Operator).Parallelism;
            _tasks[subtask] = new(subtask, parallelism, MaxParallelism, state, _storage, _ids);
        }

        Coordinator.Start();
    }

    public void Work()
    {
        foreach (var task in _tasks.Values)
        {
            task.Work(compact: _random.Next(3) == 0);
        }
    }

    public CompletedCheckpoint Checkpoint(CheckpointRequest? request = null) =>
        Run(Coordinator.TriggerAsync(request ?? CheckpointRequest.Checkpoint));

    /// <summary>Steps until the call is over.</summary>
    public T Run<T>(Task<T> call)
    {
        Run((Task)call);
        return call.GetAwaiter().GetResult();
    }

    public void Run(Task call)
    {
        const int MaxSteps = 100_000;
        for (var step = 0; !call.IsCompleted; step++)
        {
            if (step > MaxSteps || !Step())
            {
                throw new InvalidOperationException(
                    $"The simulation stands still after {step} steps: nothing left to do.");
            }
        }

        call.GetAwaiter().GetResult();
    }

    public void RunUntilQuiet()
    {
        while (Step())
        {
        }
    }

    /// <summary>One act of somebody. False if nobody has anything to do.</summary>
    public bool Step()
    {
        var choices = Scheduler.Count + _inFlight.Count;
        if (choices == 0)
        {
            return false;
        }

        if (_random.Next(choices) < Scheduler.Count)
        {
            Scheduler.RunOne();
        }
        else
        {
            var index = _random.Next(_inFlight.Count);
            var act = _inFlight[index];
            _inFlight.RemoveAt(index);
            act();
        }

        AfterStep?.Invoke();
        return true;
    }

    public void Advance(TimeSpan by)
    {
        Trace.Add($"+{by.TotalMilliseconds} ms");
        Time.Advance(by);
    }

    public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken)
    {
        Trace.Add($"trigger {message.CheckpointId} {message.Target} base {message.Request.Base}");
        TakeSnapshot(message);
        SendBarriers(message);
        return ValueTask.CompletedTask;
    }

    /// <summary>Subtasks reach the end of their input and say so.</summary>
    public void Finish(params string[] subtasks)
    {
        foreach (var subtask in Coordinator.Subtasks.Where(s => subtasks.Contains(s.ToString())))
        {
            _tasks.Remove(subtask);
            _ = Coordinator.ReportFinishedAsync(new(subtask), CancellationToken.None);
        }
    }

    public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken)
    {
        Trace.Add($"completed {message.CheckpointId} {message.Target}{OnStop(message.Stop)}");
        _tasks.GetValueOrDefault(message.Target)?.Completed(message.CheckpointId);
        return ValueTask.CompletedTask;
    }

    public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken)
    {
        Trace.Add($"aborted {message.CheckpointId} {message.Target} {message.Reason}{OnStop(message.Stop)}");
        _tasks.GetValueOrDefault(message.Target)?.Aborted(message.CheckpointId);
        return ValueTask.CompletedTask;
    }

    private void TakeSnapshot(TriggerCheckpoint message)
    {
        if (!SilentSubtasks.Contains(message.Target.Index) && _tasks.TryGetValue(message.Target, out var task)
            && _taken.Add((message.CheckpointId, message.Target)))
        {
            // The cut is made now; the transfer and its report come when the seed says so.
            var snapshot = task.SnapshotAsync(message.Request).GetAwaiter().GetResult();
            _inFlight.Add(() => Answer(message, snapshot));
        }
    }

    /// <summary>No records flow here, so the first barrier is as good as the last.</summary>
    private void SendBarriers(TriggerCheckpoint message)
    {
        foreach (var connection in _topology.Connections.Where(c => c.From == message.Target.Operator))
        {
            foreach (var fed in Coordinator.Subtasks.Where(s => s.Operator == connection.To))
            {
                TakeSnapshot(message with { Target = fed });
                SendBarriers(message with { Target = fed });
            }
        }
    }

    private static string OnStop(StopMode? stop) => stop is null ? "" : $" stop {stop}";

    private void Answer(TriggerCheckpoint message, SubtaskSnapshot snapshot)
    {
        if (_random.Next(100) < DeclinePercent)
        {
            Trace.Add($"decline {message.CheckpointId} {message.Target}");
            var cause = new CheckpointStorageUnavailableException("disk", "is full (simulated).");
            _ = Coordinator.DeclineAsync(new(message.Target, message.CheckpointId, cause), CancellationToken.None);
        }
        else
        {
            Trace.Add($"acknowledge {message.CheckpointId} {message.Target} {snapshot.Keyed}");
            _ = Coordinator.AcknowledgeAsync(
                new(message.Target, message.CheckpointId, snapshot), CancellationToken.None);
        }
    }
}
