using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>A map of the operator of which every subtask holds the same copy. Values count as immutable.</summary>
/// <remarks>One caller at a time. Whoever changes it sees to it that all subtasks change their copies alike; a restore
/// gives each subtask one of the stored copies.</remarks>
/// <typeparam name="TKey">Keys of the map.</typeparam>
/// <typeparam name="TValue">Values.</typeparam>
public sealed class BroadcastState<TKey, TValue> : IStoredOperatorState
    where TKey : notnull
{
    private readonly BroadcastStateDescriptor<TKey, TValue> _descriptor;
    private readonly string _operatorName;
    private Dictionary<TKey, TValue> _entries = [];
    private bool _isShared;

    internal BroadcastState(BroadcastStateDescriptor<TKey, TValue> descriptor, string operatorName)
    {
        (_descriptor, _operatorName) = (descriptor, operatorName);
        ReadOnly = new(this);
    }

    /// <summary>The same map, to read only.</summary>
    public ReadOnlyBroadcastState<TKey, TValue> ReadOnly { get; }

    /// <summary>Number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>The entries now, in no order that means anything.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> Entries => _entries;

    StateDescriptor IStoredOperatorState.Descriptor => _descriptor;

    OperatorStateMode IStoredOperatorState.Mode => OperatorStateMode.Broadcast;

    /// <summary>Reads a value.</summary>
    /// <returns>False if there is no such entry.</returns>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(key, out value);

    /// <summary>The value, or the default of its type if there is no such entry.</summary>
    public TValue? GetOrDefault(TKey key) => _entries.GetValueOrDefault(key);

    /// <summary>Whether there is such an entry.</summary>
    public bool ContainsKey(TKey key) => _entries.ContainsKey(key);

    /// <summary>Writes a value.</summary>
    public void Set(TKey key, TValue value) => Own()[key] = value;

    /// <summary>Removes an entry.</summary>
    /// <returns>False if there was none.</returns>
    public bool Remove(TKey key) => Own().Remove(key);

    /// <summary>Removes all entries.</summary>
    public void Clear() => (_entries, _isShared) = ([], false);

    void IStoredOperatorState.AddStored(ReadOnlySpan<byte> item, SerializerIdentity stored)
    {
        var rest = item;
        var keyBytes = StoredValue.TakePart(ref rest, _operatorName, _descriptor.Name);
        var keySerializer = _descriptor.KeySerializer;
        var key = StoredValue.Read(
            keySerializer, keyBytes, keySerializer.Identity, _operatorName, _descriptor.Name);
        Set(key, StoredValue.Read(_descriptor.ValueSerializer, rest, stored, _operatorName, _descriptor.Name));
    }

    IOperatorStateSnapshot IStoredOperatorState.TakeSnapshot()
    {
        _isShared = true;
        return new Snapshot(_entries, _descriptor.KeySerializer, _descriptor.ValueSerializer);
    }

    // A snapshot may still be writing the old map.
    private Dictionary<TKey, TValue> Own()
    {
        if (_isShared)
        {
            _entries = new(_entries);
            _isShared = false;
        }

        return _entries;
    }

    private sealed class Snapshot(
        Dictionary<TKey, TValue> entries, StateSerializer<TKey> keySerializer, StateSerializer<TValue> valueSerializer)
        : IOperatorStateSnapshot
    {
        private (byte[] Key, TValue Value)[]? _ordered;

        public int Count => entries.Count;

        public void WriteItem(int index, IBufferWriter<byte> target)
        {
            var (key, value) = (_ordered ??= Order())[index];
            KeyedRowKey.WritePart(key, target);
            valueSerializer.Write(value, target);
        }

        // By the bytes of the keys: so all subtasks write the same bytes, whatever the order of their changes was.
        private (byte[] Key, TValue Value)[] Order()
        {
            var bytes = new ArrayBufferWriter<byte>();
            var ordered = new List<(byte[] Key, TValue Value)>(entries.Count);
            foreach (var (key, value) in entries)
            {
                bytes.ResetWrittenCount();
                keySerializer.Write(key, bytes);
                ordered.Add((bytes.WrittenSpan.ToArray(), value));
            }

            ordered.Sort(static (left, right) => left.Key.AsSpan().SequenceCompareTo(right.Key));
            return [.. ordered];
        }
    }
}
