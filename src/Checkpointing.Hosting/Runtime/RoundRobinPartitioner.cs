namespace Checkpointing.Hosting.Runtime;

/// <summary>Sends records to one target after the other.</summary>
/// <param name="first">Where it begins, so that not all senders begin at the same one.</param>
/// <param name="targetCount">Number of targets.</param>
internal sealed class RoundRobinPartitioner<T>(int first, int targetCount) : Partitioner<T>
{
    private int _next = first % targetCount;

    public override int Select(T value)
    {
        var selected = _next;
        _next = selected + 1 == targetCount ? 0 : selected + 1;
        return selected;
    }
}
