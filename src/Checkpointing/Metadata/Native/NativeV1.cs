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
        FlinkProperties? flinkProperties = null;
        List<MasterState>? masterStates = null;
        List<OperatorCheckpoint>? operators = null;
        List<OpaqueRecord>? unknown = null;
        while (input.TryReadRecord(out var tag, out var body))
        {
            switch (tag)
            {
                case NativeTags.Checkpoint:
                    body.RefuseSecond(id is not null, "the checkpoint's id");
                    id = NativeInfo.ReadCheckpointId(ref body);
                    break;
                case NativeTags.Info:
                    body.RefuseSecond(info is not null, "the checkpoint's origin");
                    info = NativeInfo.Read(ref body);
                    break;
                case NativeTags.MasterState:
                    (masterStates ??= []).Add(NativeInfo.ReadMasterState(ref body));
                    break;
                case NativeTags.Operator:
                    (operators ??= []).Add(NativeOperators.Read(ref body));
                    break;
                case NativeTags.FlinkProperties:
                    body.RefuseSecond(flinkProperties is not null, "Flink's properties");
                    flinkProperties = body.ReadFlinkProperties();
                    break;
                default:
                    body.Keep(tag, "the file", ref unknown);
                    break;
            }
        }

        return new(
            id ?? throw input.Corrupt(input.Position, "the record of the checkpoint's id", "the end of the records"),
            masterStates.Own(),
            operators.Own())
        {
            Info = info,
            FlinkProperties = flinkProperties,
            UnknownRecords = unknown.Own(),
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
            output.Enter(one);
            NativeOperators.Write(output, one);
        }

        if (metadata.FlinkProperties is { } properties)
        {
            var begin = output.Begin(NativeTags.FlinkProperties);
            output.WriteBytes(properties.Serialized.Items.AsSpan());
            output.End(begin);
        }

        output.WriteUnknown(metadata.UnknownRecords);

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
}
