using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>One declared state of a subtask: its table, the current key, and the checks of every access.</summary>
internal sealed class KeyedStateAccess(StateDescriptor descriptor, KeyedStateTable table, CurrentKey current)
{
    private readonly ArrayBufferWriter<byte> _value = new();
    private readonly Stack<ArrayBufferWriter<byte>> _spareBuffers = new();
    private int _openScans;

    internal StateDescriptor Descriptor => descriptor;

    internal CurrentKey Current => current;

    internal ReadOnlySpan<byte> Prefix() => current.Prefix(descriptor);

    internal ReadOnlySpan<byte> Row<TUserKey>(TUserKey userKey, StateSerializer<TUserKey> serializer) =>
        current.Row(descriptor, userKey, serializer);

    /// <summary>Reads a value; valid until the next access of this state.</summary>
    internal bool TryRead(ReadOnlySpan<byte> row, out ReadOnlySpan<byte> value)
    {
        _value.ResetWrittenCount();
        var found = table.TryGet(row, _value);
        value = _value.WrittenSpan;
        return found;
    }

    /// <summary>Reads a value into a buffer of the caller's.</summary>
    internal bool TryRead(ReadOnlySpan<byte> row, ArrayBufferWriter<byte> target) => table.TryGet(row, target);

    /// <summary>Reads and decodes the value of a row.</summary>
    /// <returns>False if there is no such row.</returns>
    internal bool TryReadValue<T>(
        ReadOnlySpan<byte> row, StateSerializer<T> serializer, [MaybeNullWhen(false)] out T value)
    {
        if (TryRead(row, out var bytes))
        {
            value = Decode(serializer, bytes);
            return true;
        }

        value = default;
        return false;
    }

    internal void Put<T>(ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer)
    {
        CheckNotScanned();
        _value.ResetWrittenCount();
        serializer.Write(value, _value);
        table.Put(row, _value.WrittenSpan);
    }

    internal void PutBytes(ReadOnlySpan<byte> row, ReadOnlySpan<byte> value)
    {
        CheckNotScanned();
        table.Put(row, value);
    }

    internal void AppendBytes(ReadOnlySpan<byte> row, ReadOnlySpan<byte> suffix)
    {
        CheckNotScanned();
        table.Append(row, suffix);
    }

    internal void Delete(ReadOnlySpan<byte> row)
    {
        CheckNotScanned();
        table.Delete(row);
    }

    /// <summary>Opens a cursor; the state may not be written until <see cref="EndScan"/>.</summary>
    internal KeyedStateCursor BeginScan(ReadOnlySpan<byte> prefix)
    {
        current.ThrowIfDisposed();
        var cursor = table.Scan(prefix);
        _openScans++;
        return cursor;
    }

    internal void EndScan(KeyedStateCursor cursor)
    {
        _openScans--;
        cursor.Dispose();
    }

    /// <summary>A buffer of the caller's own; the state may not be written until it is given back.</summary>
    internal ArrayBufferWriter<byte> BeginRead()
    {
        _openScans++;
        var buffer = _spareBuffers.TryPop(out var spare) ? spare : new();
        buffer.ResetWrittenCount();
        return buffer;
    }

    internal void EndRead(ArrayBufferWriter<byte> buffer)
    {
        _openScans--;
        _spareBuffers.Push(buffer);
    }

    /// <summary>Deletes all rows below a prefix.</summary>
    internal void DeleteAll(ReadOnlySpan<byte> prefix)
    {
        CheckNotScanned();
        List<byte[]> rows = [];
        using (var cursor = table.Scan(prefix))
        {
            while (cursor.MoveNext())
            {
                rows.Add(cursor.Key.ToArray());
            }
        }

        foreach (var row in rows)
        {
            table.Delete(row);
        }
    }

    /// <summary>Turns stored bytes into a value; a failure names operator and state, never the value.</summary>
    /// <exception cref="CheckpointCorruptException">The serializer refused the bytes.</exception>
    internal T Decode<T>(StateSerializer<T> serializer, ReadOnlySpan<byte> bytes) =>
        StoredValue.Read(serializer, bytes, serializer.Identity, current.OperatorName, descriptor.Name);

    /// <summary>Takes one part off the front of stored bytes.</summary>
    /// <exception cref="CheckpointCorruptException">The bytes end before the part does.</exception>
    internal ReadOnlySpan<byte> TakePart(ref ReadOnlySpan<byte> rest) =>
        StoredValue.TakePart(ref rest, current.OperatorName, descriptor.Name);

    private void CheckNotScanned()
    {
        if (_openScans > 0)
        {
            throw new InvalidOperationException(
                $"State '{descriptor.Name}' of operator '{current.OperatorName}' is being enumerated; it is changed "
                + "after that.");
        }
    }
}
