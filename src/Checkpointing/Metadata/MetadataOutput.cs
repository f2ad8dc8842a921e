using System.Buffers.Binary;

namespace Checkpointing.Metadata;

/// <summary>Collects the bytes of a metadata file in one array, so that lengths can be filled in later.</summary>
internal sealed class MetadataOutput(int capacity)
{
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(Math.Max(capacity, 256));

    private OperatorCheckpoint? _operator;
    private int? _subtask;

    /// <summary>Bytes written so far.</summary>
    internal int Length { get; private set; }

    /// <summary>What was written so far; valid until the next write.</summary>
    internal ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <summary>Room for the next bytes, all of which count as written.</summary>
    internal Span<byte> Take(int count)
    {
        var start = Reserve(count);
        Length += count;
        return _buffer.AsSpan(start, count);
    }

    /// <summary>Room for at most so many bytes; say with <see cref="Advance"/> how many were used.</summary>
    internal Span<byte> Room(int count) => _buffer.AsSpan(Reserve(count), count);

    /// <summary>Counts bytes of <see cref="Room"/> as written.</summary>
    internal void Advance(int count) => Length += count;

    /// <summary>Appends bytes.</summary>
    internal void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Bytes written before, to be filled in now.</summary>
    internal Span<byte> At(int offset, int count) => _buffer.AsSpan(0, Length).Slice(offset, count);

    /// <summary>Appends a big-endian number: magic and version in all formats, everything in Flink's.</summary>
    internal void WriteInt32BigEndian(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), value);

    /// <summary>The bytes; without a copy if the capacity was exact. Nothing may be written afterwards.</summary>
    internal byte[] ToArray()
    {
        var result = Length == _buffer.Length ? _buffer : Written.ToArray();
        _buffer = [];
        Length = 0;
        return result;
    }

    private int Reserve(int count)
    {
        var needed = (long)Length + count;
        if (needed > _buffer.Length)
        {
            if (needed > Array.MaxLength)
            {
                throw new InvalidOperationException(
                    $"The metadata would be larger than {Array.MaxLength} bytes; store large state in files.");
            }

            var larger = GC.AllocateUninitializedArray<byte>(
                (int)Math.Min(Math.Max(needed, _buffer.Length * 2L), Array.MaxLength));
            Written.CopyTo(larger);
            _buffer = larger;
        }

        return Length;
    }

    /// <summary>Says what is written from here on, so that a refusal can name it.</summary>
    internal void Enter(OperatorCheckpoint one, int? subtask) => (_operator, _subtask) = (one, subtask);

    /// <summary>Adds to a description whose it is.</summary>
    internal string Locate(string found) => (_operator, _subtask) switch
    {
        (null, _) => found,
        ({ } one, null) => $"{found} (operator {one.Name ?? one.Id.ToString()})",
        ({ } one, { } subtask) => $"{found} (operator {one.Name ?? one.Id.ToString()}, subtask {subtask})",
    };
}
