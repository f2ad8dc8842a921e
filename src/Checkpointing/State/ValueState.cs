using System.Diagnostics.CodeAnalysis;

namespace Checkpointing.State;

/// <summary>One value of the current key. Values count as immutable: to change one, set another.</summary>
/// <remarks>All members need a key scope (else <see cref="InvalidOperationException"/>); one caller at a
/// time.</remarks>
public sealed class ValueState<T>
{
    private readonly KeyedStateAccess _access;
    private readonly StateSerializer<T> _serializer;

    internal ValueState(KeyedStateAccess access, StateSerializer<T> serializer) =>
        (_access, _serializer) = (access, serializer);

    /// <summary>Reads the value.</summary>
    /// <returns>False if there is none.</returns>
    /// <exception cref="CheckpointCorruptException">The stored bytes are no such value.</exception>
    public bool TryGet([MaybeNullWhen(false)] out T value) =>
        _access.TryReadValue(_access.Prefix(), _serializer, out value);

    /// <summary>The value, or the default of its type if there is none.</summary>
    public T? GetOrDefault() => TryGet(out var value) ? value : default;

    /// <summary>The value, or another if there is none.</summary>
    public T GetOrDefault(T fallback) => TryGet(out var value) ? value : fallback;

    /// <summary>Stores a value.</summary>
    public void Set(T value) => _access.Put(_access.Prefix(), value, _serializer);

    /// <summary>Stores what <paramref name="change"/> makes of the value (the default of its type if there is
    /// none).</summary>
    /// <returns>The new value.</returns>
    public T Update(Func<T?, T> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var value = change(
            _access.TryReadValue(_access.Prefix(), _serializer, out var old, refresh: false) ? old : default);
        Set(value);
        return value;
    }

    /// <summary>Removes the value.</summary>
    public void Clear() => _access.Delete(_access.Prefix());

    /// <summary>Reads the bytes that the serializer wrote, without making an object.</summary>
    /// <param name="bytes">Valid until the next access of this state.</param>
    /// <returns>False if there is no value.</returns>
    public bool TryGetBytes(out ReadOnlySpan<byte> bytes) => _access.TryRead(_access.Prefix(), out bytes);

    /// <summary>Stores bytes as the serializer would write them; they are not checked.</summary>
    public void SetBytes(ReadOnlySpan<byte> bytes) => _access.PutBytes(_access.Prefix(), bytes);
}
