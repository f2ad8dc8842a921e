using System.Runtime.InteropServices;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata;

/// <summary>Walks over the bytes of a metadata file. Every step is checked against what is left; nothing else is
/// believed.</summary>
internal ref struct MetadataInput
{
    /// <summary>Handles nested deeper than this are refused, so that no input exhausts the stack.</summary>
    internal const int MaxDepth = 16;

    private readonly ReadOnlySpan<byte> _source;
    private readonly int _end;

    internal MetadataInput(ReadOnlySpan<byte> source, string path)
        : this(source, path, 0, source.Length)
    {
    }

    private MetadataInput(ReadOnlySpan<byte> source, string path, int start, int end)
    {
        _source = source;
        _end = end;
        Path = path;
        Position = start;
    }

    /// <summary>Path of the file, for messages.</summary>
    internal string Path { get; }

    /// <summary>Offset of the next byte from the start of the file.</summary>
    internal int Position { get; private set; }

    /// <summary>Bytes left.</summary>
    internal readonly int Remaining => _end - Position;

    /// <summary>The next bytes.</summary>
    /// <param name="count">How many; a negative or too large number is the input's fault.</param>
    /// <param name="what">What they are, for the message.</param>
    internal ReadOnlySpan<byte> Take(int count, string what)
    {
        if ((uint)count > (uint)Remaining)
        {
            throw Short(count, what);
        }

        var taken = _source.Slice(Position, count);
        Position += count;
        return taken;
    }

    /// <summary>The next bytes as an input of their own; offsets still count from the start of the file.</summary>
    internal MetadataInput TakeInput(int count, string what)
    {
        var start = Position;
        _ = Take(count, what);
        return new(_source, Path, start, Position);
    }

    /// <summary>The next bytes, copied.</summary>
    internal ValueList<byte> TakeCopy(int count, string what)
    {
        var bytes = Take(count, what);
        return bytes.IsEmpty ? default : MetadataInput.Own(bytes.ToArray());
    }

    /// <summary>Checks a count of entries before anything is reserved for them.</summary>
    /// <param name="count">As read from the input.</param>
    /// <param name="offset">Where it was read.</param>
    /// <param name="smallestEntryBytes">The least that one entry takes.</param>
    /// <param name="what">What is counted, for the message.</param>
    internal readonly int CheckCount(long count, int offset, int smallestEntryBytes, string what)
    {
        var most = Remaining / smallestEntryBytes;
        return count >= 0 && count <= most ? (int)count : throw Corrupt(offset, $"0 to {most} {what}", $"{count}");
    }

    /// <summary>Checks that nothing is left.</summary>
    internal readonly void ExpectEnd(string what)
    {
        if (Remaining != 0)
        {
            throw Corrupt(Position, $"the end of {what}", $"{Remaining} more bytes");
        }
    }

    /// <summary>Makes the exception for damage at an offset.</summary>
    internal readonly CheckpointCorruptException Corrupt(long offset, string expected, string actual) =>
        new(Path, offset, expected, actual);

    /// <summary>A list that takes over an array that nobody else holds.</summary>
    internal static ValueList<T> Own<T>(T[] items) => new(ImmutableCollectionsMarshal.AsImmutableArray(items));

    private readonly CheckpointCorruptException Short(int count, string what) => count < 0
        ? Corrupt(Position, $"{what}", $"a length of {count}")
        : Corrupt(Position, $"{what} of {count} bytes", $"only {Remaining} bytes");
}
