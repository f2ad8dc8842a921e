using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Collects records in memory as they come: what is written again after a failure is there twice.</summary>
/// <remarks>For tests, and for services that read their results where they are made. Safe for concurrent calls. It
/// keeps everything until <see cref="TakeAll"/>; <see cref="InMemoryTwoPhaseSink{T}"/> collects exactly once.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class InMemorySink<T> : ISink<T>
{
    private readonly CollectedItems<T> _items = new();

    /// <summary>Number of records that are there now.</summary>
    public int Count => _items.Count;

    /// <summary>What is there now, copied, in the order of arrival.</summary>
    public IReadOnlyList<T> Items => _items.Copy();

    /// <summary>Takes out what is there now, in the order of arrival.</summary>
    public IReadOnlyList<T> TakeAll() => _items.TakeAll();

    /// <summary>Waits until at least so many records are there at once.</summary>
    public Task WaitForCountAsync(int count, CancellationToken cancellationToken = default) =>
        _items.WaitForCountAsync(count, cancellationToken);

    /// <inheritdoc/>
    public SinkWriter<T> CreateWriter() => new Writer(_items);

    private sealed class Writer(CollectedItems<T> items) : SinkWriter<T>
    {
        public override void Write(T value, Timestamp time) => items.Add(value);
    }
}
