using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Stream handles, the same in all versions of Flink's formats.</summary>
internal static class FlinkStreamHandles
{
    private const byte NoneTag = 0;
    private const byte BytesTag = 1;
    private const byte FileTag = 2;
    private const byte KeyGroupsTag = 3;

    // What later versions add: relative file, segment, empty segment.
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
                var name = input.ReadText("a name of inline bytes");
                return new ByteStreamStateHandle(name, input.ReadBlob("inline bytes"));
            case FileTag:
                return ReadFile(ref input);
            case KeyGroupsTag when depth >= MetadataInput.MaxDepth:
                throw input.Corrupt(
                    input.Position - 1, $"streams at most {MetadataInput.MaxDepth} deep", "a deeper one");
            case KeyGroupsTag:
                return new KeyGroupsStreamStateHandle(FlinkKeyedHandles.ReadKeyGroups(ref input, depth + 1));
            default:
                throw input.UnknownTag(
                    tag, tag is RelativeFileTag or SegmentTag or EmptySegmentTag, what, "0, 1, 2 and 3");
        }
    }

    /// <summary>A handle that must be there.</summary>
    internal static StreamStateHandle ReadRequired(ref FlinkInput input, string what, int depth = 0)
    {
        var offset = input.Position;
        var handle = Read(ref input, what, depth);
        return handle is AbsentStreamStateHandle ? throw input.Corrupt(offset, what, "no handle") : handle;
    }

    internal static void Write(FlinkOutput output, StreamStateHandle handle, int depth = 0)
    {
        switch (handle)
        {
            case AbsentStreamStateHandle:
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
            case KeyGroupsStreamStateHandle groups when depth < MetadataInput.MaxDepth:
                output.WriteByte(KeyGroupsTag);
                FlinkKeyedHandles.WriteKeyGroups(output, groups.KeyGroups, depth + 1);
                break;
            case PlaceholderStateHandle placeholder:
                throw output.Refuse(
                    $"a placeholder for shared file {placeholder.Key}",
                    "handles of stored files; the registry replaces placeholders");
            case FileStateHandle:
                throw output.Refuse("a file without a path", "files with a path");
            case RelativeFileStateHandle file:
                throw output.Refuse($"relative file '{file.RelativePath}'", "files with their whole path");
            default:
                throw output.Refuse($"a {handle.GetType().Name} {depth} deep", "files, inline bytes and key groups");
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

    private static FileStateHandle ReadFile(ref FlinkInput input)
    {
        var sizeBytes = input.ReadInt64("a file's length");
        var offset = input.Position;
        var path = input.ReadText("a path");
        return path.Length != 0 ? new(path, sizeBytes) : throw input.Corrupt(offset, "a path", "an empty one");
    }
}
