using System.Diagnostics.CodeAnalysis;

namespace Checkpointing.State;

/// <summary>A map of the current key; each entry is stored on its own.</summary>
/// <remarks>All members need a key scope (else <see cref="InvalidOperationException"/>); one caller at a
/// time.</remarks>
public sealed class MapState<TKey, TValue>
    where TKey : notnull
{
    private readonly KeyedStateAccess _access;
    private readonly StateSerializer<TKey> _keySerializer;
    private readonly StateSerializer<TValue> _valueSerializer;

    internal MapState(
        KeyedStateAccess access, StateSerializer<TKey> keySerializer, StateSerializer<TValue> valueSerializer) =>
        (_access, _keySerializer, _valueSerializer) = (access, keySerializer, valueSerializer);

    /// <summary>Whether there is no entry.</summary>
    public bool IsEmpty
    {
        get
        {
            var cursor = _access.BeginScan(_access.Prefix());
            try
            {
                while (cursor.MoveNext())
                {
                    var value = cursor.Value;
                    if (_access.TryTakeLive(ref value))
                    {
                        return false;
                    }
                }

                return true;
            }
            finally
            {
                _access.EndScan(cursor);
            }
        }
    }

    /// <summary>Reads the value of an entry.</summary>
    /// <returns>False if there is none.</returns>
    /// <exception cref="CheckpointCorruptException">The stored bytes are no such value.</exception>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) =>
        _access.TryReadValue(_access.Row(key, _keySerializer), _valueSerializer, out value);

    /// <summary>The value of an entry, or the default of its type if there is none.</summary>
    public TValue? GetOrDefault(TKey key) => TryGet(key, out var value) ? value : default;

    /// <summary>The value of an entry, or another if there is none.</summary>
    public TValue GetOrDefault(TKey key, TValue fallback) => TryGet(key, out var value) ? value : fallback;

    /// <summary>Whether there is an entry of this key.</summary>
    public bool ContainsKey(TKey key) => _access.TryRead(_access.Row(key, _keySerializer), out _);

    /// <summary>Stores an entry.</summary>
    public void Set(TKey key, TValue value) => _access.Put(_access.Row(key, _keySerializer), value, _valueSerializer);

    /// <summary>Stores what <paramref name="change"/> makes of an entry's value (the default of its type if there is
    /// none).</summary>
    /// <returns>The new value.</returns>
    public TValue Update(TKey key, Func<TValue?, TValue> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var row = _access.Row(key, _keySerializer);
        var value = change(_access.TryReadValue(row, _valueSerializer, out var old, refresh: false) ? old : default);
        Set(key, value);
        return value;
    }

    /// <summary>Removes an entry; one that is not there is no error.</summary>
    public void Remove(TKey key) => _access.Delete(_access.Row(key, _keySerializer));

    /// <summary>Removes all entries.</summary>
    public void Clear() => _access.DeleteAll(_access.Prefix());

    /// <summary>Walks over the entries in the order of the keys' bytes. Until disposed, changing the map
    /// throws.</summary>
    public Enumerator GetEnumerator()
    {
        var prefix = _access.Prefix();
        return new(this, _access.BeginScan(prefix), prefix.Length);
    }

    /// <summary>Walks over a map.</summary>
    public ref struct Enumerator : IDisposable
    {
        private readonly MapState<TKey, TValue> _map;
        private readonly int _prefixLength;
        private KeyedStateCursor? _cursor;

        internal Enumerator(MapState<TKey, TValue> map, KeyedStateCursor cursor, int prefixLength)
        {
            (_map, _cursor, _prefixLength) = (map, cursor, prefixLength);
            Current = default;
        }

        /// <summary>The current entry.</summary>
        public KeyValuePair<TKey, TValue> Current { get; private set; }

        /// <summary>Moves to the next entry.</summary>
        /// <exception cref="CheckpointCorruptException">The stored bytes are no such entry.</exception>
        public bool MoveNext()
        {
            var access = _map._access;
            while (_cursor is { } cursor && cursor.MoveNext())
            {
                var value = cursor.Value;
                if (access.TryTakeLive(ref value))
                {
                    Current = new(
                        access.Decode(_map._keySerializer, cursor.Key[_prefixLength..]),
                        access.Decode(_map._valueSerializer, value));
                    if (access.IsObserved)
                    {
                        access.Observe(cursor.Key, Current.Value, _map._valueSerializer);
                    }

                    return true;
                }
            }

            return false;
        }

        /// <summary>Ends the enumeration.</summary>
        public void Dispose()
        {
            if (_cursor is { } cursor)
            {
                _cursor = null;
                _map._access.EndScan(cursor);
            }
        }
    }
}
