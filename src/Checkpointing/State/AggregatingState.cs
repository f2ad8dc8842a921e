using System.Diagnostics.CodeAnalysis;

namespace Checkpointing.State;

/// <summary>An accumulator of the current key, and the result read out of it.</summary>
/// <remarks>All members need a key scope (else <see cref="InvalidOperationException"/>); one caller at a
/// time.</remarks>
public sealed class AggregatingState<TIn, TAccumulator, TOut>
{
    private readonly KeyedStateAccess _access;
    private readonly StateSerializer<TAccumulator> _serializer;
    private readonly Aggregator<TIn, TAccumulator, TOut> _aggregator;

    internal AggregatingState(
        KeyedStateAccess access, StateSerializer<TAccumulator> serializer,
        Aggregator<TIn, TAccumulator, TOut> aggregator) =>
        (_access, _serializer, _aggregator) = (access, serializer, aggregator);

    /// <summary>Adds an element to the accumulator.</summary>
    public void Add(TIn element)
    {
        var accumulator = TryRead(out var found, refresh: false) ? found : _aggregator.CreateAccumulator();
        _access.Put(_access.Prefix(), _aggregator.Add(accumulator, element), _serializer);
    }

    /// <summary>Reads the result.</summary>
    /// <returns>False if nothing was added.</returns>
    /// <exception cref="CheckpointCorruptException">The stored bytes are no such accumulator.</exception>
    public bool TryGet([MaybeNullWhen(false)] out TOut result)
    {
        if (TryRead(out var accumulator))
        {
            result = _aggregator.GetResult(accumulator);
            return true;
        }

        result = default;
        return false;
    }

    /// <summary>The result, or the default of its type if nothing was added.</summary>
    public TOut? GetOrDefault() => TryGet(out var result) ? result : default;

    /// <summary>Removes the accumulator.</summary>
    public void Clear() => _access.Delete(_access.Prefix());

    private bool TryRead([MaybeNullWhen(false)] out TAccumulator accumulator, bool refresh = true) =>
        _access.TryReadValue(_access.Prefix(), _serializer, out accumulator, refresh);
}
