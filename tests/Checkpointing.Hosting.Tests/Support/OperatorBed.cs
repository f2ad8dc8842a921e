using System.Buffers;
using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Runtime;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>What an operator sent.</summary>
/// <param name="Target">Name of the operator that it was sent to.</param>
/// <param name="Value">The record.</param>
/// <param name="Time">Its event time.</param>
internal readonly record struct Sent(string Target, object Value, Timestamp Time);

/// <summary>All subtasks of one operator of a job, driven by the test on its own thread: no channel, no host.</summary>
/// <remarks>Records go to the subtask that owns their key, watermarks and broadcast records to all. Every upstream
/// operator has one subtask, so each subtask has one input an edge.</remarks>
internal sealed class OperatorBed : IAsyncDisposable
{
    private const int BatchSize = 1;

    private readonly List<SubtaskRuntime> _subtasks = [];
    private readonly Dictionary<int, string> _targets = [];
    private readonly InMemoryCheckpointStorage _storage;
    private readonly Vertex _vertex;
    private readonly StreamJob _job;
    private readonly IdSource _ids;
    private long _checkpoint;

    private OperatorBed(StreamJob job, string operatorName, InMemoryCheckpointStorage storage, IdSource ids)
    {
        _job = job;
        _vertex = job.Vertices.Single(vertex => vertex.Name == operatorName);
        (_storage, _ids) = (storage, ids);
    }

    public IReadOnlyList<SubtaskRuntime> Subtasks => _subtasks;

    public JobCounters Counters { get; private init; } = new();

    /// <summary>All that was sent, in order.</summary>
    public List<Sent> Output { get; private init; } = [];

    public static Task<OperatorBed> OpenAsync(
        StreamJob job, string operatorName, int parallelism, IKeyedStateBackendFactory? backend = null) =>
        new OperatorBed(job, operatorName, new(), IdSource.FromSeed(1)).OpenAsync(parallelism, backend, []);

    public void Process<T>(string key, T value, long time, int input = 0) =>
        Handle(SubtaskOf(key), input, Batch(value, time));

    /// <summary>Gives a record to one subtask of an operator without keys.</summary>
    public void ProcessAt<T>(int subtask, T value, long time = 0, int input = 0) =>
        Handle(_subtasks[subtask], input, Batch(value, time));

    public void Broadcast<T>(T value, int input = 1, long time = 0) => HandleAtAll(input, Batch(value, time));

    public void Watermark(long time, int input = 0) => HandleAtAll(input, new WatermarkElement(new(time)));

    public void Idle(int input = 0) => HandleAtAll(input, IdleElement.Instance);

    public void AdvanceProcessingTime(long now)
    {
        foreach (var subtask in _subtasks)
        {
            subtask.AdvanceProcessingTime(new(now));
            Finish(subtask);
        }
    }

    /// <summary>Sends a barrier through all inputs and takes the snapshots.</summary>
    public async Task<IReadOnlyList<SubtaskSnapshot>> CheckpointAsync()
    {
        var barrier = new BarrierElement(Requests.Checkpoint(++_checkpoint));
        List<SubtaskSnapshot> snapshots = [];
        foreach (var subtask in _subtasks)
        {
            for (var input = 0; input < subtask.InputCount; input++)
            {
                Handle(subtask, input, barrier);
            }

            await using var plan = subtask.Outbox.Snapshots.Single();
            snapshots.Add(await plan.WriteAsync(CancellationToken.None));
            subtask.Outbox.Snapshots.Clear();
        }

        return snapshots;
    }

    /// <summary>Closes this one and opens another from its checkpoint, which goes on with the same output.</summary>
    public async Task<OperatorBed> RestoreAsync(
        IReadOnlyList<SubtaskSnapshot> checkpoint, int parallelism, IKeyedStateBackendFactory? backend = null)
    {
        await DisposeAsync();
        return await new OperatorBed(_job, _vertex.Name, _storage, _ids)
        {
            Output = Output,
            Counters = Counters,
            _checkpoint = _checkpoint,
        }.OpenAsync(parallelism, backend, checkpoint);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var subtask in _subtasks)
        {
            await subtask.Logic.DisposeAsync();
        }

