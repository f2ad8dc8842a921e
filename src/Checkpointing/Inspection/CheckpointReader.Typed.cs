using System.Runtime.CompilerServices;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Inspection;

/// <content>Keyed state as values.</content>
public sealed partial class CheckpointReader
{
    /// <summary>All values of a keyed state, by key group.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="keySerializer">Serializer of its keys.</param>
    /// <param name="descriptor">The state, declared as in the program. What has expired by its time to live is left
    /// out.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    /// <exception cref="StateMigrationException">The state was stored by a serializer that does not fit.</exception>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no such operator or state.</exception>
    public IAsyncEnumerable<KeyedStateEntry<TKey, T>> ReadAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        ValueStateDescriptor<T> descriptor,
        CancellationToken cancellationToken = default)
        where TKey : notnull =>
        ReadRowsAsync(operatorName, keySerializer, descriptor, DecodeValue(operatorName, Checked(descriptor)
            .ValueSerializer),
            cancellationToken);

    /// <inheritdoc cref="ReadAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// CancellationToken)"/>
    public IAsyncEnumerable<KeyedStateEntry<TKey, T>> ReadAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        ReducingStateDescriptor<T> descriptor,
        CancellationToken cancellationToken = default)
        where TKey : notnull =>
        ReadRowsAsync(operatorName, keySerializer, descriptor, DecodeValue(operatorName, Checked(descriptor)
            .ValueSerializer),
            cancellationToken);

    /// <summary>All accumulators of a keyed state, by key group.</summary>
    /// <inheritdoc cref="ReadAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// CancellationToken)"/>
    public IAsyncEnumerable<KeyedStateEntry<TKey, TAccumulator>> ReadAsync<TKey, TIn, TAccumulator, TOut>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        AggregatingStateDescriptor<TIn, TAccumulator, TOut> descriptor,
        CancellationToken cancellationToken = default)
        where TKey : notnull =>
        ReadRowsAsync(operatorName, keySerializer, descriptor, DecodeValue(operatorName, Checked(descriptor)
            .AccumulatorSerializer),
            cancellationToken);

    /// <summary>All lists of a keyed state, by key group; none is empty.</summary>
    /// <inheritdoc cref="ReadAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// CancellationToken)"/>
    public IAsyncEnumerable<KeyedStateEntry<TKey, IReadOnlyList<T>>> ReadAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        ListStateDescriptor<T> descriptor,
        CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        var serializer = Checked(descriptor).ElementSerializer;
        return ReadRowsAsync<TKey, IReadOnlyList<T>>(
            operatorName,
            keySerializer,
            descriptor,
            (row, stored, isLive) =>
            {
                var elements = new List<T>();
                var rest = row.Value.Span;
                while (!rest.IsEmpty)
                {
                    var element = StoredValue.TakePart(ref rest, operatorName, stored.Name);
                    if (isLive(element))
                    {
                        elements.Add(StoredValue.Read(
                            serializer, Unstamped(stored, element, operatorName), stored.Value!, operatorName,
                            stored.Name));
                    }
                }

                return elements.Count == 0 ? [] : [elements];
            },
            cancellationToken);
    }

    /// <summary>All entries of all maps of a keyed state, by key group; those of one key follow each other.</summary>
    /// <inheritdoc cref="ReadAsync{TKey, T}(string, StateSerializer{TKey}, ValueStateDescriptor{T},
    /// CancellationToken)"/>
    public IAsyncEnumerable<KeyedStateEntry<TKey, KeyValuePair<TMapKey, TValue>>> ReadAsync<TKey, TMapKey, TValue>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        MapStateDescriptor<TMapKey, TValue> descriptor,
        CancellationToken cancellationToken = default)
        where TKey : notnull
        where TMapKey : notnull
    {
        var (keys, values) = (Checked(descriptor).KeySerializer, descriptor.ValueSerializer);
        return ReadRowsAsync<TKey, KeyValuePair<TMapKey, TValue>>(
            operatorName,
            keySerializer,
            descriptor,
            (row, stored, isLive) => !isLive(row.Value.Span) ? [] :
            [
                new(
                    StoredValue.Read(keys, row.UserKey.Span, keys.Identity, operatorName, stored.Name),
                    StoredValue.Read(
                        values, Unstamped(stored, row.Value.Span, operatorName), stored.Value!, operatorName,
                        stored.Name)),
            ],
            cancellationToken);
    }

    /// <summary>All timers of event time of an operator, by key group.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="keySerializer">Serializer of its keys.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no such operator, or it has no
    /// timers.</exception>
    public IAsyncEnumerable<KeyedStateEntry<TKey, Timestamp>> ReadTimersAsync<TKey>(
        string operatorName, StateSerializer<TKey> keySerializer, CancellationToken cancellationToken = default)
        where TKey : notnull =>
        ReadTimersAsync(operatorName, keySerializer, TimeDomain.EventTime, cancellationToken);

    /// <summary>All timers of an operator that follow one clock, by key group.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="keySerializer">Serializer of its keys.</param>
    /// <param name="domain">The clock.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no such operator, or it has no
    /// timers.</exception>
    public async IAsyncEnumerable<KeyedStateEntry<TKey, Timestamp>> ReadTimersAsync<TKey>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        TimeDomain domain,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(keySerializer);
        const string State = TimerStateDescriptor.ReservedName;
        await foreach (var row in ReadRawAsync(operatorName, State, cancellationToken).ConfigureAwait(false))
        {
            if (TimerStateDescriptor.DomainOf(row.UserKey.Span) != domain)
            {
                continue;
            }

            yield return new(
                row.KeyGroup,
                StoredValue.Read(keySerializer, row.Key.Span, keySerializer.Identity, operatorName, State),
                row.Namespace,
                StoredValue.Read(
                    StateSerializer.Timestamp, TimerStateDescriptor.TimeOf(row.UserKey.Span),
                    StateSerializer.Timestamp.Identity, operatorName,
                    State));
        }
    }

    private static T Checked<T>(T descriptor)
        where T : StateDescriptor
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return descriptor;
    }

    private static RowDecoder<T> DecodeValue<T>(string operatorName, StateSerializer<T> serializer) =>
        (row, stored, isLive) => !isLive(row.Value.Span) ? [] :
        [
            StoredValue.Read(
                serializer, Unstamped(stored, row.Value.Span, operatorName), stored.Value!, operatorName, stored.Name),
        ];

    private static ReadOnlySpan<byte> Unstamped(
        StateDescription stored, ReadOnlySpan<byte> value, string operatorName) => !stored.IsStamped
            ? value
            : StoredValue.CheckStamped(value, operatorName, stored.Name)[StateExpiry.StampSize..];

    private async IAsyncEnumerable<KeyedStateEntry<TKey, T>> ReadRowsAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        StateDescriptor descriptor,
        RowDecoder<T> decode,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(keySerializer);
        var found = Find(operatorName);
        var stored = Find(found, operatorName, descriptor.Name);
        var context = ContextOf(operatorName, found, descriptor);
        StateCompatibility.Check(context, [stored], [descriptor], keySerializer);
        var expiry = stored.IsStamped && descriptor.TimeToLive is { } live
            ? new StateExpiry(live.Duration, context.Time)
            : null;
        var now = StateExpiry.NowOf(context.Time);
        bool IsLive(ReadOnlySpan<byte> stamped) => expiry is null || !expiry.IsExpired(
            StateExpiry.ReadStamp(StoredValue.CheckStamped(stamped, operatorName, stored.Name)), now);
        await foreach (var row in ReadRawAsync(operatorName, descriptor.Name, cancellationToken).ConfigureAwait(false))
        {
            foreach (var value in decode(row, stored, IsLive))
            {
                yield return new(
                    row.KeyGroup,
                    StoredValue.Read(
                        keySerializer, row.Key.Span, keySerializer.Identity, operatorName, descriptor.Name),
                    row.Namespace,
                    value);
            }
        }
    }

    private delegate IReadOnlyList<T> RowDecoder<T>(RawStateEntry row, StateDescription stored, LiveTest isLive);

    private delegate bool LiveTest(ReadOnlySpan<byte> stamped);
}
