using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.State;

namespace Checkpointing.RocksDb;

/// <summary>The rows of one state: one column family.</summary>
/// <param name="database">The database.</param>
/// <param name="columnFamily">The column family.</param>
/// <param name="range">Key groups whose rows are returned.</param>
/// <param name="mayMerge">Whether the column family's merge operator is that of the state's reduction.</param>
internal sealed class RocksDbTable(
    RocksDatabase database, ColumnFamily columnFamily, KeyGroupRange range, bool mayMerge)
    : KeyedStateTable
{
    private const int MinRoom = 64;
    private const int MaxRoom = 64 << 10;

    // More than one only while scans are nested.
    private readonly Stack<RocksDbCursor> _spareCursors = new();
    private int _expectedLength = MinRoom;
    private bool _isClosed;

    /// <inheritdoc/>
    public override bool TryGet(ReadOnlySpan<byte> key, ArrayBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);

        // A file that was taken over from another range of key groups may have rows of theirs: they are not ours to
        // return.
        if (!RowBounds.Contain(key, range))
        {
            return false;
        }

        var length = database.Get(columnFamily, key, target, _expectedLength);
        if (length < 0)
        {
            return false;
        }

        // The next value is likely as long as this one: then one call is enough.
        _expectedLength = Math.Clamp(length, MinRoom, MaxRoom);
        return true;
    }

    /// <inheritdoc/>
    public override void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        database.Put(columnFamily, key, value);

    /// <inheritdoc/>
    public override void Delete(ReadOnlySpan<byte> key) => database.Delete(columnFamily, key);

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> suffix) =>
        database.Merge(columnFamily, key, suffix);

    /// <summary>Whether <see cref="TryMerge"/> does.</summary>
    internal bool MayMerge => mayMerge;

    /// <inheritdoc/>
    public override bool TryMerge(ReadOnlySpan<byte> key, ReadOnlySpan<byte> operand)
    {
        if (mayMerge)
        {
            database.Merge(columnFamily, key, operand);
        }

        return mayMerge;
    }

    /// <inheritdoc/>
    public override KeyedStateCursor Scan(ReadOnlySpan<byte> prefix)
    {
        if (!_spareCursors.TryPop(out var cursor))
        {
            cursor = new(this, database.NewScan(columnFamily));
        }

        try
        {
            cursor.Open(prefix, range);
            return cursor;
        }
        catch
        {
            GiveBack(cursor);
            throw;
        }
    }

    /// <summary>Takes back a cursor that is not open any more.</summary>
    internal void GiveBack(RocksDbCursor cursor)
    {
        if (_isClosed)
        {
            cursor.Free();
        }
        else
        {
            _spareCursors.Push(cursor);
        }
    }

    /// <summary>Frees spare cursors. One that is open ends when it is disposed, and keeps the database open until
    /// then.</summary>
    internal void Close()
    {
        _isClosed = true;
        while (_spareCursors.TryPop(out var cursor))
        {
            cursor.Free();
        }
    }
}
