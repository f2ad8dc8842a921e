using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Takes the records of one stream inside a subtask.</summary>
internal abstract class Collector<T>
{
    public abstract void Collect(T value, Timestamp time);
}

/// <summary>A stateless step that is chained into the subtask before it.</summary>
internal sealed class MapCollector<TIn, TOut>(Func<TIn, TOut> map, Collector<TOut> next) : Collector<TIn>
{
    public override void Collect(TIn value, Timestamp time) => next.Collect(map(value), time);
}

/// <summary>A stateless filter that is chained into the subtask before it.</summary>
internal sealed class FilterCollector<T>(Func<T, bool> predicate, Collector<T> next) : Collector<T>
{
    public override void Collect(T value, Timestamp time)
    {
        if (predicate(value))
        {
            next.Collect(value, time);
        }
    }
}

/// <summary>Gives each record to all edges of a subtask.</summary>
internal sealed class BroadcastCollector<T>(IReadOnlyList<Collector<T>> targets) : Collector<T>
{
    private readonly Collector<T>[] _targets = [.. targets];

    public override void Collect(T value, Timestamp time)
    {
        foreach (var target in _targets)
        {
            target.Collect(value, time);
        }
    }
}
