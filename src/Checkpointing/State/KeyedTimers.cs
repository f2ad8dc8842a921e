using System.Buffers;

namespace Checkpointing.State;

/// <summary>Timers of a subtask, kept as state. A timer is (key, namespace, time, clock): registering twice is
/// once.</summary>
/// <remarks>One caller at a time. Timers of one clock that are due fire by time; those of one time in the order of key
/// group, key and namespace, by their stored bytes. The two clocks have no order between them.</remarks>
public sealed class KeyedTimers<TKey>
    where TKey : notnull
{
    private readonly KeyedStateAccess _access;
    private readonly StateSerializer<TKey> _keySerializer;
    private readonly SortedSet<Entry> _eventTime = new(Entry.Order);
    private readonly SortedSet<Entry> _processingTime = new(Entry.Order);
    private readonly ArrayBufferWriter<byte> _row = new();

    internal KeyedTimers(KeyedStateAccess access, StateSerializer<TKey> keySerializer)
    {
        (_access, _keySerializer) = (access, keySerializer);
        var cursor = access.BeginScan([]);
        try
        {
            while (cursor.MoveNext())
            {
                Restore(cursor.Key);
            }
        }
        finally
        {
            access.EndScan(cursor);
        }
    }

    /// <summary>How many timers are registered, of all keys and both clocks.</summary>
    public int Count => _eventTime.Count + _processingTime.Count;

    /// <summary>Time of the earliest timer of processing time; null if there is none.</summary>
    public Timestamp? NextProcessingTime => _processingTime.Min?.Time;

    /// <summary>The rows of all timers.</summary>
    internal IEnumerable<byte[]> Rows => _eventTime.Concat(_processingTime).Select(static entry => entry.Row);

    /// <summary>Registers for the current key and namespace (without a namespace scope: for none): due when the
    /// watermark is at the time.</summary>
    /// <exception cref="InvalidOperationException">There is no key scope.</exception>
    public void RegisterEventTime(Timestamp time) => Register(_eventTime, EntryOf(time, TimeDomain.EventTime));

    /// <summary>Registers for the current key and namespace (without a namespace scope: for none): due when the clock
    /// of the process is at the time, or was while the job did not run.</summary>
    /// <exception cref="InvalidOperationException">There is no key scope.</exception>
    public void RegisterProcessingTime(Timestamp time) =>
        Register(_processingTime, EntryOf(time, TimeDomain.ProcessingTime));

    /// <summary>Deletes a timer of the current key and namespace; one that is not there is no error.</summary>
    /// <exception cref="InvalidOperationException">There is no key scope.</exception>
    public void DeleteEventTime(Timestamp time) => Delete(_eventTime, EntryOf(time, TimeDomain.EventTime));

    /// <summary>Deletes a timer of the current key and namespace; one that is not there is no error.</summary>
    /// <exception cref="InvalidOperationException">There is no key scope.</exception>
    public void DeleteProcessingTime(Timestamp time) =>
        Delete(_processingTime, EntryOf(time, TimeDomain.ProcessingTime));

    /// <summary>Takes out the earliest timer of event time at or before the watermark. The caller then enters its key
    /// and namespace (<see cref="KeyedState{TKey}.EnterStoredNamespace"/>, if it is not empty) and calls the
    /// operator.</summary>
    /// <returns>False if none is due.</returns>
    public bool TryTakeDue(Timestamp watermark, out DueTimer<TKey> timer) =>
        TryTake(_eventTime, watermark, out timer);

    /// <summary>Takes out the earliest timer of processing time at or before now, like
    /// <see cref="TryTakeDue"/>.</summary>
    /// <returns>False if none is due.</returns>
    public bool TryTakeDueProcessingTime(Timestamp now, out DueTimer<TKey> timer) =>
        TryTake(_processingTime, now, out timer);

    private bool TryTake(SortedSet<Entry> index, Timestamp now, out DueTimer<TKey> timer)
    {
        _access.Current.ThrowIfDisposed();
        if (index.Count == 0 || index.Min is not { } entry || entry.Time > now)
        {
            timer = default;
            return false;
        }

        index.Remove(entry);
        _access.Delete(entry.Row);
        var rest = entry.Row.AsSpan(KeyedRowKey.KeyGroupSize);
        var key = KeyedRowKey.ReadPart(rest, out var afterKey);
        timer = new(_access.Decode(_keySerializer, key), KeyedRowKey.ReadPart(afterKey, out _).ToArray(), entry.Time);
        return true;
    }

    private void Register(SortedSet<Entry> index, Entry entry)
    {
        if (index.Add(entry))
        {
            _access.PutStored(entry.Row, []);
        }
    }

    private void Delete(SortedSet<Entry> index, Entry entry)
    {
        if (index.Remove(entry))
        {
            _access.Delete(entry.Row);
        }
    }

    private Entry EntryOf(Timestamp time, TimeDomain domain)
    {
        _row.ResetWrittenCount();
        _row.Write(_access.Current.PrefixOfTimers());
        StateSerializer.Timestamp.Write(time, _row);
        if (domain == TimeDomain.ProcessingTime)
        {
            _row.Write([TimerStateDescriptor.ProcessingTimeMark]);
        }

        return new(time, _row.WrittenSpan.ToArray());
    }

    private void Restore(ReadOnlySpan<byte> row)
    {
        var rest = row[KeyedRowKey.KeyGroupSize..];
        _ = _access.TakePart(ref rest);
        _ = _access.TakePart(ref rest);
        var index = TimerStateDescriptor.DomainOf(rest) == TimeDomain.ProcessingTime ? _processingTime : _eventTime;
        index.Add(new(
            _access.Decode(StateSerializer.Timestamp, TimerStateDescriptor.TimeOf(rest)), row.ToArray()));
    }

    private sealed record Entry(Timestamp Time, byte[] Row)
    {
        internal static Comparer<Entry> Order { get; } = Comparer<Entry>.Create(static (left, right) =>
            left.Time.CompareTo(right.Time) is var byTime and not 0 ? byTime
                : left.Row.AsSpan().SequenceCompareTo(right.Row));
    }
}
