using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Handles of keyed state. Versions 1 and 2 have tags 0, 3 and 5; savepoints, ids of handles and changelogs
/// came later.</summary>
internal static class FlinkKeyedHandles
{
    private const byte NoneTag = 0;
    private const byte KeyGroupsTag = 3;
    private const byte IncrementalTag = 5;
    private const byte SavepointKeyGroupsTag = 7;
    private const byte IncrementalWithIdTag = 11;
    private const byte KeyGroupsWithIdTag = 12;

    private const int SmallestFileBytes = sizeof(ushort) + FlinkStreamHandles.SmallestBytes;

    /// <summary>A handle; null if there is none.</summary>
    internal static KeyedStateHandle? Read(ref FlinkInput input, int depth = 0)
    {
        var tag = input.ReadByte("keyed state");
        return tag switch
        {
            NoneTag => null,
            KeyGroupsTag => ReadKeyGroups(ref input, depth),
            IncrementalTag => ReadIncremental(ref input, hasId: false),
            SavepointKeyGroupsTag when input.HasLaterTags =>
                ReadKeyGroups(ref input, depth) with { IsSavepoint = true },
            IncrementalWithIdTag when input.HasLaterTags => ReadIncremental(ref input, hasId: true),
            KeyGroupsWithIdTag when input.HasLaterTags => ReadKeyGroupsWithId(ref input, depth),
            _ when input.HasLaterTags && FlinkChangelogHandles.IsTag(tag) =>
                FlinkChangelogHandles.Read(ref input, tag, depth),
            _ => throw input.UnknownTag(
                tag,
                tag is SavepointKeyGroupsTag or IncrementalWithIdTag or KeyGroupsWithIdTag
                    || FlinkChangelogHandles.IsTag(tag),
                "keyed state",
                input.HasLaterTags ? "0, 3, 5 and 7 to 14" : "0, 3 and 5"),
        };
    }

    internal static void Write(FlinkOutput output, KeyedStateHandle? handle, int depth = 0)
    {
        switch (handle)
        {
            case null:
                output.WriteByte(NoneTag);
                break;
            case KeyGroupsStateHandle { IsSavepoint: true, HandleId: not null } groups:
                throw output.Refuse(
                    $"a savepoint's key groups {groups.Range} with handle id '{groups.HandleId}'",
                    "a handle id or the mark of a savepoint");
            case KeyGroupsStateHandle groups:
                WriteTaggedKeyGroups(output, groups, depth);
                break;
            case IncrementalKeyedStateHandle incremental:
                WriteIncremental(output, incremental);
                break;
            case var _ when output.HasLaterTags:
                FlinkChangelogHandles.Write(output, handle, depth);
                break;
            default:
                throw output.Refuse(
                    $"a {handle.GetType().Name} of key groups {handle.KeyGroups}",
                    "key groups and incremental keyed state");
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

    private static KeyGroupsStateHandle ReadKeyGroupsWithId(ref FlinkInput input, int depth)
    {
        var groups = ReadKeyGroups(ref input, depth);
        return groups with { HandleId = input.ReadText("a handle's id") };
    }

    private static void WriteTaggedKeyGroups(FlinkOutput output, KeyGroupsStateHandle groups, int depth)
    {
        var tag = !output.HasLaterTags ? KeyGroupsTag
            : groups.IsSavepoint ? SavepointKeyGroupsTag
            : groups.HandleId is null ? KeyGroupsTag
            : KeyGroupsWithIdTag;
        output.WriteByte(tag);
        WriteKeyGroups(output, groups, depth);
        if (tag == KeyGroupsWithIdTag)
        {
            output.WriteText(groups.HandleId!, "a handle's id");
        }
    }

    private static IncrementalKeyedStateHandle ReadIncremental(ref FlinkInput input, bool hasId)
    {
        var checkpointId = new CheckpointId(input.ReadInt64("the checkpoint of keyed state"));
        var text = input.ReadText("a backend's id");
        var backendId = FlinkBackendIds.FromText(text, out var isUsual);
        var keepText = !isUsual || input.IsOdd(text);
        var range = input.ReadRange();
        var checkpointedSizeBytes = hasId ? input.ReadInt64("the checkpointed size") : -1;
        var metaFile = FlinkStreamHandles.Read(ref input, "the meta file of keyed state");
        var shared = ReadFiles(ref input);
        var own = ReadFiles(ref input);
        return new(backendId, range, checkpointId, shared, own, metaFile, checkpointedSizeBytes)
        {
            BackendText = keepText ? text : null,
            HandleId = hasId ? input.ReadText("a handle's id") : null,
        };
    }

    private static void WriteIncremental(FlinkOutput output, IncrementalKeyedStateHandle handle)
    {
        // Only files of Flink's have an id of the handle. Without one the older tag is written: each Flink reads it.
        var hasId = output.HasLaterTags && handle.HandleId is not null;
        output.WriteByte(hasId ? IncrementalWithIdTag : IncrementalTag);
        output.WriteInt64(handle.CheckpointId.Value);
        var text = handle.BackendText is { } kept && FlinkBackendIds.FromText(kept, out _) == handle.BackendId
            ? kept
            : handle.BackendId.ToString("D");
        output.WriteText(text, "backend id");
        output.WriteRange(handle.Range);
        if (hasId)
        {
            output.WriteInt64(handle.CheckpointedSizeBytes);
        }

        FlinkStreamHandles.Write(output, handle.MetaFile);
        WriteFiles(output, handle.SharedFiles);
        WriteFiles(output, handle.PrivateFiles);
        if (hasId)
        {
            output.WriteText(handle.HandleId!, "a handle's id");
        }
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
