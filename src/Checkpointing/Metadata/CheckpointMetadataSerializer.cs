using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Checkpointing.Metadata.Flink;
using Checkpointing.Metadata.Flink.V1;
using Checkpointing.Metadata.Flink.V2;
using Checkpointing.Metadata.Flink.V3;
using Checkpointing.Metadata.Flink.V4;
using Checkpointing.Metadata.Flink.V5;
using Checkpointing.Metadata.Flink.V6;
using Checkpointing.Metadata.Flink.V7;
using Checkpointing.Metadata.Native;

namespace Checkpointing.Metadata;

/// <summary>Reads and writes <c>_metadata</c> files: looks at magic and version and calls the format's own
/// folder.</summary>
/// <remarks>Safe for concurrent calls. Nothing is read from or written to storage here.</remarks>
public static class CheckpointMetadataSerializer
{
    /// <summary>First four bytes of every metadata file, big-endian; Flink's.</summary>
    public const uint Magic = 0x4960672D;

    internal const string SupportedVersions = "metadata versions 1 to 7 (Flink 1.2 and later) and 1001";

    private const string WritableVersions = "metadata versions 1 to 6 (Flink 1.2 to 2.4) and 1001";

    private const int HeaderBytes = 2 * sizeof(int);

    /// <summary>Reads the content of a metadata file of any supported format.</summary>
    /// <param name="source">All bytes of the file.</param>
    /// <param name="path">Path of the file, for messages only.</param>
    /// <param name="format">The format that was found.</param>
    /// <exception cref="CheckpointCorruptException">The bytes are damaged, or no metadata file at all.</exception>
    /// <exception cref="UnsupportedFormatException">The version, or something that the file says must be understood,
    /// is not known.</exception>
    public static CheckpointMetadata Read(ReadOnlySpan<byte> source, string path, out MetadataFormat format)
    {
        ArgumentNullException.ThrowIfNull(path);
        var input = new MetadataInput(source, path);
        var magic = BinaryPrimitives.ReadUInt32BigEndian(
            input.Take(sizeof(uint), "the magic number of a metadata file"));
        if (magic != Magic)
        {
            throw input.Corrupt(
                0,
                $"the magic number 0x{Magic:x8} of a metadata file",
                $"0x{magic:x8} (no checkpoint, or one of Flink 1.0)");
        }

        var version = BinaryPrimitives.ReadInt32BigEndian(input.Take(sizeof(int), "the version"));
        if (version != NativeV1.Version && NativeV1.HasDamagedVersion(source))
        {
            throw input.Corrupt(
                sizeof(uint), $"version {NativeV1.Version}", version.ToString(CultureInfo.InvariantCulture));
        }

        format = (MetadataFormat)version;
        return format switch
        {
            MetadataFormat.FlinkV1 => FlinkV1.Read(source, HeaderBytes, path),
            MetadataFormat.FlinkV2 => FlinkV2.Read(source, HeaderBytes, path),
            MetadataFormat.FlinkV3 => FlinkBody.Read(source, HeaderBytes, FlinkV3.Layout, path),
            MetadataFormat.FlinkV4 => FlinkBody.Read(source, HeaderBytes, FlinkV4.Layout, path),
            MetadataFormat.FlinkV5 => FlinkBody.Read(source, HeaderBytes, FlinkV5.Layout, path),
            MetadataFormat.FlinkV6 => FlinkBody.Read(source, HeaderBytes, FlinkV6.Layout, path),
            MetadataFormat.FlinkV7 => FlinkBody.Read(source, HeaderBytes, FlinkV7.Layout, path),
            MetadataFormat.NativeV1 => NativeV1.Read(source, HeaderBytes, path),
            _ => throw new UnsupportedFormatException(path, $"metadata version {version}", SupportedVersions),
        };
    }

    /// <summary>Reads the content of a metadata file of any supported format.</summary>
    /// <param name="source">All bytes of the file.</param>
    /// <param name="path">Path of the file, for messages only.</param>
    /// <exception cref="CheckpointCorruptException">The bytes are damaged, or no metadata file at all.</exception>
    /// <exception cref="UnsupportedFormatException">The version, or something that the file says must be understood,
    /// is not known.</exception>
    public static CheckpointMetadata Read(ReadOnlySpan<byte> source, string path) => Read(source, path, out _);

    /// <summary>Makes the content of a metadata file.</summary>
    /// <param name="metadata">What to write.</param>
    /// <param name="format">In which format. What only our own format has is left out in Flink's.</param>
    /// <param name="path">Path of the file to be, for messages only.</param>
    /// <exception cref="UnsupportedFormatException">The format cannot express something; the message names it. A
    /// placeholder is in no format: the registry replaces it first.</exception>
    public static byte[] Write(CheckpointMetadata metadata, MetadataFormat format, string path = "_metadata") =>
        WriteOutput(metadata, format, path).Finish();

    /// <summary>Makes the content of a metadata file.</summary>
    /// <param name="metadata">What to write.</param>
    /// <param name="format">In which format. What only our own format has is left out in Flink's.</param>
    /// <param name="target">Gets the bytes, in one piece, only if all could be written.</param>
    /// <param name="path">Path of the file to be, for messages only.</param>
    /// <exception cref="UnsupportedFormatException">The format cannot express something; the message names it. A
    /// placeholder is in no format: the registry replaces it first.</exception>
    public static void Write(
        CheckpointMetadata metadata, MetadataFormat format, IBufferWriter<byte> target, string path = "_metadata")
    {
        ArgumentNullException.ThrowIfNull(target);
        var output = WriteOutput(metadata, format, path);
        var length = output.Length;
        output.FinishTo(target.GetSpan(length));
        target.Advance(length);
    }

    private static MetadataOutput WriteOutput(CheckpointMetadata metadata, MetadataFormat format, string path)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(path);
        MetadataRules.Check(metadata, path);
        var output = new MetadataOutput();
        output.WriteInt32BigEndian(unchecked((int)Magic));
        output.WriteInt32BigEndian((int)format);
        switch (format)
        {
            case MetadataFormat.FlinkV1:
                FlinkV1.Write(metadata, output, path);
                break;
            case MetadataFormat.FlinkV2:
                FlinkV2.Write(metadata, output, path);
                break;
            case MetadataFormat.FlinkV3:
                FlinkBody.Write(metadata, output, FlinkV3.Layout, path);
                break;
            case MetadataFormat.FlinkV4:
                FlinkBody.Write(metadata, output, FlinkV4.Layout, path);
                break;
            case MetadataFormat.FlinkV5:
                FlinkBody.Write(metadata, output, FlinkV5.Layout, path);
                break;
            case MetadataFormat.FlinkV6:
                FlinkBody.Write(metadata, output, FlinkV6.Layout, path);
                break;
            case MetadataFormat.NativeV1:
                NativeV1.Write(metadata, output, path);
                break;
            default:
                throw new UnsupportedFormatException(
                    path, $"metadata version {(int)format} to be written", WritableVersions);
        }

        return output;
    }
}
