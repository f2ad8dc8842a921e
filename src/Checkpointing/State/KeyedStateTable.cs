using System.Buffers;

namespace Checkpointing.State;

/// <summary>The rows of one keyed state in one backend: an ordered map from bytes to bytes.</summary>
/// <remarks>
/// <para>A row's key is the key group as 2 bytes big-endian, then key, namespace and the map's key, each of the first
/// two
/// behind its length (<see cref="KeyedRowKey"/>); order is that of the bytes, unsigned.</para>
/// <para>One caller at a time. Spans that come out are valid until the next call on the table.</para>
/// </remarks>
public abstract class KeyedStateTable
{
    /// <summary>Reads a value and appends it to <paramref name="target"/>.</summary>
    /// <returns>False if there is no such row.</returns>
    public abstract bool TryGet(ReadOnlySpan<byte> key, ArrayBufferWriter<byte> target);

    /// <summary>Writes a row.</summary>
    public abstract void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Deletes a row; one that is not there is no error.</summary>
    public abstract void Delete(ReadOnlySpan<byte> key);

    /// <summary>Appends bytes to a row's value; makes the row if there is none. A backend may do so without
    /// reading.</summary>
    public abstract void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> suffix);

    /// <summary>Folds an operand, in the form of a value, into a row's value by the reduction of
    /// <see cref="KeyedStateBackendContext.Reductions"/>, without reading; makes the row if there is none.</summary>
    /// <returns>False, the default, if this table cannot: the caller reads, folds and puts.</returns>
    public virtual bool TryMerge(ReadOnlySpan<byte> key, ReadOnlySpan<byte> operand) => false;

    /// <summary>Opens a cursor over all rows whose key begins with the prefix, in order. Writing while it is open is
    /// not allowed.</summary>
    public abstract KeyedStateCursor Scan(ReadOnlySpan<byte> prefix);
}
