using System.Buffers;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Coordinated.Tests;

/// <summary>An engine of one's own around the coordinator: it starts tasks, carries messages, and starts them again
/// after
/// a failure. It uses nothing but what is public.</summary>
internal sealed class NumberHost : ITaskGateway, IAsyncDisposable
{
    private const int MaxParallelism = 16;

    private readonly ICheckpointStorage _storage;
    private readonly JobTopology _topology;
    private readonly long _end;
    private CancellationTokenSource _stop = new();
    private Dictionary<SubtaskAddress, NumberTask> _tasks = [];
    private Task _running = Task.CompletedTask;

    public NumberHost(ICheckpointStorage storage, string job, int sums, long end)
    {
        (_storage, _end) = (storage, end);
        _topology = new JobTopology(job, MaxParallelism) { { "numbers", 1, true }, { "sums", sums } }
            .Connect("numbers", "sums");
        Coordinator = new CheckpointCoordinatorBuilder(storage)
            .WithJob(_topology)
            .WithTaskGateway(this)
            .WithOptions(new() { Timeout = TimeSpan.FromMinutes(1), MaxRetainedCheckpoints = 2 })
            .Build();
    }

    public CheckpointCoordinator Coordinator { get; }

    public NumberSource Source => _tasks.Values.OfType<NumberSource>().Single();

    /// <summary>Completes when all tasks have ended by themselves.</summary>
    public Task Running => _running;

    /// <summary>Begins an attempt: the first one, or the next after a failure.</summary>
    public async Task<RestoredCheckpoint?> StartAsync(string? resumeFrom, CancellationToken cancellationToken)
    {
        await KillTasksAsync();
        RestoredCheckpoint? restored = await Coordinator.RecoverAsync(cancellationToken: cancellationToken);
        if (restored is null && resumeFrom is not null)
        {
            restored = await Coordinator.ResumeAsync(resumeFrom, null, cancellationToken);
        }

        var tasks = new Dictionary<SubtaskAddress, NumberTask>();
        foreach (SubtaskAddress subtask in Coordinator.Subtasks.Reverse()) // what is fed first
        {
            SubtaskRestore restore = restored?.StateOf(subtask) ?? SubtaskRestore.None;
            if (!restore.IsFinished)
            {
                tasks.Add(subtask, await OpenAsync(subtask, restore, tasks, cancellationToken));
            }
        }

        _tasks = tasks;
        _running = Task.WhenAll(tasks.Values.Select(task => Task.Run(() => task.RunAsync(_stop.Token))));
        Coordinator.Start(); // triggers begin here, never before
        return restored;
    }

    /// <summary>As if the process had lost them.</summary>
    public async Task KillTasksAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
        }

        foreach (var task in _tasks.Values)
        {
            await task.DisposeAsync();
        }

        _tasks = [];
        _stop.Dispose();
        _stop = new();
    }

    /// <summary>Sums by last digit, once all tasks have ended.</summary>
    public long[] Totals() =>
        [.. Enumerable.Range(0, 10).Select(digit => SumOf(digit).Total(digit))];

    /// <summary>The subtask that owns a key's group.</summary>
    public static int SubtaskOf(int digit, int parallelism)
    {
        var bytes = new ArrayBufferWriter<byte>();
        StateSerializer.Int32.Write(digit, bytes);
        var group = KeyGroupAssignment.KeyGroupOf(bytes.WrittenSpan, MaxParallelism);
        return KeyGroupAssignment.SubtaskIndexOf(group, parallelism, MaxParallelism);
    }

    public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken) =>
        Post(message.Target, message) ? ValueTask.CompletedTask : throw new CheckpointDeclinedException(
            message.CheckpointId, CheckpointFailureReason.DeliveryFailed, $"{message.Target} does not run");

    public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken)
    {
        Post(message.Target, message);
        return ValueTask.CompletedTask;
    }

    public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken)
    {
        Post(message.Target, message);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await KillTasksAsync();
        await Coordinator.DisposeAsync();
        _stop.Dispose();
    }

    private bool Post(SubtaskAddress target, object message) =>
        _tasks.TryGetValue(target, out var task) && task.Inbox.Writer.TryWrite(message);

    private NumberSum SumOf(int digit)
    {
        var sums = _tasks.Values.OfType<NumberSum>().ToList();
        return sums.Single(sum => sum.Address.Index == SubtaskOf(digit, sums.Count));
    }

    private KeyGroupRange RangeOf(SubtaskAddress subtask) =>
        KeyGroupAssignment.RangeOf(subtask.Index, _topology.Operators[1].Parallelism, MaxParallelism);

    private async Task<NumberTask> OpenAsync(
        SubtaskAddress subtask, SubtaskRestore restore, Dictionary<SubtaskAddress, NumberTask> tasks,
        CancellationToken cancellationToken)
    {
        var isSource = subtask.Operator == "numbers";
        var context = new SubtaskStateContext
        {
            Job = subtask.Job,
            Operator = subtask.Operator,
            SubtaskIndex = subtask.Index,
            Range = isSource ? KeyGroupRange.Empty : RangeOf(subtask),
            MaxParallelism = MaxParallelism,
            States = isSource ? [NumberSource.Position] : [NumberSum.Sum],
            Restore = restore,
            Backend = new HeapBackendFactory(),
            Storage = _storage,
            Ids = IdSource.System,
            Time = TimeProvider.System,
            Logger = NullLogger.Instance,
        };
        if (!isSource)
        {
            return new NumberSum(
                subtask, await SubtaskState.OpenAsync(context, StateSerializer.Int32, cancellationToken), Coordinator);
        }

        NumberTask[] sums = [.. tasks.Values.OfType<NumberSum>().OrderBy(sum => sum.Address.Index)];
        return new NumberSource(
            subtask, await SubtaskState.OpenAsync(context, cancellationToken), Coordinator, _end, sums);
    }
}
