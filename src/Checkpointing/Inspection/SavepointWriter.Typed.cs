using System.Buffers;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Inspection;

/// <content>Keyed state as values. A row's key group is found from its key, whatever its entry says.</content>
public sealed partial class SavepointWriter
{
    /// <summary>Writes a state with one value a key.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="keySerializer">Serializer of its keys.</param>
    /// <param name="descriptor">The state, declared as in the program. With a time to live, values get the time of now
    /// as their stamp.</param>
    /// <param name="rows">Keys and values, in any order, each key once.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    /// <exception cref="ArgumentException">The state is written already, or the keys' serializer is not
    /// canonical.</exception>
    public ValueTask WriteAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        ValueStateDescriptor<T> descriptor,
        IAsyncEnumerable<(TKey Key, T Value)> rows,
        CancellationToken cancellationToken = default)
        where TKey : notnull =>
        WriteAsync(operatorName, keySerializer, descriptor, WithoutNamespace(rows, CancellationToken.None),
            cancellationToken);

    /// <inheritdoc cref="WriteAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// IAsyncEnumerable{ValueTuple{TKey, T}}, CancellationToken)"/>
    public ValueTask WriteAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        ValueStateDescriptor<T> descriptor,
        IAsyncEnumerable<KeyedStateEntry<TKey, T>> rows,
        CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return WriteRowsAsync(operatorName, keySerializer, descriptor, rows,
            (target, value) => ([], Stamped(descriptor, target.Encode(descriptor.ValueSerializer, value))),
            cancellationToken);
    }

    /// <summary>Writes a reducing state: the value that elements were folded into.</summary>
    /// <inheritdoc cref="WriteAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// IAsyncEnumerable{ValueTuple{TKey, T}}, CancellationToken)"/>
    public ValueTask WriteAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        ReducingStateDescriptor<T> descriptor,
        IAsyncEnumerable<KeyedStateEntry<TKey, T>> rows,
        CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return WriteRowsAsync(operatorName, keySerializer, descriptor, rows,
            (target, value) => ([], Stamped(descriptor, target.Encode(descriptor.ValueSerializer, value))),
            cancellationToken);
    }

    /// <summary>Writes an aggregating state: accumulators.</summary>
    /// <inheritdoc cref="WriteAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// IAsyncEnumerable{ValueTuple{TKey, T}}, CancellationToken)"/>
    public ValueTask WriteAsync<TKey, TIn, TAccumulator, TOut>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        AggregatingStateDescriptor<TIn, TAccumulator, TOut> descriptor,
        IAsyncEnumerable<KeyedStateEntry<TKey, TAccumulator>> rows,
        CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return WriteRowsAsync(operatorName, keySerializer, descriptor, rows,
            (target, value) => ([], Stamped(descriptor, target.Encode(descriptor.AccumulatorSerializer, value))),
            cancellationToken);
    }

    /// <summary>Writes a state with a list a key. A key may come several times: its lists are put together as they
    /// come.</summary>
    /// <inheritdoc cref="WriteAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// IAsyncEnumerable{ValueTuple{TKey, T}}, CancellationToken)"/>
    public ValueTask WriteAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        ListStateDescriptor<T> descriptor,
        IAsyncEnumerable<KeyedStateEntry<TKey, IReadOnlyList<T>>> rows,
        CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        var elements = new ArrayBufferWriter<byte>();
        return WriteRowsAsync(operatorName, keySerializer, descriptor, rows,
            (target, values) =>
            {
                elements.ResetWrittenCount();
                foreach (var value in values)
                {
                    KeyedRowKey.WritePart(
                        Stamped(descriptor, target.Encode(descriptor.ElementSerializer, value)), elements);
                }

                return ([], elements.WrittenSpan.ToArray());
            },
            cancellationToken);
    }

    /// <summary>Writes a state with a map a key, entry by entry.</summary>
    /// <inheritdoc cref="WriteAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// IAsyncEnumerable{ValueTuple{TKey, T}}, CancellationToken)"/>
    public ValueTask WriteAsync<TKey, TMapKey, TValue>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        MapStateDescriptor<TMapKey, TValue> descriptor,
        IAsyncEnumerable<KeyedStateEntry<TKey, KeyValuePair<TMapKey, TValue>>> rows,
        CancellationToken cancellationToken = default)
        where TKey : notnull
        where TMapKey : notnull
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return WriteRowsAsync(operatorName, keySerializer, descriptor, rows,
            (target, entry) => (
                target.Encode(descriptor.KeySerializer, entry.Key),
                Stamped(descriptor, target.Encode(descriptor.ValueSerializer, entry.Value))),
            cancellationToken);
    }

    /// <summary>Writes event-time timers.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="keySerializer">Serializer of its keys.</param>
    /// <param name="timers">Keys, namespaces and times, in any order; the same one twice is one.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    public ValueTask WriteTimersAsync<TKey>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        IAsyncEnumerable<KeyedStateEntry<TKey, Timestamp>> timers,
        CancellationToken cancellationToken = default)
        where TKey : notnull =>
        WriteTimersAsync(operatorName, keySerializer, TimeDomain.EventTime, timers, cancellationToken);

    /// <summary>Writes timers that follow one clock. The other one's may follow in a call of their own.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="keySerializer">Serializer of its keys.</param>
    /// <param name="domain">The clock. One of processing time that is over when the job starts fires at once.</param>
    /// <param name="timers">Keys, namespaces and times, in any order; the same one twice is one.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    public ValueTask WriteTimersAsync<TKey>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        TimeDomain domain,
        IAsyncEnumerable<KeyedStateEntry<TKey, Timestamp>> timers,
        CancellationToken cancellationToken = default)
        where TKey : notnull =>
        WriteRowsAsync(operatorName, keySerializer, TimerStateDescriptor.Instance, timers,
            domain == TimeDomain.ProcessingTime
                ? static (target, time) => (
                    [.. target.Encode(StateSerializer.Timestamp, time), TimerStateDescriptor.ProcessingTimeMark], [])
                : static (target, time) => (target.Encode(StateSerializer.Timestamp, time), []),
            cancellationToken);

    private async ValueTask WriteRowsAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        StateDescriptor descriptor,
        IAsyncEnumerable<KeyedStateEntry<TKey, T>> rows,
        Func<SavepointOperator, T, (byte[] UserKey, byte[] Value)> encode,
        CancellationToken cancellationToken)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(keySerializer);
        ArgumentNullException.ThrowIfNull(rows);
        if (!keySerializer.IsCanonical || descriptor.UserKey is { IsCanonical: false })
        {
            throw new ArgumentException(
                $"The keys of state '{descriptor.Name}' have a serializer that is not canonical: equal keys could have "
                + "different bytes.", nameof(keySerializer));
        }

        var target = Operator(operatorName);
        var description = descriptor.Describe(keySerializer);
        var index = descriptor is TimerStateDescriptor
            ? target.DeclareTimers(description)
            : target.Declare(description);
        await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            CheckNamespace(descriptor, row.Namespace.Length);
            var (userKey, value) = encode(target, row.Value);
            if (descriptor.Kind != StateKind.List || value.Length > 0)
            {
                await target.AddAsync(
                    index, target.Encode(keySerializer, row.Key), row.Namespace.Span, userKey, value, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    private static void CheckNamespace(StateDescriptor descriptor, int length)
    {
        if (descriptor.Kind != StateKind.Timer && descriptor.Namespace is null != (length == 0))
        {
            throw new ArgumentException(descriptor.Namespace is null
                ? $"State '{descriptor.Name}' is kept without namespaces, but a row has one."
                : $"State '{descriptor.Name}' is kept by namespace, but a row has none.");
        }
    }

    private byte[] Stamped(StateDescriptor descriptor, byte[] value)
    {
        if (descriptor.TimeToLive is null)
        {
            return value;
        }

        var stamped = new ArrayBufferWriter<byte>(value.Length + StateExpiry.StampSize);
        StateExpiry.WriteStamp(StateExpiry.NowOf(_options.Time), stamped);
        stamped.Write(value);
        return stamped.WrittenSpan.ToArray();
    }
}
