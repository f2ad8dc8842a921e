using System.Diagnostics.CodeAnalysis;

namespace Checkpointing.State;

/// <summary>One value of the current key into which elements are folded.</summary>
/// <remarks>All members need a key scope (else <see cref="InvalidOperationException"/>); one caller at a
/// time.</remarks>
public sealed class ReducingState<T>
{
    private readonly KeyedStateAccess _access;
    private readonly StateSerializer<T> _serializer;
    private readonly Func<T, T, T> _reduce;
    private readonly bool _mayMerge;

    internal ReducingState(
        KeyedStateAccess access, StateSerializer<T> serializer, Func<T, T, T> reduce, bool mayMerge) =>
        (_access, _serializer, _reduce, _mayMerge) = (access, serializer, reduce, mayMerge);

    /// <summary>Folds an element in; the first one is the value.</summary>
    public void Add(T element)
    {
        if (_mayMerge && _access.TryMerge(_access.Prefix(), element, _serializer))
        {
            return;
        }

        var found = _access.TryReadValue(_access.Prefix(), _serializer, out var value, refresh: false);
        _access.Put(_access.Prefix(), found ? _reduce(value!, element) : element, _serializer);
    }

    /// <summary>Reads the value.</summary>
    /// <returns>False if nothing was added.</returns>
    /// <exception cref="CheckpointCorruptException">The stored bytes are no such value.</exception>
    public bool TryGet([MaybeNullWhen(false)] out T value) =>
        _access.TryReadValue(_access.Prefix(), _serializer, out value);

    /// <summary>The value, or the default of its type if nothing was added.</summary>
    public T? GetOrDefault() => TryGet(out var value) ? value : default;

    /// <summary>Removes the value.</summary>
    public void Clear() => _access.Delete(_access.Prefix());
}