        _subtasks.Clear();
    }

    private static RecordBatch<T> Batch<T>(T value, long time)
    {
        var batch = new RecordBatch<T>(1);
        batch.Add(value, new(time));
        return batch;
    }

    private async Task<OperatorBed> OpenAsync(
        int parallelism, IKeyedStateBackendFactory? backend, IReadOnlyList<SubtaskSnapshot> checkpoint)
    {
        var operatorState = OperatorStateAssignment.Assign(
            [.. checkpoint.Select(static snapshot => snapshot.Operator)], parallelism);
        for (var i = 0; i < parallelism; i++)
        {
            var range = KeyGroupAssignment.RangeOf(i, parallelism, _job.MaxParallelism);
            KeyedStateHandle[] keyed = [.. checkpoint.Select(static snapshot => snapshot.Keyed)
                .OfType<KeyedStateHandle>().Where(handle => handle.KeyGroups.Overlaps(range))];
            var context = SubtaskContexts.Of(_vertex.Name, i);
            var runtime = _vertex.CreateSubtask(new(
                context.Address, [.. _vertex.Inputs.Select(static edge => edge.Side)], RoutesOf, _job.MaxParallelism,
                BatchSize));
            _subtasks.Add(runtime);
            await runtime.Logic.OpenAsync(
                context with
                {
                    Parallelism = parallelism,
                    KeyGroups = range,
                    Counters = Counters,
                    State = context.State with
                    {
                        MaxParallelism = _job.MaxParallelism,
                        Storage = _storage,
                        Ids = _ids,
                        Backend = backend ?? context.State.Backend,
                        Restore = checkpoint.Count == 0
                            ? SubtaskRestore.None
                            : new(new(_checkpoint), false, keyed, operatorState[i]),
                    },
                },
                CancellationToken.None);
        }

        return this;
    }

    private List<Route> RoutesOf(Edge edge)
    {
        var target = _job.Vertices.ToList().IndexOf(edge.To);
        _targets[target] = edge.To.Name;
        return [new(target, 0)];
    }

    private SubtaskRuntime SubtaskOf(string key)
    {
        var bytes = new ArrayBufferWriter<byte>();
        StateSerializer.String.Write(key, bytes);
        var group = KeyGroupAssignment.KeyGroupOf(bytes.WrittenSpan, _job.MaxParallelism);
        return _subtasks[KeyGroupAssignment.SubtaskIndexOf(group, _subtasks.Count, _job.MaxParallelism)];
    }

    private void HandleAtAll(int input, StreamElement element)
    {
        foreach (var subtask in _subtasks)
        {
            Handle(subtask, input, element);
        }
    }

    private void Handle(SubtaskRuntime subtask, int input, StreamElement element)
    {
        subtask.Handle(input, element);
        Finish(subtask);
    }

    private void Finish(SubtaskRuntime subtask)
    {
        while (subtask.HasMore)
        {
            subtask.Continue();
        }

        subtask.FlushOutputs();
        foreach (var (route, element) in subtask.Outbox.Elements)
        {
            Output.AddRange(Records(_targets[route.Subtask], element));
        }

        subtask.Outbox.Elements.Clear();
    }

    private static IEnumerable<Sent> Records(string target, StreamElement element) => element switch
    {
        RecordBatch<string> batch => Enumerable.Range(0, batch.Count)
            .Select(i => new Sent(target, batch.Values[i], batch.Times[i])),
        WatermarkElement or BarrierElement or IdleElement or EndOfInputElement => [],
        _ => throw new NotSupportedException($"The bed takes texts, not {element}."),
    };
}
