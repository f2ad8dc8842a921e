using System.Buffers.Binary;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Records of streams in version 1001. The tag says the kind, so an unknown kind is refused by name.</summary>
internal static class NativeStreams
{
    private const ushort NoTransform = 0;

    internal static StreamStateHandle Read(ref NativeInput input, int depth)
    {
        var offset = input.Position;
        var body = input.ReadRecord(out var tag);
        StreamStateHandle handle;
        switch (tag)
        {
            case NativeTags.File:
                handle = ReadFile(ref body);
                break;
            case NativeTags.RelativeFile:
                handle = ReadRelativeFile(ref body);
                break;
            case NativeTags.Bytes:
                handle = ReadBytes(ref body);
                break;
            case NativeTags.AbsentStream:
                handle = AbsentStreamStateHandle.Instance;
                break;
            case NativeTags.KeyGroupsStream:
                body.CheckDepth(depth, "streams");
                handle = new KeyGroupsStreamStateHandle(NativeKeyedState.ReadKeyGroups(ref body, depth + 1));
                break;
            case NativeTags.Segment:
                handle = ReadSegment(ref body);
                break;
            case NativeTags.EmptySegment:
                handle = EmptySegmentStateHandle.Instance;
                break;
            default:
                throw body.UnknownKind(tag, "stream", offset);
        }

        return body.Remaining == 0 ? handle : handle with { UnknownRecords = body.ReadUnknown("a stream") };
    }

    /// <summary>Inline bytes, the only stream that an operator coordinator's state is kept in.</summary>
    internal static ByteStreamStateHandle ReadInline(ref NativeInput input, string what)
    {
        var offset = input.Position;
        return Read(ref input, depth: 0) as ByteStreamStateHandle
            ?? throw input.Corrupt(offset, $"{what} in inline bytes", "another stream");
    }

    internal static void Write(NativeOutput output, StreamStateHandle handle, int depth)
    {
        var begin = output.Begin(TagOf(output, handle));
        switch (handle)
        {
            case FileStateHandle file:
                WriteFile(output, file.Path, file.FileSizeBytes, file.Digest);
                break;
            case RelativeFileStateHandle file:
                WriteFile(output, file.RelativePath, file.FileSizeBytes, file.Digest);
                break;
            case ByteStreamStateHandle bytes:
                output.WriteText(bytes.Name);
                output.WriteBlob(bytes.Data);
                break;
            case KeyGroupsStreamStateHandle groups:
                output.CheckDepth(depth, "key groups as a stream");
                NativeKeyedState.WriteKeyGroups(output, groups.KeyGroups, depth + 1);
                output.WriteUnknown(groups.KeyGroups.UnknownRecords);
                break;
            case SegmentStateHandle segment:
                WriteSegment(output, segment);
                break;
        }

        output.WriteUnknown(handle.UnknownRecords);
        output.End(begin);
    }

    private static ushort TagOf(NativeOutput output, StreamStateHandle handle) => handle switch
    {
        FileStateHandle { Path.Length: > 0 } => NativeTags.File,
        RelativeFileStateHandle file when MetadataRules.IsRelativePath(file.RelativePath) => NativeTags.RelativeFile,
        ByteStreamStateHandle => NativeTags.Bytes,
        AbsentStreamStateHandle => NativeTags.AbsentStream,
        KeyGroupsStreamStateHandle => NativeTags.KeyGroupsStream,
        SegmentStateHandle { Path.Length: > 0 } => NativeTags.Segment,
        EmptySegmentStateHandle => NativeTags.EmptySegment,
        FileStateHandle or SegmentStateHandle => throw output.Refuse("a file without a path", "files with a path"),
        RelativeFileStateHandle file => throw output.Refuse(
            $"relative file '{file.RelativePath}', which leaves the folder of the metadata",
            "relative paths without a leading slash and without '..'"),
        PlaceholderStateHandle placeholder => throw output.Refuse(
            $"a placeholder for shared file {placeholder.Key}",
            "handles of stored files; the registry replaces placeholders"),
        _ => throw output.Refuse($"a {handle.GetType().Name}", "the kinds of stream that version 1001 has"),
    };

    private static ByteStreamStateHandle ReadBytes(ref NativeInput body)
    {
        var name = body.ReadText("a name of inline bytes");
        return new(name, body.ReadBlob("inline bytes"));
    }

    private static FileStateHandle ReadFile(ref NativeInput body)
    {
        var path = body.ReadFullText("a path");
        return new(path, body.ReadInt64("a file's length"), ReadTransformAndDigest(ref body, path));
    }

    private static RelativeFileStateHandle ReadRelativeFile(ref NativeInput body)
    {
        var offset = body.Position;
        var path = body.ReadText("a path");
        return MetadataRules.IsRelativePath(path)
            ? new(path, body.ReadInt64("a file's length"), ReadTransformAndDigest(ref body, path))
            : throw body.Corrupt(offset, "a relative path without '..'", $"'{path}'");
    }

    private static SegmentStateHandle ReadSegment(ref NativeInput body)
    {
        var path = body.ReadFullText("a segment's path");
        var start = body.ReadInt64("a segment's start");
        var sizeBytes = body.ReadInt64("a segment's length");
        var scope = (SegmentScope)body.ReadCode((byte)SegmentScope.Shared, "a segment of scope");
        return new(path, start, sizeBytes, scope, body.ReadText("a segment's id"));
    }

    private static void WriteSegment(NativeOutput output, SegmentStateHandle segment)
    {
        output.WriteText(segment.Path);
        output.WriteInt64(segment.StartPosition);
        output.WriteInt64(segment.SegmentSizeBytes);
        output.WriteCode((int)segment.Scope, 0, (int)SegmentScope.Shared, "a segment of scope");
        output.WriteText(segment.LogicalFileId);
    }

    private static ContentDigest? ReadTransformAndDigest(ref NativeInput body, string path)
    {
        var offset = body.Position;
        var transform = body.ReadUInt16("a file's transform");
        if (transform != NoTransform)
        {
            throw body.Unsupported(
                $"file '{path}' with transform {transform} at byte {offset}",
                "files stored as they are; use a newer library");
        }

        return body.ReadBoolean("whether a file has a digest") ? body.ReadDigest() : null;
    }

    private static void WriteFile(NativeOutput output, string path, long sizeBytes, ContentDigest? digest)
    {
        output.WriteText(path);

        // The fields behind the path in one step: nearly all that a large file holds is this.
        const int FixedBytes = sizeof(long) + sizeof(ushort) + 1;
        var fields = output.Take(FixedBytes + (digest is null ? 0 : ContentDigest.Size));
        BinaryPrimitives.WriteInt64LittleEndian(fields, sizeBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[sizeof(long)..], NoTransform);
        fields[FixedBytes - 1] = digest is null ? (byte)0 : (byte)1;
        if (digest is { } value)
        {
            BinaryPrimitives.WriteUInt128BigEndian(fields[FixedBytes..], value.Value);
        }
    }
}
