using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata;

/// <summary>Collects the bytes of a metadata file in memory, so that lengths can be filled in later.</summary>
/// <remarks>In chunks from the pool: nobody needs to know the size before, nothing is copied when it grows, and the
/// only garbage of that size is the file itself.</remarks>
internal sealed class MetadataOutput
{
    private const int FirstChunkBytes = 1 << 14;
    private const int LargestChunkBytes = 1 << 22;

    // All but the last, full as far as they were used.
    private readonly List<Chunk> _full = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstChunkBytes);
    private int _start;
    private int _used;

    private OperatorCheckpoint? _operator;
    private int? _subtask;

    /// <summary>Bytes written so far.</summary>
    internal int Length => _start + _used;

    /// <summary>Room for the next bytes, all of which count as written; in one piece.</summary>
    internal Span<byte> Take(int count)
    {
        var room = Room(count);
        _used += count;
        return room;
    }

    /// <summary>Room for at most so many bytes; say with <see cref="Advance"/> how many were used.</summary>
    internal Span<byte> Room(int count)
    {
        if ((uint)count > (uint)(_buffer.Length - _used))
        {
            BeginChunk(count);
        }

        return _buffer.AsSpan(_used, count);
    }

    /// <summary>Counts bytes of <see cref="Room"/> as written.</summary>
    internal void Advance(int count) => _used += count;

    /// <summary>Appends bytes.</summary>
    internal void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Bytes that one <see cref="Take"/> has given before, to be filled in now.</summary>
    internal Span<byte> At(int offset, int count)
    {
        if (offset >= _start)
        {
            return _buffer.AsSpan(0, _used).Slice(offset - _start, count);
        }

        var index = _full.Count - 1;
        while (_full[index].Start > offset)
        {
            index--;
        }

        return _full[index].Bytes.Slice(offset - _full[index].Start, count);
    }

    /// <summary>Appends a big-endian number: magic and version in all formats, everything in Flink's.</summary>
    internal void WriteInt32BigEndian(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), value);

    /// <summary>Digest of all that was written so far.</summary>
    internal ContentDigest Digest()
    {
        var hash = new XxHash128();
        foreach (var chunk in _full)
        {
            hash.Append(chunk.Bytes);
        }

        hash.Append(_buffer.AsSpan(0, _used));
        return ContentDigest.Of(hash);
    }

    /// <summary>All bytes. Nothing may be written or read afterwards.</summary>
    internal byte[] Finish()
    {
        var result = GC.AllocateUninitializedArray<byte>(Length);
        FinishTo(result);
        return result;
    }

    /// <summary>Copies all bytes. Nothing may be written or read afterwards.</summary>
    /// <param name="target">At least <see cref="Length"/> bytes.</param>
    internal void FinishTo(Span<byte> target)
    {
        foreach (var chunk in _full)
        {
            chunk.Bytes.CopyTo(target[chunk.Start..]);
            ArrayPool<byte>.Shared.Return(chunk.Buffer);
        }

        _buffer.AsSpan(0, _used).CopyTo(target[_start..]);
        ArrayPool<byte>.Shared.Return(_buffer);
        _full.Clear();
        _buffer = [];
        _start = 0;
        _used = 0;
    }

    private void BeginChunk(int count)
    {
        if (count < 0 || (long)Length + count > Array.MaxLength)
        {
            throw new InvalidOperationException(
                $"The metadata would be larger than {Array.MaxLength} bytes; store large state in files.");
        }

        _full.Add(new(_buffer, _start, _used));
        var next = ArrayPool<byte>.Shared.Rent((int)Math.Max(count, Math.Min(4L * _buffer.Length, LargestChunkBytes)));
        _start += _used;
        _buffer = next;
        _used = 0;
    }

    private readonly record struct Chunk(byte[] Buffer, int Start, int Used)
    {
        internal Span<byte> Bytes => Buffer.AsSpan(0, Used);
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
