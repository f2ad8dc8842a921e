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
                var name = body.ReadText("a name of inline bytes");
                handle = new ByteStreamStateHandle(name, body.ReadBlob("inline bytes"));
                break;
            case NativeTags.AbsentStream:
                handle = AbsentStreamStateHandle.Instance;
                break;
            case NativeTags.KeyGroupsStream:
                if (depth >= MetadataInput.MaxDepth)
                {
                    throw body.Corrupt(offset, $"streams at most {MetadataInput.MaxDepth} deep", "a deeper one");
                }

                handle = new KeyGroupsStreamStateHandle(NativeKeyedState.ReadKeyGroups(ref body, depth + 1));
                break;
            default:
                throw body.UnknownKind(tag, "stream", offset);
        }

        body.ExpectEnd("a stream");
        return handle;
    }

    internal static void Write(NativeOutput output, StreamStateHandle handle, int depth)
    {
        switch (handle)
        {
            case FileStateHandle file:
                WriteFile(output, NativeTags.File, file.Path, file.Path.Length != 0, file.FileSizeBytes, file.Digest);
                break;
            case RelativeFileStateHandle file:
                var isRelative = MetadataRules.IsRelativePath(file.RelativePath);
                WriteFile(output, NativeTags.RelativeFile, file.RelativePath, isRelative, file.FileSizeBytes,
                    file.Digest);
                break;
            case ByteStreamStateHandle bytes:
                var begin = output.Begin(NativeTags.Bytes);
                output.WriteText(bytes.Name);
                output.WriteBlob(bytes.Data);
                output.End(begin);
                break;
            case AbsentStreamStateHandle:
                output.End(output.Begin(NativeTags.AbsentStream));
                break;
            case KeyGroupsStreamStateHandle groups when depth < MetadataInput.MaxDepth:
                var groupsBegin = output.Begin(NativeTags.KeyGroupsStream);
                NativeKeyedState.WriteKeyGroups(output, groups.KeyGroups, depth + 1);
                output.End(groupsBegin);
                break;
            case PlaceholderStateHandle placeholder:
                throw output.Refuse(
                    $"a placeholder for shared file {placeholder.Key}",
                    "handles of stored files; the registry replaces placeholders");
            default:
                throw output.Refuse($"a {handle.GetType().Name} {depth} deep",
                    "the kinds of stream that version 1001 has");
        }
    }

    private static FileStateHandle ReadFile(ref NativeInput body)
    {
        var offset = body.Position;
        var path = body.ReadText("a path");
        return path.Length != 0
            ? new(path, body.ReadInt64("a file's length"), ReadTransformAndDigest(ref body, path))
            : throw body.Corrupt(offset, "a path", "an empty one");
    }

    private static RelativeFileStateHandle ReadRelativeFile(ref NativeInput body)
    {
        var offset = body.Position;
        var path = body.ReadText("a path");
        return MetadataRules.IsRelativePath(path)
            ? new(path, body.ReadInt64("a file's length"), ReadTransformAndDigest(ref body, path))
            : throw body.Corrupt(offset, "a relative path without '..'", $"'{path}'");
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

        return body.ReadByte("whether a file has a digest") switch
        {
            0 => null,
            1 => body.ReadDigest(),
            var other => throw body.Corrupt(body.Position - 1, "0 or 1", $"{other}"),
        };
    }

    private static void WriteFile(
        NativeOutput output, ushort tag, string path, bool isGoodPath, long sizeBytes, ContentDigest? digest)
    {
        if (!isGoodPath)
        {
            throw output.Refuse($"a file with path '{path}'",
                "paths that are not empty, and relative ones without '..'");
        }

        var begin = output.Begin(tag);
        output.WriteText(path);
        output.WriteInt64(sizeBytes);
        output.WriteUInt16(NoTransform);
        output.WriteByte(digest is null ? (byte)0 : (byte)1);
        if (digest is { } value)
        {
            output.WriteDigest(value);
        }

        output.End(begin);
    }
}
