using System.Buffers;

namespace Checkpointing.State;

// Walking over the state of all keys: to look at stored state, not for the processing of elements.
public sealed partial class KeyedState<TKey>
{
    /// <summary>All keys that have something in a state, by key group and then by the key's length and bytes.</summary>
    /// <remarks>Needs no key scope. The state must not be changed during the enumeration.</remarks>
    public IEnumerable<TKey> GetKeys(StateDescriptor descriptor)
    {
        byte[]? last = null;
        foreach (var row in ReadRows(Find(descriptor)))
        {
            if (last is null || !row.KeyBytes.AsSpan().SequenceEqual(last))
            {
                last = row.KeyBytes;
                yield return row.Key;
            }
        }
    }

    /// <summary>All values, by key group.</summary>
    /// <remarks>Needs no key scope. The state must not be changed during the enumeration.</remarks>
    public IEnumerable<KeyedStateEntry<TKey, T>> ReadAll<T>(ValueStateDescriptor<T> descriptor) =>
        ReadValues(Find(descriptor), descriptor.ValueSerializer);

    /// <summary>All values, by key group.</summary>
    /// <remarks>Needs no key scope. The state must not be changed during the enumeration.</remarks>
    public IEnumerable<KeyedStateEntry<TKey, T>> ReadAll<T>(ReducingStateDescriptor<T> descriptor) =>
        ReadValues(Find(descriptor), descriptor.ValueSerializer);

    /// <summary>All accumulators, by key group.</summary>
    /// <remarks>Needs no key scope. The state must not be changed during the enumeration.</remarks>
    public IEnumerable<KeyedStateEntry<TKey, TAccumulator>> ReadAll<TIn, TAccumulator, TOut>(
        AggregatingStateDescriptor<TIn, TAccumulator, TOut> descriptor) =>
        ReadValues(Find(descriptor), descriptor.AccumulatorSerializer);

    /// <summary>All lists, by key group.</summary>
    /// <remarks>Needs no key scope. The state must not be changed during the enumeration.</remarks>
    public IEnumerable<KeyedStateEntry<TKey, IReadOnlyList<T>>> ReadAll<T>(ListStateDescriptor<T> descriptor)
    {
        var access = Find(descriptor);
        foreach (var row in ReadRows(access))
        {
            yield return new(
                row.KeyGroup, row.Key, row.Namespace, DecodeList(access, descriptor.ElementSerializer, row.Value));
        }
    }

    /// <summary>All entries of all maps, by key group; the entries of one key follow each other.</summary>
    /// <remarks>Needs no key scope. The state must not be changed during the enumeration.</remarks>
    public IEnumerable<KeyedStateEntry<TKey, KeyValuePair<TMapKey, TValue>>> ReadAll<TMapKey, TValue>(
        MapStateDescriptor<TMapKey, TValue> descriptor)
        where TMapKey : notnull
    {
        var access = Find(descriptor);
        foreach (var row in ReadRows(access))
        {
            yield return new(row.KeyGroup, row.Key, row.Namespace, new(
                access.Decode(descriptor.KeySerializer, row.UserKey),
                access.Decode(descriptor.ValueSerializer, row.Value)));
        }
    }

    /// <summary>The live rows of a declared state that begin with a prefix, without stamps.</summary>
    /// <remarks>Needs no key scope. The state must not be changed during the enumeration.</remarks>
    internal IEnumerable<Row> ReadRows(KeyedStateAccess access, byte[]? prefix = null)
    {
        var cursor = access.BeginScan(prefix);
        try
        {
            while (cursor.MoveNext())
            {
                if (access.TryCopyLive(cursor.Value, out var live))
                {
                    yield return Split(access, cursor.Key, live);
                }
            }
        }
        finally
        {
            access.EndScan(cursor);
        }
    }

    /// <summary>The elements of a list's row.</summary>
    internal static List<T> DecodeList<T>(
        KeyedStateAccess access, StateSerializer<T> serializer, ReadOnlySpan<byte> value)
    {
        List<T> elements = [];
        while (!value.IsEmpty)
        {
            elements.Add(access.Decode(serializer, access.TakePart(ref value)));
        }

        return elements;
    }

    private IEnumerable<KeyedStateEntry<TKey, T>> ReadValues<T>(KeyedStateAccess access, StateSerializer<T> serializer)
    {
        foreach (var row in ReadRows(access))
        {
            yield return new(row.KeyGroup, row.Key, row.Namespace, access.Decode(serializer, row.Value));
        }
    }

    private Row Split(KeyedStateAccess access, ReadOnlySpan<byte> row, byte[] value)
    {
        var rest = row[KeyedRowKey.KeyGroupSize..];
        var key = access.TakePart(ref rest);
        var space = access.TakePart(ref rest);
        return new(
            KeyedRowKey.ReadKeyGroup(row), access.Decode(_keySerializer, key), key.ToArray(), space.ToArray(),
            rest.ToArray(), value);
    }

    /// <summary>A row: whose it is, and what it holds.</summary>
    internal readonly record struct Row(
        int KeyGroup, TKey Key, byte[] KeyBytes, byte[] Namespace, byte[] UserKey, byte[] Value);
}
