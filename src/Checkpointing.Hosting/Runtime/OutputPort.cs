using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>The sending end of one edge at one subtask.</summary>
internal abstract class OutputPort
{
    /// <summary>Sends what is held back, so that nothing waits for a batch to fill.</summary>
    public abstract void Flush();

    /// <summary>Sends a watermark, barrier or end to all targets, behind all records.</summary>
    public abstract void SendToAll(StreamElement control);
}

/// <summary>Chooses the target of a record. One instance a subtask.</summary>
internal abstract class Partitioner<T>
{
    /// <summary>Index of the target subtask, 0 to the downstream parallelism - 1.</summary>
    public abstract int Select(T value);
}

/// <summary>Batches records by target and puts them into the outbox.</summary>
internal class OutputPort<T>(
    IReadOnlyList<Route> routes, Partitioner<T>? partitioner, Outbox outbox, int batchSize)
{
    private readonly RecordBatch<T>?[] _open = new RecordBatch<T>?[routes.Count];

    protected IReadOnlyList<Route> Routes => routes;

    protected Outbox Outbox => outbox;

    protected int BatchSize => batchSize;

    public OutputPort AsPort() => new Port(this);

    public Collector<T> AsCollector() => new Entrance(this);

    protected virtual void Collect(T value, Timestamp time)
    {
        var target = partitioner is null ? 0 : partitioner.Select(value);
        var batch = _open[target] ??= new RecordBatch<T>(batchSize);
        batch.Add(value, time);
        if (batch.IsFull)
        {
            Send(target, batch);
        }
    }

    protected virtual void Flush()
    {
        for (var target = 0; target < _open.Length; target++)
        {
            if (_open[target] is { } batch)
            {
                Send(target, batch);
            }
        }
    }

    private void Send(int target, RecordBatch<T> batch)
    {
        _open[target] = null;
        outbox.Elements.Add((routes[target], batch));
    }

    private void SendToAll(StreamElement control)
    {
        Flush();
        foreach (var route in routes)
        {
            outbox.Elements.Add((route, control));
        }
    }

    // Two faces of one object: what a class cannot be is a collector and a port at once.
    private sealed class Entrance(OutputPort<T> owner) : Collector<T>
    {
        public override void Collect(T value, Timestamp time) => owner.Collect(value, time);
    }

    private sealed class Port(OutputPort<T> owner) : OutputPort
    {
        public override void Flush() => owner.Flush();

        public override void SendToAll(StreamElement control) => owner.SendToAll(control);
    }
}
