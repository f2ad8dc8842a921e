using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Handles of keyed state, the same in all versions of Flink's formats.</summary>
internal static class FlinkKeyedHandles
{
    private const byte NoneTag = 0;
    private const byte KeyGroupsTag = 3;
    private const byte IncrementalTag = 5;

    // What later versions add: savepoint key groups, changelogs, incremental with its checkpointed size.
    private const byte FirstLaterTag = 7;
    private const byte LastLaterTag = 14;

    private const int SmallestFileBytes = sizeof(ushort) + FlinkStreamHandles.SmallestBytes;

    /// <summary>A handle; null if there is none.</summary>
    internal static KeyedStateHandle? Read(ref FlinkInput input)
    {
        var tag = input.ReadByte("keyed state");
        return tag switch
        {
            NoneTag => null,
            KeyGroupsTag => ReadKeyGroups(ref input, depth: 0),
            IncrementalTag => ReadIncremental(ref input),
            _ => throw input.UnknownTag(tag, tag is >= FirstLaterTag and <= LastLaterTag, "keyed state", "0, 3 and 5"),
        };
    }

    internal static void Write(FlinkOutput output, KeyedStateHandle? handle)
    {
        switch (handle)
        {
            case null:
                output.WriteByte(NoneTag);
                break;
            case KeyGroupsStateHandle groups:
                output.WriteByte(KeyGroupsTag);
                WriteKeyGroups(output, groups, depth: 0);
                break;
            case IncrementalKeyedStateHandle incremental:
                output.WriteByte(IncrementalTag);
                WriteIncremental(output, incremental);
                break;
            default:
                throw output.Refuse($"a {handle.GetType().Name}", "key groups and incremental keyed state");
        }
    }

    /// <summary>What follows the tag of key groups, as keyed state or as a stream.</summary>
    internal static KeyGroupsStateHandle ReadKeyGroups(ref FlinkInput input, int depth)
    {
        var range = input.ReadRange();
        return new(
            range,
            input.ReadOffsets(range.Count),
            FlinkStreamHandles.ReadRequired(ref input, "the stream of key groups", depth));
    }

    internal static void WriteKeyGroups(FlinkOutput output, KeyGroupsStateHandle groups, int depth)
    {
        if (groups.Offsets.Count != groups.Range.Count)
        {
            throw output.Refuse(
                $"key groups {groups.Range} with {groups.Offsets.Count} offsets", "one offset a key group");
        }

        output.WriteRange(groups.Range);
        output.WriteOffsets(groups.Offsets);
        FlinkStreamHandles.WriteRequired(output, groups.Stream, $"key groups {groups.Range}", depth);
    }

    private static IncrementalKeyedStateHandle ReadIncremental(ref FlinkInput input)
    {
        var checkpointId = new CheckpointId(input.ReadInt64("the checkpoint of keyed state"));
        var text = input.ReadText("a backend's id");
        var backendId = FlinkBackendIds.FromText(text, out var isUsual);
        var keepText = !isUsual || input.IsOdd(text);
        var range = input.ReadRange();
        var metaFile = FlinkStreamHandles.Read(ref input, "the meta file of keyed state");
        var shared = ReadFiles(ref input);
        var own = ReadFiles(ref input);
        return new(backendId, range, checkpointId, shared, own, metaFile) { BackendText = keepText ? text : null };
    }

    private static void WriteIncremental(FlinkOutput output, IncrementalKeyedStateHandle handle)
    {
        output.WriteInt64(handle.CheckpointId.Value);
        var text = handle.BackendText is { } kept && FlinkBackendIds.FromText(kept, out _) == handle.BackendId
            ? kept
            : handle.BackendId.ToString("D");
        output.WriteText(text, "backend id");
        output.WriteRange(handle.Range);
        FlinkStreamHandles.Write(output, handle.MetaFile);
        WriteFiles(output, handle.SharedFiles);
        WriteFiles(output, handle.PrivateFiles);
    }

    private static ValueList<StateFile> ReadFiles(ref FlinkInput input)
    {
        var count = input.ReadCount(SmallestFileBytes, "files");
        if (count == 0)
        {
            return default;
        }

        var files = new StateFile[count];
        for (var i = 0; i < files.Length; i++)
        {
            var localName = input.ReadText("a local file name");
            files[i] = new(localName, FlinkStreamHandles.Read(ref input, "a file of keyed state"));
        }

        return MetadataInput.Own(files);
    }

    private static void WriteFiles(FlinkOutput output, ValueList<StateFile> files)
    {
        output.WriteInt32(files.Count);
        foreach (var file in files)
        {
            output.WriteText(file.LocalName, "local file name");
            FlinkStreamHandles.Write(output, file.Handle);
        }
    }
}
