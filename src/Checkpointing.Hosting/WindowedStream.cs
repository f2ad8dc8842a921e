using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Hosting;

/// <summary>A keyed stream that is cut into windows.</summary>
/// <remarks>
/// <para>A window of event time fires when the watermark reaches its last millisecond, and is forgotten when the
/// watermark has gone on by the allowed lateness. A record that comes in between makes it fire again, with all it holds
/// by then. A record that comes after is late: it is dropped and counted (<see
/// cref="RunningJob.LateElementsDropped"/>), or sent to a side output.</para>
/// <para>Results have the window's last millisecond as their event time.</para>
/// </remarks>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class WindowedStream<TKey, T>
    where TKey : notnull
{
    private const string StateName = "window";

    private readonly KeyedStream<TKey, T> _stream;
    private readonly WindowSettings<T> _settings;

    internal WindowedStream(KeyedStream<TKey, T> stream, WindowSettings<T> settings) =>
        (_stream, _settings) = (stream, settings);

    /// <summary>Keeps windows for a while after they have fired, so that late records still count.</summary>
    /// <param name="lateness">How far the watermark may have passed a window's last millisecond; at least zero.
    /// Default: zero.</param>
    /// <exception cref="InvalidOperationException">The windows are of processing time, where nothing is
    /// late.</exception>
    public WindowedStream<TKey, T> AllowLateness(TimeSpan lateness)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lateness, TimeSpan.Zero);
        ThrowIfNothingIsLate();
        return new(_stream, _settings with { AllowedLatenessMs = (long)lateness.TotalMilliseconds });
    }

    /// <summary>Sends records that are too late for all of their windows to a side output, instead of dropping and
    /// counting them: <see cref="OperatorStream{T}.SideOutput"/> of the operator gives them.</summary>
    /// <exception cref="InvalidOperationException">The windows are of processing time, where nothing is
    /// late.</exception>
    public WindowedStream<TKey, T> SendLateTo(OutputTag<T> tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        ThrowIfNothingIsLate();
        return new(_stream, _settings with { LateOutput = tag });
    }

    /// <summary>Folds the records of each key and window into an accumulator.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="aggregator">What is folded, and how.</param>
    /// <param name="makeOutput">Makes a record of key, window and result.</param>
    /// <param name="accumulatorSerializer">Default: the built-in one of the type.</param>
    public OperatorStream<TOut> Aggregate<TAccumulator, TResult, TOut>(
        string name,
        Aggregator<T, TAccumulator, TResult> aggregator,
        Func<TKey, TimeWindow, TResult, TOut> makeOutput,
        StateSerializer<TAccumulator>? accumulatorSerializer = null)
    {
        ArgumentNullException.ThrowIfNull(aggregator);
        ArgumentNullException.ThrowIfNull(makeOutput);
        var settings = _settings;
        AggregatingStateDescriptor<T, TAccumulator, TResult> descriptor =
            new(StateName, aggregator, accumulatorSerializer) { Namespace = TimeWindow.Serializer };
        return _stream.Process(name, () => new AggregateWindowOperator<TKey, T, TAccumulator, TResult, TOut>(
            settings, descriptor, makeOutput));
    }

    /// <summary>Folds the records of each key and window into one of their type.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="reduce">Takes what the window has so far and a record, gives what it has now. Pure.</param>
    /// <param name="serializer">Of records. Default: the built-in one of the type.</param>
    public OperatorStream<T> Reduce(string name, Func<T, T, T> reduce, StateSerializer<T>? serializer = null) =>
        Reduce(name, reduce, static (_, _, reduced) => reduced, serializer);

    /// <summary>Folds the records of each key and window into one of their type, and makes a result of that.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="reduce">Takes what the window has so far and a record, gives what it has now. Pure.</param>
    /// <param name="makeOutput">Makes a record of key, window and fold.</param>
    /// <param name="serializer">Of records. Default: the built-in one of the type.</param>
    public OperatorStream<TOut> Reduce<TOut>(
        string name, Func<T, T, T> reduce, Func<TKey, TimeWindow, T, TOut> makeOutput,
        StateSerializer<T>? serializer = null)
    {
        ArgumentNullException.ThrowIfNull(reduce);
        ArgumentNullException.ThrowIfNull(makeOutput);
        var settings = _settings;
        ReducingStateDescriptor<T> descriptor =
            new(StateName, reduce, serializer) { Namespace = TimeWindow.Serializer };
        return _stream.Process(name, () => new ReduceWindowOperator<TKey, T, TOut>(settings, descriptor, makeOutput));
    }

    /// <summary>Keeps all records of each key and window, and gives them to a function when the window fires.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="factory">Called once a subtask and attempt.</param>
    /// <param name="serializer">Of records. Default: the built-in one of the type.</param>
    public OperatorStream<TOut> Process<TOut>(
        string name, Func<WindowFunction<TKey, T, TOut>> factory, StateSerializer<T>? serializer = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var settings = _settings;
        ListStateDescriptor<T> descriptor = new(StateName, serializer) { Namespace = TimeWindow.Serializer };
        return _stream.Process(name, () => new ProcessWindowOperator<TKey, T, TOut>(settings, descriptor, factory()));
    }

    private void ThrowIfNothingIsLate()
    {
        if (!_settings.IsEventTime)
        {
            throw new InvalidOperationException(
                "In windows of processing time no record is late. Leave the lateness out, or take windows of event "
                + "time.");
        }
    }
}
