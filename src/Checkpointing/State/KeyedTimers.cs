using System.Buffers;

namespace Checkpointing.State;

/// <summary>Event-time timers of a subtask, kept as state. A timer is (key, namespace, time): registering twice is
/// once.</summary>
/// <remarks>One caller at a time. Timers that are due at the same time fire in the order of key group, key and
/// namespace.</remarks>
public sealed class KeyedTimers<TKey>
    where TKey : notnull
{
    private readonly KeyedStateAccess _access;
    private readonly StateSerializer<TKey> _keySerializer;
    private readonly SortedSet<Entry> _index = new(Entry.Order);
    private readonly ArrayBufferWriter<byte> _row = new();

    internal KeyedTimers(KeyedStateAccess access, StateSerializer<TKey> keySerializer)
    {
        (_access, _keySerializer) = (access, keySerializer);
        var cursor = access.BeginScan([]);
        try
        {
            while (cursor.MoveNext())
            {
                _index.Add(Restore(cursor.Key));
            }
        }
        finally
        {
            access.EndScan(cursor);
        }
    }

    /// <summary>How many timers are registered, of all keys.</summary>
    public int Count => _index.Count;

    /// <summary>Registers for the current key and namespace (without a namespace scope: for none).</summary>
    /// <exception cref="InvalidOperationException">There is no key scope.</exception>
    public void RegisterEventTime(Timestamp time)
    {
        var entry = EntryOf(time);
        if (_index.Add(entry))
        {
            _access.PutStored(entry.Row, []);
        }
    }

    /// <summary>Deletes a timer of the current key and namespace; one that is not there is no error.</summary>
    /// <exception cref="InvalidOperationException">There is no key scope.</exception>
    public void DeleteEventTime(Timestamp time)
    {
        var entry = EntryOf(time);
        if (_index.Remove(entry))
        {
            _access.Delete(entry.Row);
        }
    }

    /// <summary>Takes out the earliest timer at or before the watermark. The caller then enters its key and namespace
    /// (<see cref="KeyedState{TKey}.EnterStoredNamespace"/>, if it is not empty) and calls the operator.</summary>
    /// <returns>False if none is due.</returns>
    public bool TryTakeDue(Timestamp watermark, out DueTimer<TKey> timer)
    {
        _access.Current.ThrowIfDisposed();
        if (_index.Count == 0 || _index.Min is not { } entry || entry.Time > watermark)
        {
            timer = default;
            return false;
        }

        _index.Remove(entry);
        _access.Delete(entry.Row);
        var rest = entry.Row.AsSpan(KeyedRowKey.KeyGroupSize);
        var key = KeyedRowKey.ReadPart(rest, out var afterKey);
        timer = new(_access.Decode(_keySerializer, key), KeyedRowKey.ReadPart(afterKey, out _).ToArray(), entry.Time);
        return true;
    }

    private Entry EntryOf(Timestamp time)
    {
        _row.ResetWrittenCount();
        _row.Write(_access.Current.PrefixOfTimers());
        StateSerializer.Timestamp.Write(time, _row);
        return new(time, _row.WrittenSpan.ToArray());
    }

    private Entry Restore(ReadOnlySpan<byte> row)
    {
        var rest = row[KeyedRowKey.KeyGroupSize..];
        _ = _access.TakePart(ref rest);
        _ = _access.TakePart(ref rest);
        return new(_access.Decode(StateSerializer.Timestamp, rest), row.ToArray());
    }

    private sealed record Entry(Timestamp Time, byte[] Row)
    {
        internal static Comparer<Entry> Order { get; } = Comparer<Entry>.Create(static (left, right) =>
            left.Time.CompareTo(right.Time) is var byTime and not 0 ? byTime
                : left.Row.AsSpan().SequenceCompareTo(right.Row));
    }
}
