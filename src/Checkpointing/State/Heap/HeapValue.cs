namespace Checkpointing.State.Heap;

/// <summary>A value: the first bytes of a buffer that may have room behind them.</summary>
/// <remarks>Appending writes behind the end, which no older version of the value reads, so versions can share the
/// buffer:
/// only the newest one is ever appended to.</remarks>
internal readonly struct HeapValue
{
    private readonly byte[] _buffer;
    private readonly int _length;

    internal HeapValue(ReadOnlySpan<byte> value) => (_buffer, _length) = (value.ToArray(), value.Length);

    private HeapValue(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    internal ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    /// <summary>Writes over the bytes, if there are as many. Only for a buffer that no other version reads.</summary>
    internal bool TryOverwrite(ReadOnlySpan<byte> value)
    {
        if (value.Length != _length)
        {
            return false;
        }

        value.CopyTo(_buffer);
        return true;
    }

    internal HeapValue Append(ReadOnlySpan<byte> suffix)
    {
        var length = checked(_length + suffix.Length);
        var buffer = _buffer;
        if (length > buffer.Length)
        {
            buffer = new byte[(int)Math.Min(Array.MaxLength, Math.Max(length, 2L * buffer.Length))];
            Bytes.CopyTo(buffer);
        }

        suffix.CopyTo(buffer.AsSpan(_length));
        return new(buffer, length);
    }
}
