namespace Checkpointing.Hosting.Sinks;

/// <summary>A list that many write and read, and that can be waited on.</summary>
internal sealed class CollectedItems<T>
{
    private readonly Lock _lock = new();
    private readonly List<T> _items = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiting = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    public IReadOnlyList<T> Copy()
    {
        lock (_lock)
        {
            return [.. _items];
        }
    }

    public IReadOnlyList<T> TakeAll()
    {
        lock (_lock)
        {
            T[] taken = [.. _items];
            _items.Clear();
            return taken;
        }
    }

    public void Add(T item) => AddRange([item]);

    public void AddRange(ReadOnlySpan<T> items)
    {
        lock (_lock)
        {
            _items.AddRange(items);
            foreach (var (count, reached) in _waiting)
            {
                if (_items.Count >= count)
                {
                    reached.TrySetResult();
                }
            }

            _waiting.RemoveAll(static waiting => waiting.Reached.Task.IsCompleted);
        }
    }

    public void RemoveFrom(int index)
    {
        lock (_lock)
        {
            _items.RemoveRange(index, _items.Count - index);
        }
    }

    public Task WaitForCountAsync(int count, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_items.Count >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            return reached.Task.WaitAsync(cancellationToken);
        }
    }
}
