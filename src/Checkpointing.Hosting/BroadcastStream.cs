namespace Checkpointing.Hosting;

/// <summary>A stream whose records go to all subtasks of the operator that it is connected to.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class BroadcastStream<T>
{
    internal BroadcastStream(DataStream<T> stream) => Stream = stream;

    internal DataStream<T> Stream { get; }
}
