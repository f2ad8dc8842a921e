using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Stream handles. Versions 1 and 2 have tags 0 to 3; relative files and segments came later.</summary>
internal static class FlinkStreamHandles
{
    private const byte NoneTag = 0;
    private const byte BytesTag = 1;
    private const byte FileTag = 2;
    private const byte KeyGroupsTag = 3;
    private const byte RelativeFileTag = 6;
    private const byte SegmentTag = 15;
    private const byte EmptySegmentTag = 16;

    /// <summary>Bytes of the smallest handle.</summary>
    internal const int SmallestBytes = 1;

    /// <summary>A handle where Flink accepts that there is none.</summary>
    internal static StreamStateHandle Read(ref FlinkInput input, string what, int depth = 0)
    {
        var tag = input.ReadByte(what);
        switch (tag)
        {
            case NoneTag:
                return AbsentStreamStateHandle.Instance;
            case BytesTag:
                return ReadBytes(ref input);
            case FileTag:
                return ReadFile(ref input);
            case KeyGroupsTag:
                input.CheckDepth(depth, what);
                return new KeyGroupsStreamStateHandle(FlinkKeyedHandles.ReadKeyGroups(ref input, depth + 1));
            case RelativeFileTag when input.HasLaterTags:
                return ReadRelativeFile(ref input);
            case SegmentTag when input.HasLaterTags:
                return ReadSegment(ref input);
            case EmptySegmentTag when input.HasLaterTags:
                return EmptySegmentStateHandle.Instance;
            default:
                throw input.UnknownTag(
                    tag, tag is RelativeFileTag or SegmentTag or EmptySegmentTag, what,
                    input.HasLaterTags ? "0, 1, 2, 3, 6, 15 and 16" : "0, 1, 2 and 3");
        }
    }

    /// <summary>A handle, or null where there is none.</summary>
    internal static StreamStateHandle? ReadOptional(ref FlinkInput input, string what) =>
        Read(ref input, what) is var handle && handle is AbsentStreamStateHandle ? null : handle;

    /// <summary>A handle that must be there.</summary>
    internal static StreamStateHandle ReadRequired(ref FlinkInput input, string what, int depth = 0)
    {
        var offset = input.Position;
        var handle = Read(ref input, what, depth);
        return handle is AbsentStreamStateHandle ? throw input.Corrupt(offset, what, "no handle") : handle;
    }

    /// <summary>Inline bytes, or null where there is none; nothing else is accepted.</summary>
    internal static ByteStreamStateHandle? ReadOptionalBytes(ref FlinkInput input, string what)
    {
        var tag = input.ReadByte(what);
        return tag switch
        {
            NoneTag => null,
            BytesTag => ReadBytes(ref input),
            _ => throw input.Corrupt(input.Position - 1, $"{what} in inline bytes (tag 0 or 1)", $"tag {tag}"),
        };
    }

    internal static void Write(FlinkOutput output, StreamStateHandle? handle, int depth = 0)
    {
        switch (handle)
        {
            case null or AbsentStreamStateHandle:
                output.WriteByte(NoneTag);
                break;
            case ByteStreamStateHandle bytes:
                output.WriteByte(BytesTag);
                output.WriteText(bytes.Name, "the name of inline bytes");
                output.WriteBlob(bytes.Data);
                break;
            case FileStateHandle { Path.Length: > 0 } file:
                output.WriteByte(FileTag);
                output.WriteInt64(file.FileSizeBytes);
                output.WriteText(file.Path, "path");
                break;
            case KeyGroupsStreamStateHandle groups:
                output.CheckDepth(depth, "key groups as a stream");
                output.WriteByte(KeyGroupsTag);
                FlinkKeyedHandles.WriteKeyGroups(output, groups.KeyGroups, depth + 1);
                break;
            case RelativeFileStateHandle { RelativePath.Length: > 0 } file when output.HasLaterTags:
                output.WriteByte(RelativeFileTag);
                output.WriteText(file.RelativePath, "relative path");
                output.WriteInt64(file.FileSizeBytes);
                break;
            case SegmentStateHandle { Path.Length: > 0 } segment when output.HasLaterTags:
                WriteSegment(output, segment);
                break;
            case EmptySegmentStateHandle when output.HasLaterTags:
                output.WriteByte(EmptySegmentTag);
                break;
            default:
                throw output.Refuse(
                    Describe(handle), output.HasLaterTags
                        ? "files, relative files, segments, inline bytes and key groups"
                        : "files with their whole path, inline bytes and key groups");
        }
    }

    /// <summary>Writes a handle that must be there.</summary>
    internal static void WriteRequired(FlinkOutput output, StreamStateHandle handle, string what, int depth = 0)
    {
        if (handle is AbsentStreamStateHandle)
        {
            throw output.Refuse($"no handle for {what}", "a handle there");
        }

        Write(output, handle, depth);
    }

    private static string Describe(StreamStateHandle handle) => handle switch
    {
        PlaceholderStateHandle placeholder =>
            $"a placeholder for shared file {placeholder.Key}, which the registry replaces before",
        FileStateHandle => "a file without a path",
        RelativeFileStateHandle file => $"relative file '{file.RelativePath}'",
        SegmentStateHandle segment => $"segment {segment.StartPosition} of file '{segment.Path}'",
        EmptySegmentStateHandle => "an empty segment",
        _ => $"a {handle.GetType().Name}",
    };

    private static ByteStreamStateHandle ReadBytes(ref FlinkInput input)
    {
        var name = input.ReadText("a name of inline bytes");
        return new(name, input.ReadBlob("inline bytes"));
    }

    private static FileStateHandle ReadFile(ref FlinkInput input)
    {
        var sizeBytes = input.ReadInt64("a file's length");
        return new(input.ReadFullText("a path"), sizeBytes);
    }

    private static RelativeFileStateHandle ReadRelativeFile(ref FlinkInput input)
    {
        var path = input.ReadFullText("a relative path");
        return new(path, input.ReadInt64("a file's length"));
    }

    private static SegmentStateHandle ReadSegment(ref FlinkInput input)
    {
        var start = input.ReadInt64("a segment's start");
        var sizeBytes = input.ReadInt64("a segment's length");
        var offset = input.Position;
        var scope = (SegmentScope)input.ReadInt32("a segment's scope");
        if (scope is < SegmentScope.Exclusive or > SegmentScope.Shared)
        {
            throw input.Corrupt(offset, "scope 0 or 1", $"{(int)scope}");
        }

        var path = input.ReadFullText("a segment's path");
        return new(path, start, sizeBytes, scope, input.ReadText("a segment's id"));
    }

    private static void WriteSegment(FlinkOutput output, SegmentStateHandle segment)
    {
        if (segment.Scope is < SegmentScope.Exclusive or > SegmentScope.Shared)
        {
            throw output.Refuse($"{Describe(segment)} of scope {(int)segment.Scope}", "scopes 0 and 1");
        }

        output.WriteByte(SegmentTag);
        output.WriteInt64(segment.StartPosition);
        output.WriteInt64(segment.SegmentSizeBytes);
        output.WriteInt32((int)segment.Scope);
        output.WriteText(segment.Path, "a segment's path");
        output.WriteText(segment.LogicalFileId, "a segment's id");
    }
}
