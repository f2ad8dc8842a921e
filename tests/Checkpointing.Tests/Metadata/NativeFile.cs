using System.Buffers.Binary;
using System.IO.Hashing;

namespace Checkpointing.Tests.Metadata;

/// <summary>Builds files of version 1001 by hand, from the documentation and not from the code that is
/// tested.</summary>
internal static class NativeFile
{
    internal const int TrailerBytes = 24;

    internal static byte[] Seal(params byte[][] records)
    {
        byte[] bytes = [0x49, 0x60, 0x67, 0x2D, 0, 0, 0x03, 0xE9, .. records.SelectMany(static record => record)];
        return AddTrailer(bytes);
    }

    /// <summary>Puts the trailer after header and records.</summary>
    internal static byte[] AddTrailer(ReadOnlySpan<byte> headerAndRecords)
    {
        byte[] bytes = [.. headerAndRecords, .. new byte[TrailerBytes]];
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(^TrailerBytes), bytes.Length);
        XxHash128.Hash(bytes.AsSpan(..^16)).CopyTo(bytes, bytes.Length - 16);
        return bytes;
    }

    internal static byte[] WithoutTrailer(byte[] file) => file[..^TrailerBytes];

    internal static byte[] Record(int tag, params byte[][] body)
    {
        var content = body.SelectMany(static part => part).ToArray();
        return [(byte)tag, (byte)(tag >> 8), .. Int32(content.Length), .. content];
    }

    internal static byte[] CheckpointId(long id) => Record(0x8001, Int64(id));

    internal static byte[] Operator(params byte[][] records) =>
        Record(0x8004, [new byte[16], Int32(1), Int32(128), .. records]);

    internal static byte[] Subtask(params byte[][] records) => Record(0x8103, [Int32(0), .. records]);

    internal static byte[] Incremental(params byte[][] records) =>
        Record(0x8402, [new byte[16], [0, 0, 1, 0], Int64(7), Int64(-1), .. records]);

    /// <summary>Key group 0 without data.</summary>
    internal static byte[] KeyGroup(params byte[][] records) =>
        Record(0x8401, [[0, 0, 1, 0], Int64(0), Record(0x8304), .. records]);

    /// <summary>A stream without bytes, where a meta file belongs.</summary>
    internal static byte[] AbsentMetaFile { get; } = Record(0x8501, Record(0x8304));

    internal static byte[] Text(string text) => [.. Int32(text.Length), .. System.Text.Encoding.UTF8.GetBytes(text)];

    internal static byte[] Int32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    internal static byte[] Int64(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }
}
