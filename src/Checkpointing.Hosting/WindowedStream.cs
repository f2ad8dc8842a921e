using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Hosting;

/// <summary>A keyed stream that is cut into windows.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class WindowedStream<TKey, T>
    where TKey : notnull
{
    private readonly KeyedStream<TKey, T> _stream;
    private readonly TumblingWindows _windows;

    internal WindowedStream(KeyedStream<TKey, T> stream, TumblingWindows windows)
    {
        _stream = stream;
        _windows = windows;
    }

    /// <summary>Folds the records of each key and window; the result goes out when the watermark passes the window's
    /// end.</summary>
    /// <remarks>A record whose window is closed already is dropped and counted
    /// (<see cref="RunningJob.LateElementsDropped"/>).</remarks>
    /// <param name="name">Name of the operator.</param>
    /// <param name="aggregator">What is folded, and how.</param>
    /// <param name="makeOutput">Makes a record of key, window and result. Its event time is the window's last
    /// millisecond.</param>
    /// <param name="accumulatorSerializer">Default: the built-in one of the type.</param>
    public DataStream<TOut> Aggregate<TAccumulator, TResult, TOut>(
        string name,
        Aggregator<T, TAccumulator, TResult> aggregator,
        Func<TKey, TimeWindow, TResult, TOut> makeOutput,
        StateSerializer<TAccumulator>? accumulatorSerializer = null)
    {
        ArgumentNullException.ThrowIfNull(aggregator);
        ArgumentNullException.ThrowIfNull(makeOutput);
        var windows = _windows;
        return _stream.Process(name, () => new AggregateWindowOperator<TKey, T, TAccumulator, TResult, TOut>(
            windows, aggregator, accumulatorSerializer, makeOutput));
    }

    /// <summary>Folds the records of each key and window into one of their type; it goes out when the watermark passes
    /// the window's end.</summary>
    /// <remarks>Late records are dropped and counted, as by
    /// <see cref="Aggregate{TAccumulator, TResult, TOut}"/>.</remarks>
    /// <param name="name">Name of the operator.</param>
    /// <param name="reduce">Takes what the window has so far and a record, gives what it has now. Pure.</param>
    /// <param name="serializer">Of records. Default: the built-in one of the type.</param>
    public DataStream<T> Reduce(string name, Func<T, T, T> reduce, StateSerializer<T>? serializer = null) =>
        Reduce(name, reduce, static (_, _, reduced) => reduced, serializer);

    /// <summary>Folds the records of each key and window into one of their type; what is made of it goes out when the
    /// watermark passes the window's end.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="reduce">Takes what the window has so far and a record, gives what it has now. Pure.</param>
    /// <param name="makeOutput">Makes a record of key, window and result. Its event time is the window's last
    /// millisecond.</param>
    /// <param name="serializer">Of records. Default: the built-in one of the type.</param>
    public DataStream<TOut> Reduce<TOut>(
        string name, Func<T, T, T> reduce, Func<TKey, TimeWindow, T, TOut> makeOutput,
        StateSerializer<T>? serializer = null)
    {
        ArgumentNullException.ThrowIfNull(reduce);
        ArgumentNullException.ThrowIfNull(makeOutput);
        var windows = _windows;
        ReducingStateDescriptor<T> descriptor =
            new("window", reduce, serializer) { Namespace = TimeWindow.Serializer };
        return _stream.Process(name, () => new ReduceWindowOperator<TKey, T, TOut>(windows, descriptor, makeOutput));
    }
}
