using System.Buffers.Binary;

namespace Checkpointing.Torture.Fuzz;

/// <summary>What a field of a generated file means, so that a mutator knows how to lie in it.</summary>
internal enum FieldKind
{
    /// <summary>Any number.</summary>
    Number,

    /// <summary>A number of entries that follow.</summary>
    Count,

    /// <summary>A number of bytes that follow.</summary>
    Length,

    /// <summary>What kind of thing follows.</summary>
    Tag,

    /// <summary>The version of the file.</summary>
    Version,

    /// <summary>Bytes of a text, without its length.</summary>
    Text,
}

/// <summary>A field of a generated file.</summary>
/// <param name="Offset">Where it begins, bytes.</param>
/// <param name="Size">Its length, bytes.</param>
/// <param name="Kind">What it means.</param>
internal readonly record struct Field(int Offset, int Size, FieldKind Kind);

/// <summary>Writes big-endian fields and remembers where each is.</summary>
internal sealed class FieldWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>All fields so far, in order.</summary>
    internal List<Field> Fields { get; } = [];

    /// <summary>Bytes so far.</summary>
    internal int Length => _bytes.Count;

    internal byte[] ToArray() => [.. _bytes];

    internal void Byte(int value, FieldKind kind = FieldKind.Number)
    {
        Fields.Add(new(_bytes.Count, 1, kind));
        _bytes.Add((byte)value);
    }

    internal void UInt16(int value, FieldKind kind)
    {
        Fields.Add(new(_bytes.Count, sizeof(ushort), kind));
        _bytes.Add((byte)(value >> 8));
        _bytes.Add((byte)value);
    }

    internal void Int32(int value, FieldKind kind = FieldKind.Number)
    {
        Fields.Add(new(_bytes.Count, sizeof(int), kind));
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    internal void Int64(long value)
    {
        Fields.Add(new(_bytes.Count, sizeof(long), FieldKind.Number));
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    /// <summary>Bytes that stand for themselves.</summary>
    internal void Raw(ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes);

    /// <summary>Bytes of a text with their 16-bit length before them.</summary>
    internal void Text(ReadOnlySpan<byte> bytes)
    {
        UInt16(bytes.Length, FieldKind.Length);
        Fields.Add(new(_bytes.Count, bytes.Length, FieldKind.Text));
        _bytes.AddRange(bytes);
    }

    /// <summary>Bytes with their 32-bit length before them.</summary>
    internal void Blob(ReadOnlySpan<byte> bytes)
    {
        Int32(bytes.Length, FieldKind.Length);
        _bytes.AddRange(bytes);
    }

    /// <summary>Fills in a 32-bit number written before.</summary>
    internal void Patch(int offset, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        for (var i = 0; i < bytes.Length; i++)
        {
            _bytes[offset + i] = bytes[i];
        }
    }
}
