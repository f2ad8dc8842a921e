using System.Collections.Concurrent;
using Checkpointing.Hosting.Sinks;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Keeps what comes, with the subtask and the time it came with.</summary>
internal sealed class CollectingSink<T> : ISink<T>
{
    public ConcurrentQueue<(int Subtask, T Value, Timestamp Time)> Items { get; } = [];

    public SinkWriter<T> CreateWriter() => new Writer(this);

    private sealed class Writer(CollectingSink<T> sink) : SinkWriter<T>
    {
        private int _subtask;

        public override void Open(SinkContext context) => _subtask = context.SubtaskIndex;

        public override void Write(T value, Timestamp time) => sink.Items.Enqueue((_subtask, value, time));
    }
}
