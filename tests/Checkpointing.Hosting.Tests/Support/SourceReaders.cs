using Checkpointing.Hosting.Sources;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>All readers of one source, with their state; can be taken to another number of readers.</summary>
internal sealed class SourceReaders<T> : IAsyncDisposable
{
    private readonly List<(SubtaskState State, SourceReader<T> Reader)> _subtasks = [];
    private readonly ISource<T> _source;
    private readonly TimeProvider _time;
    private readonly int _maxParallelism;

    private SourceReaders(ISource<T> source, TimeProvider time, int maxParallelism) =>
        (_source, _time, _maxParallelism) = (source, time, maxParallelism);

    public IReadOnlyList<SourceReader<T>> Readers => _subtasks.ConvertAll(static subtask => subtask.Reader);

    public static Task<SourceReaders<T>> OpenAsync(
        ISource<T> source, int parallelism, TimeProvider? time = null, int maxParallelism = 8) =>
        OpenAsync(source, parallelism, time ?? TimeProvider.System, maxParallelism, []);

    /// <summary>Takes a snapshot of all, and opens as many as asked from it.</summary>
    public async Task<SourceReaders<T>> RestoreAsync(int parallelism)
    {
        List<OperatorStateHandle?> handles = [];
        foreach (var (state, reader) in _subtasks)
        {
            reader.SnapshotPosition();
            await using var plan = state.PrepareSnapshot(Requests.Checkpoint(1));
            handles.Add((await plan.WriteAsync(CancellationToken.None)).Operator);
        }

        return await OpenAsync(_source, parallelism, _time, _maxParallelism, handles);
    }

    /// <summary>Reads at most so many records of one reader.</summary>
    public List<T> Read(int reader, int count = int.MaxValue)
    {
        var read = new List<T>();
        while (read.Count < count && _subtasks[reader].Reader.TryReadNext(out var value))
        {
            read.Add(value);
        }

        return read;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (state, reader) in _subtasks)
        {
            reader.Dispose();
            await state.DisposeAsync();
        }
    }

    private static async Task<SourceReaders<T>> OpenAsync(
        ISource<T> source, int parallelism, TimeProvider time, int maxParallelism,
        IReadOnlyList<OperatorStateHandle?> handles)
    {
        var opened = new SourceReaders<T>(source, time, maxParallelism);
        var assigned = OperatorStateAssignment.Assign(handles, parallelism);
        for (var i = 0; i < parallelism; i++)
        {
            var reader = source.CreateReader();
            var context = SubtaskContexts.Of("source", i);
            context = context with
            {
                Parallelism = parallelism,
                State = context.State with
                {
                    States = reader.States,
                    MaxParallelism = maxParallelism,
                    Time = time,
                    Restore = new(new(1), false, [], assigned[i]),
                },
            };
            var state = await SubtaskState.OpenAsync(context.State, CancellationToken.None);
            reader.Open(new(context, state.Operator));
            opened._subtasks.Add((state, reader));
        }

        return opened;
    }
}
