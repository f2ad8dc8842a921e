using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>One declared state of a subtask: its table, the current key, and the checks of every access.</summary>
/// <remarks>The one place that knows of stamps: the states above see values without, and none that has
/// expired.</remarks>
internal sealed partial class KeyedStateAccess(
    StateDescriptor descriptor, KeyedStateTable table, CurrentKey current, TimeProvider time,
    StateObserver? observer = null)
{
    private readonly ArrayBufferWriter<byte> _value = new();
    private readonly Stack<ArrayBufferWriter<byte>> _spareBuffers = new();
    private int _openScans;

    internal StateDescriptor Descriptor => descriptor;

    internal CurrentKey Current => current;

    internal bool IsObserved => observer is not null;

    internal ReadOnlySpan<byte> Prefix() => current.Prefix(descriptor);

    internal ReadOnlySpan<byte> Row<TUserKey>(TUserKey userKey, StateSerializer<TUserKey> serializer) =>
        current.Row(descriptor, userKey, serializer);

    /// <summary>Reads a value; valid until the next access of this state.</summary>
    /// <param name="row">The row.</param>
    /// <param name="value">Its value, without a stamp.</param>
    /// <param name="refresh">Whether this is a read that may begin the value's time to live anew; false if a write
    /// follows.</param>
    /// <returns>False if there is no such row, or it has expired.</returns>
    internal bool TryRead(ReadOnlySpan<byte> row, out ReadOnlySpan<byte> value, bool refresh = true)
    {
        _value.ResetWrittenCount();
        var found = table.TryGet(row, _value);
        value = _value.WrittenSpan;
        return found && (_expiry is null || TryTakeLive(_expiry, row, ref value, refresh));
    }

    /// <summary>Reads and decodes the value of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="serializer">Serializer of the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="refresh">As for <see cref="TryRead"/>.</param>
    /// <returns>False if there is no such row, or it has expired.</returns>
    internal bool TryReadValue<T>(
        ReadOnlySpan<byte> row, StateSerializer<T> serializer, [MaybeNullWhen(false)] out T value,
        bool refresh = true)
    {
        if (TryRead(row, out var bytes, refresh))
        {
            value = Decode(serializer, bytes);
            observer?.HandedOut(descriptor, row, value, serializer);
            return true;
        }

        value = default;
        return false;
    }

    internal void Put<T>(ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer)
    {
        CheckNotScanned();
        _value.ResetWrittenCount();
        WriteStamp(_value);
        serializer.Write(value, _value);
        table.Put(row, _value.WrittenSpan);
        observer?.Stored(descriptor, row, value, serializer);
    }

    /// <summary>Folds a value into a row by the state's built-in reduction, if the table can.</summary>
    internal bool TryMerge<T>(ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer)
    {
        CheckNotScanned();
        _value.ResetWrittenCount();
        serializer.Write(value, _value);
        return table.TryMerge(row, _value.WrittenSpan);
    }

    /// <summary>Writes a value that is given as the serializer's bytes.</summary>
    internal void PutBytes(ReadOnlySpan<byte> row, ReadOnlySpan<byte> value)
    {
        CheckNotScanned();
        observer?.Replaced(descriptor, row);
        if (_expiry is null)
        {
            table.Put(row, value);
            return;
        }

        // The value may lie in this buffer, behind the stamp that it was read with: then it is copied onto itself.
        _value.ResetWrittenCount();
        WriteStamp(_value);
        _value.Write(value);
        table.Put(row, _value.WrittenSpan);
    }

    /// <summary>Writes a row as it is to be stored.</summary>
    internal void PutStored(ReadOnlySpan<byte> row, ReadOnlySpan<byte> stored)
    {
        CheckNotScanned();
        observer?.Replaced(descriptor, row);
        table.Put(row, stored);
    }

    internal void AppendStored(ReadOnlySpan<byte> row, ReadOnlySpan<byte> suffix)
    {
        CheckNotScanned();
        table.Append(row, suffix);
    }

    internal void Delete(ReadOnlySpan<byte> row)
    {
        CheckNotScanned();
        observer?.Replaced(descriptor, row);
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

    /// <summary>The live elements of a list in a buffer of the caller's own, without stamps; the state may not be
    /// written until it is given back.</summary>
    internal ArrayBufferWriter<byte> BeginRead(ReadOnlySpan<byte> row)
    {
        var buffer = _spareBuffers.TryPop(out var spare) ? spare : new();
        buffer.ResetWrittenCount();
        if (_expiry is null)
        {
            table.TryGet(row, buffer);
        }
        else
        {
            ReadElements(_expiry, row, buffer);
        }

        _openScans++;
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
            observer?.Replaced(descriptor, row);
            table.Delete(row);
        }
    }

    /// <summary>Turns stored bytes into a value; a failure names operator and state, never the value.</summary>
    /// <exception cref="CheckpointCorruptException">The serializer refused the bytes.</exception>
    internal T Decode<T>(StateSerializer<T> serializer, ReadOnlySpan<byte> bytes) =>
        StoredValue.Read(serializer, bytes, serializer.Identity, current.OperatorName, descriptor.Name);

    /// <summary>Tells the observer of a value that is handed out beside <see cref="TryReadValue"/>.</summary>
    internal void Observe<T>(ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer) =>
        observer?.HandedOut(descriptor, row, value, serializer);

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
