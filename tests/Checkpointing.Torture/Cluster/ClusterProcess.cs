using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.State;
using Checkpointing.Storage;
using Checkpointing.Testing.Faults;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Torture.Cluster;

/// <summary>How a simulated process is made.</summary>
internal sealed record ClusterProcessOptions
{
    public required string Job { get; init; }

    /// <summary>Unique; decides every id that the process makes.</summary>
    public required int Number { get; init; }

    public required FaultPlan Plan { get; init; }

    /// <summary>What it works on. Default: the world's disk, with the faults of the plan.</summary>
    public ICheckpointStorage? Storage { get; init; }

    /// <summary>Runs what the coordinator and the subtasks do in the background.</summary>
    public required WorkScheduler Work { get; init; }

    public int Parallelism { get; init; } = 2;

    public CheckpointCoordinatorOptions Coordinator { get; init; } = new();

    /// <summary>How far its clock is off.</summary>
    public TimeSpan Skew { get; init; }

    /// <summary>Whether it has the operator on the heap backend, too.</summary>
    public bool HasCounts { get; init; } = true;

    /// <summary>Version of the program: of the serializer that operator writes with.</summary>
    public int Version { get; init; } = 1;
}

/// <summary>One process: a coordinator and all subtasks of a job, with faults by a plan.</summary>
internal sealed class ClusterProcess : ITaskGateway
{
    internal const int KeyGroupCount = 12;

    private readonly ClusterWorld _world;
    private readonly ClusterProcessOptions _options;
    private readonly IdSource _ids;
    private readonly ICheckpointStorage _storage;
    private readonly Dictionary<SubtaskAddress, IClusterState> _tasks = [];

    internal ClusterProcess(ClusterWorld world, ClusterProcessOptions options)
    {
        (_world, _options) = (world, options);
        _ids = IdSource.FromSeed((ulong)options.Number * 0x9E37_79B9 + 1);
        _storage = options.Storage ?? new FaultyStorage(world.Storage, options.Plan);
        Time = new(DateTimeOffset.UnixEpoch.AddYears(50) + options.Skew);
        var topology = new JobTopology(options.Job, KeyGroupCount) { { "rows", options.Parallelism } };
        if (options.HasCounts)
        {
            topology.Add("counts", options.Parallelism);
        }

        Coordinator = new CheckpointCoordinatorBuilder(_storage).WithJob(topology).WithTaskGateway(this)
            .WithRegister(world.RegisterOf(options.Plan, _storage)).WithOptions(options.Coordinator)
            .WithTimeProvider(Time).WithIdSource(_ids).WithScheduler(options.Work)
            .WithHolder($"process {options.Number}").Build();
    }

    internal CheckpointCoordinator Coordinator { get; }

    internal string Job => _options.Job;

    internal bool HasCounts => _options.HasCounts;

    internal FaultPlan Plan => _options.Plan;

    internal FakeTimeProvider Time { get; }

    /// <summary>Whether tasks run.</summary>
    internal bool IsRunning { get; private set; }

    /// <summary>What it started from.</summary>
    internal RestoredCheckpoint? Restored { get; private set; }

    /// <summary>Asked for each message from or to a subtask: whether it gets lost. Default: never.</summary>
    internal Func<string, bool> Loses { get; set; } = static _ => false;

    /// <summary>Asked for each snapshot before it is written: whether it is declined. Default: never.</summary>
    internal Func<SubtaskAddress, bool> Declines { get; set; } = static _ => false;

    /// <summary>Asked for each acknowledgement: whether it waits for <see cref="SendHeldBack"/>.</summary>
    internal Func<AcknowledgeCheckpoint, bool> HoldsBack { get; set; } = static _ => false;

    private List<AcknowledgeCheckpoint> HeldBack { get; } = [];

    /// <summary>Recovers, or starts from a given checkpoint if there is nothing to recover, and runs.</summary>
    internal async Task StartAsync(
        string? resumeFrom = null, ClaimMode claimMode = ClaimMode.NoClaim,
        CancellationToken cancellationToken = default)
    {
        IsRunning = false;
        _tasks.Clear();
        var restored = await Coordinator.RecoverAsync(cancellationToken: cancellationToken);
        if (restored is null && resumeFrom is not null)
        {
            restored = await Coordinator.ResumeAsync(
                resumeFrom, new() { ClaimMode = claimMode }, cancellationToken);
        }

        if (restored is { IsForeign: true, Checkpoint: { Properties.Kind: not CheckpointKind.Savepoint } foreign })
        {
            _world.Pin(_options.Job, foreign);
        }

        await OpenTasksAsync(restored);
        Restored = restored;
        if (restored is not null)
        {
            _world.CheckRestored(restored.Checkpoint, _tasks.Values.Select(static task => task.Rows));
        }

        Coordinator.Start();
        IsRunning = true;
    }

    /// <summary>The tasks do some work.</summary>
    internal void Change(Random random)
    {
        foreach (var task in _tasks.Values)
        {
            task.Change(random);
        }
    }

    /// <summary>Sends what <see cref="HoldsBack"/> kept.</summary>
    internal void SendHeldBack()
    {
        foreach (var message in HeldBack.ToList())
        {
            HeldBack.Remove(message);
            _ = Coordinator.AcknowledgeAsync(message, CancellationToken.None);
        }
    }

    /// <summary>The tasks end, whatever they are doing.</summary>
    internal async Task CloseTasksAsync()
    {
        foreach (var task in _tasks.Values)
        {
            await task.DisposeAsync();
        }
    }

    public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken)
    {
        if (_tasks.TryGetValue(message.Target, out var task) && !Loses("trigger"))
        {
            _world.RecordCut(message.Request, message.Target, task.Rows);
            var write = task.Prepare(message.Request);
            _options.Work.Schedule(() => AnswerAsync(message, write));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken)
    {
        if (!Loses("completed"))
        {
            _tasks.GetValueOrDefault(message.Target)?.Completed(message.CheckpointId);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken)
    {
        if (!Loses("aborted"))
        {
            _tasks.GetValueOrDefault(message.Target)?.Aborted(message.CheckpointId);
        }

        return ValueTask.CompletedTask;
    }

    private async Task OpenTasksAsync(RestoredCheckpoint? restored)
    {
        foreach (var subtask in Coordinator.Subtasks)
        {
            var restore = restored?.StateOf(subtask) ?? SubtaskRestore.None;
            _tasks[subtask] = subtask.Operator == "rows"
                ? await RowBackend.OpenAsync(
                    subtask, _options.Parallelism, KeyGroupCount, restore, _storage, _ids)
                : await CountState.OpenAsync(
                    subtask, _options.Parallelism, KeyGroupCount, _options.Version, restore, _storage, _ids, Time);
        }
    }

    private async Task AnswerAsync(TriggerCheckpoint trigger, Func<Task<SubtaskSnapshot>> write)
    {
        try
        {
            if (Declines(trigger.Target))
            {
                throw new CheckpointDeclinedException(
                    trigger.CheckpointId, CheckpointFailureReason.TaskDeclined, "the subtask does not want to");
            }

            var snapshot = await write();
            if (Loses("acknowledgement"))
            {
                return;
            }

            var message = new AcknowledgeCheckpoint(trigger.Target, trigger.CheckpointId, snapshot);
            if (HoldsBack(message))
            {
                HeldBack.Add(message);
                return;
            }

            await Coordinator.AcknowledgeAsync(message, CancellationToken.None);
        }
        catch (CheckpointingException e)
        {
            await Coordinator.DeclineAsync(new(trigger.Target, trigger.CheckpointId, e), CancellationToken.None);
        }
    }
}
