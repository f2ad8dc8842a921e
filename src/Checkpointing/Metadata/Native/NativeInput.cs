using System.Buffers.Binary;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata.Flink.Properties;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Reads the fields and records of version 1001, little-endian.</summary>
internal ref struct NativeInput(MetadataInput bytes)
{
    /// <summary>Bytes of a record before its body: tag and length.</summary>
    internal const int RecordHeaderBytes = sizeof(ushort) + sizeof(uint);

    private MetadataInput _bytes = bytes;

    internal readonly int Position => _bytes.Position;

    internal readonly int Remaining => _bytes.Remaining;

    internal byte ReadByte(string what) => _bytes.Take(1, what)[0];

    internal ushort ReadUInt16(string what) =>
        BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Take(sizeof(ushort), what));

    internal int ReadInt32(string what) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.Take(sizeof(int), what));

    internal long ReadInt64(string what) => BinaryPrimitives.ReadInt64LittleEndian(_bytes.Take(sizeof(long), what));

    internal Guid ReadGuid(string what) => new(_bytes.Take(16, what), bigEndian: true);

    internal OperatorId ReadOperatorId() => OperatorId.Read(_bytes.Take(OperatorId.Size, "an operator id"));

    internal ContentDigest ReadDigest() =>
        new(BinaryPrimitives.ReadUInt128BigEndian(_bytes.Take(ContentDigest.Size, "a digest")));

    /// <summary>A count of entries, checked against what is left.</summary>
    internal int ReadCount(int smallestEntryBytes, string what)
    {
        var offset = Position;
        return _bytes.CheckCount((uint)ReadInt32(what), offset, smallestEntryBytes, what);
    }

    /// <summary>Bytes with their length before them.</summary>
    internal ValueList<byte> ReadBlob(string what) => _bytes.TakeCopy(ReadInt32(what), what);

    /// <summary>All bytes that are left.</summary>
    internal ValueList<byte> ReadRest() => _bytes.TakeCopy(Remaining, "a record");

    /// <summary>A text with its length in bytes before it.</summary>
    internal string ReadText(string what) => ReadText(ReadInt32(what), what);

    /// <summary>A text that takes all that is left.</summary>
    internal string ReadTextToEnd(string what) => ReadText(Remaining, what);

    internal KeyGroupRange ReadRange()
    {
        var offset = Position;
        int first = ReadUInt16("the first key group");
        int count = ReadUInt16("the number of key groups");
        return first + count <= KeyGroupAssignment.MaxParallelismLimit && (count > 0 || first == 0)
            ? new(first, first + count - 1)
            : throw Corrupt(offset, "a range of key groups", $"{count} from {first}");
    }

    internal ValueList<long> ReadOffsets(int count)
    {
        if (count == 0)
        {
            return default;
        }

        var bytes = _bytes.Take(count * sizeof(long), "offsets");
        var offsets = new long[count];
        for (var i = 0; i < count; i++)
        {
            offsets[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * sizeof(long))..]);
        }

        return MetadataInput.Own(offsets);
    }

    /// <summary>The next record; false at the end.</summary>
    internal bool TryReadRecord(out ushort tag, out NativeInput body)
    {
        if (Remaining == 0)
        {
            tag = 0;
            body = default;
            return false;
        }

        body = ReadRecord(out tag);
        return true;
    }

    /// <summary>The next record, which must be there.</summary>
    internal NativeInput ReadRecord(out ushort tag)
    {
        tag = ReadUInt16("the tag of a record");
        return new(_bytes.TakeInput(ReadInt32("the length of a record"), "a record"));
    }

    /// <summary>Refuses a record that this reader does not know, if its writer demands that it be known.</summary>
    /// <param name="tag">Tag of the record whose body this is.</param>
    /// <param name="within">What holds the record.</param>
    internal readonly void RefuseIfRequired(ushort tag, string within)
    {
        if ((tag & NativeTags.RequiredBit) != 0)
        {
            throw Unsupported(
                $"a required record 0x{tag:x4} in {within} at byte {Position - RecordHeaderBytes}",
                "the records of version 1001 in this version of the library; use a newer one");
        }
    }

    /// <summary>Keeps a record that this reader does not know, or refuses it if its writer demands that it be
    /// known.</summary>
    /// <param name="tag">Tag of the record whose body this is.</param>
    /// <param name="within">What holds the record.</param>
    /// <param name="unknown">Records kept so far; made when the first comes.</param>
    internal void Keep(ushort tag, string within, ref List<OpaqueRecord>? unknown)
    {
        RefuseIfRequired(tag, within);
        (unknown ??= []).Add(new(tag, ReadRest()));
    }

    /// <summary>What is left of a record behind its fields: records of a newer writer.</summary>
    internal ValueList<OpaqueRecord> ReadUnknown(string within)
    {
        if (Remaining == 0)
        {
            return default;
        }

        List<OpaqueRecord>? unknown = null;
        while (TryReadRecord(out var tag, out var record))
        {
            record.Keep(tag, within, ref unknown);
        }

        return unknown.Own();
    }

    /// <summary>A number that stands for one of a few things.</summary>
    internal byte ReadCode(byte last, string what)
    {
        var offset = Position;
        var code = ReadByte(what);
        return code <= last
            ? code
            : throw Unsupported($"{what} {code} at byte {offset}", $"0 to {last}; use a newer library");
    }

    /// <summary>A yes or no.</summary>
    internal bool ReadBoolean(string what)
    {
        var value = ReadByte(what);
        return value <= 1 ? value == 1 : throw Corrupt(Position - 1, $"0 or 1 for {what}", $"{value}");
    }

    /// <summary>A text that must not be empty.</summary>
    internal string ReadFullText(string what)
    {
        var offset = Position;
        var text = ReadText(what);
        return text.Length != 0 ? text : throw Corrupt(offset, what, "an empty one");
    }

    /// <summary>Refuses a part that may be there once.</summary>
    /// <remarks>Called with the body of the part.</remarks>
    internal readonly void RefuseSecond(bool isSecond, string what)
    {
        if (isSecond)
        {
            throw Corrupt(Position - RecordHeaderBytes, $"one record of {what}", "a second one");
        }
    }

    /// <summary>Refuses handles that hold each other too deep.</summary>
    internal readonly void CheckDepth(int depth, string what)
    {
        if (depth >= MetadataInput.MaxDepth)
        {
            throw Corrupt(Position, $"{what} at most {MetadataInput.MaxDepth} deep", "a deeper one");
        }
    }

    /// <summary>The object that takes all that is left.</summary>
    internal FlinkProperties ReadFlinkProperties()
    {
        var offset = Position;
        return FlinkPropertiesSerializer.Read(ref _bytes)
            ?? throw Corrupt(offset, "properties", "Java's null, which is written as no record");
    }

    /// <summary>Checks that the record was read to its end.</summary>
    internal readonly void ExpectEnd(string what) => _bytes.ExpectEnd(what);

    /// <summary>Makes the exception for damage at an offset.</summary>
    internal readonly CheckpointCorruptException Corrupt(long offset, string expected, string actual) =>
        _bytes.Corrupt(offset, expected, actual);

    /// <summary>Makes the exception for what a newer writer may have written.</summary>
    internal readonly UnsupportedFormatException Unsupported(string found, string supported) =>
        new(_bytes.Path, found, supported);

    /// <summary>Makes the exception for a handle of a kind that this reader does not know.</summary>
    internal readonly UnsupportedFormatException UnknownKind(ushort tag, string what, int offset) => Unsupported(
        $"{what} of unknown kind 0x{tag:x4} at byte {offset}", "the kinds of version 1001; use a newer library");

    private string ReadText(int byteCount, string what)
    {
        var offset = Position;
        return NativeText.TryDecode(_bytes.Take(byteCount, what), out var text)
            ? text
            : throw Corrupt(offset, $"{what} in UTF-8", "other bytes");
    }
}
