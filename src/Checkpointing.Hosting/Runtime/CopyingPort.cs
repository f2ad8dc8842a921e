using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Sends every record to all targets. They share the batches: those are immutable once sent.</summary>
internal sealed class CopyingPort<T>(IReadOnlyList<Route> routes, Outbox outbox, int batchSize)
    : OutputPort<T>(routes, null, outbox, batchSize)
{
    private RecordBatch<T>? _batch;

    protected override void Collect(T value, Timestamp time)
    {
        _batch ??= new(BatchSize);
        _batch.Add(value, time);
        if (_batch.IsFull)
        {
            Flush();
        }
    }

    protected override void Flush()
    {
        if (_batch is { } batch)
        {
            _batch = null;
            foreach (var route in Routes)
            {
                Outbox.Elements.Add((route, batch));
            }
        }
    }
}
