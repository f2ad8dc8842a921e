using System.Buffers.Binary;
using System.IO.Hashing;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Version 1001, our own format: magic and version, tagged records, and a trailer with length and
/// digest.</summary>
/// <remarks>Specified to the byte in <c>docs/file-format.md</c>.</remarks>
internal static class NativeV1
{
    internal const int Version = (int)MetadataFormat.NativeV1;

    /// <summary>Total length of the file, then XxHash128 of everything before the digest.</summary>
    internal const int TrailerBytes = sizeof(ulong) + ContentDigest.Size;

    private const int HeaderBytes = 8;

    internal static CheckpointMetadata Read(ReadOnlySpan<byte> source, int start, string path)
    {
        CheckTrailer(source, path);
        var bytes = new MetadataInput(source[..^TrailerBytes], path);
        _ = bytes.Take(start, "the header");
        var input = new NativeInput(bytes);
        CheckpointId? id = null;
        CheckpointInfo? info = null;
        List<MasterState>? masterStates = null;
        List<OperatorCheckpoint>? operators = null;
        List<OpaqueRecord>? unknown = null;
        while (input.TryReadRecord(out var tag, out var body))
        {
            switch (tag)
            {
                case NativeTags.Checkpoint:
                    RefuseSecond(body, id is not null, "the checkpoint's id");
                    id = NativeInfo.ReadCheckpointId(ref body);
                    break;
                case NativeTags.Info:
                    RefuseSecond(body, info is not null, "the checkpoint's origin");
                    info = NativeInfo.Read(ref body);
                    break;
                case NativeTags.MasterState:
                    (masterStates ??= []).Add(NativeInfo.ReadMasterState(ref body));
                    break;
                case NativeTags.Operator:
                    (operators ??= []).Add(NativeOperators.Read(ref body));
                    break;
                default:
                    body.RefuseIfRequired(tag, "the file");
                    (unknown ??= []).Add(new(tag, body.ReadRest()));
                    break;
            }
        }

        return new(
            id ?? throw input.Corrupt(input.Position, "the record of the checkpoint's id", "the end of the records"),
            masterStates?.ToValueList() ?? default,
            operators?.ToValueList() ?? default)
        {
            Info = info,
            UnknownRecords = unknown?.ToValueList() ?? default,
        };
    }

    internal static void Write(CheckpointMetadata metadata, MetadataOutput bytes, string path)
    {
        var output = new NativeOutput(bytes, path);
        NativeInfo.WriteCheckpointId(output, metadata.CheckpointId);
        if (metadata.Info is { } info)
        {
            NativeInfo.Write(output, info);
        }

        foreach (var state in metadata.MasterStates)
        {
            NativeInfo.WriteMasterState(output, state);
        }

        foreach (var one in metadata.Operators)
        {
            NativeOperators.Write(output, one);
        }

        foreach (var record in metadata.UnknownRecords)
        {
            WriteUnknown(output, record);
        }

        output.WriteInt64(output.Length + TrailerBytes);
        output.WriteDigestOfAll();
    }

    /// <summary>Whether this is a file of ours whose version alone, or more, was changed after it was
    /// written.</summary>
    internal static bool HasDamagedVersion(ReadOnlySpan<byte> source)
    {
        if (source.Length < HeaderBytes + TrailerBytes || TotalLength(source) != (ulong)source.Length)
        {
            return false;
        }

        var hash = new XxHash128();
        Span<byte> version = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(version, Version);
        hash.Append(source[..sizeof(int)]);
        hash.Append(version);
        hash.Append(source[HeaderBytes..^ContentDigest.Size]);
        return ContentDigest.Of(hash) == StoredDigest(source);
    }

    private static void CheckTrailer(ReadOnlySpan<byte> source, string path)
    {
        if (source.Length < HeaderBytes + TrailerBytes)
        {
            throw new CheckpointCorruptException(
                path, source.Length, $"at least {HeaderBytes + TrailerBytes} bytes", $"the end after {source.Length}");
        }

        var length = TotalLength(source);
        if (length != (ulong)source.Length)
        {
            throw new CheckpointCorruptException(
                path,
                source.Length - TrailerBytes,
                $"a total length of {source.Length} bytes",
                $"{length}: the file was cut or changed");
        }

        var actual = ContentDigest.Of(source[..^ContentDigest.Size]);
        if (actual != StoredDigest(source))
        {
            throw new CheckpointCorruptException(
                path,
                source.Length - ContentDigest.Size,
                $"digest {actual} of the bytes before",
                $"{StoredDigest(source)}: the file was changed after it was written");
        }
    }

    private static ulong TotalLength(ReadOnlySpan<byte> source) =>
        BinaryPrimitives.ReadUInt64LittleEndian(source[^TrailerBytes..]);

    private static ContentDigest StoredDigest(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(source[^ContentDigest.Size..]));

    private static void RefuseSecond(NativeInput body, bool isSecond, string what)
    {
        if (isSecond)
        {
            throw body.Corrupt(body.Position - NativeInput.RecordHeaderBytes, $"one record of {what}", "a second one");
        }
    }

    private static void WriteUnknown(NativeOutput output, OpaqueRecord record)
    {
        if ((record.Tag & NativeTags.RequiredBit) != 0)
        {
            throw output.Refuse($"an unknown record with the required tag 0x{record.Tag:x4}",
                "tags below 0x8000 there");
        }

        var begin = output.Begin(record.Tag);
        output.WriteBytes(record.Body.Items.AsSpan());
        output.End(begin);
    }
}
