using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Records of keyed state in version 1001.</summary>
internal static class NativeKeyedState
{
    // A file's name, then the smallest stream record.
    private const int SmallestFileBytes = sizeof(int) + NativeInput.RecordHeaderBytes;

    internal static KeyedStateHandle Read(ref NativeInput input, int depth = 0)
    {
        var offset = input.Position;
        var body = input.ReadRecord(out var tag);
        return tag switch
        {
            NativeTags.KeyGroups => ReadKeyGroups(ref body, depth),
            NativeTags.Incremental => ReadIncremental(ref body),
            NativeTags.Changelog => NativeChangelogs.Read(ref body, depth),
            NativeTags.InMemoryChangelog => NativeChangelogs.ReadInMemory(ref body),
            NativeTags.ChangelogFiles => NativeChangelogs.ReadFiles(ref body),
            _ => throw body.UnknownKind(tag, "keyed state", offset),
        };
    }

    internal static void Write(NativeOutput output, KeyedStateHandle handle, int depth = 0)
    {
        int begin;
        switch (handle)
        {
            case KeyGroupsStateHandle groups:
                begin = output.Begin(NativeTags.KeyGroups);
                WriteKeyGroups(output, groups, depth);
                break;
            case IncrementalKeyedStateHandle incremental:
                begin = output.Begin(NativeTags.Incremental);
                WriteIncremental(output, incremental);
                break;
            case ChangelogStateHandle changelog:
                begin = output.Begin(NativeTags.Changelog);
                NativeChangelogs.Write(output, changelog, depth);
                break;
            case InMemoryChangelogStateHandle changes:
                begin = output.Begin(NativeTags.InMemoryChangelog);
                NativeChangelogs.WriteInMemory(output, changes);
                break;
            case ChangelogFilesStateHandle files:
                begin = output.Begin(NativeTags.ChangelogFiles);
                NativeChangelogs.WriteFiles(output, files);
                break;
            default:
                throw output.Refuse($"a {handle.GetType().Name}", "the kinds of keyed state that version 1001 has");
        }

        output.WriteUnknown(handle.UnknownRecords);
        output.End(begin);
    }

    /// <summary>The body of a record of key groups, as keyed state or as a stream.</summary>
    internal static KeyGroupsStateHandle ReadKeyGroups(ref NativeInput body, int depth)
    {
        var range = body.ReadRange();
        var groups = new KeyGroupsStateHandle(
            range, body.ReadOffsets(range.Count), NativeStreams.Read(ref body, depth));
        if (body.Remaining == 0)
        {
            return groups;
        }

        string? handleId = null;
        var isSavepoint = false;
        List<OpaqueRecord>? unknown = null;
        while (body.TryReadRecord(out var tag, out var record))
        {
            switch (tag)
            {
                case NativeTags.HandleId:
                    record.RefuseSecond(handleId is not null, "a handle's id");
                    handleId = record.ReadTextToEnd("a handle's id");
                    break;
                case NativeTags.Savepoint:
                    record.RefuseSecond(isSavepoint, "the mark of a savepoint");
                    record.ExpectEnd("the mark of a savepoint");
                    isSavepoint = true;
                    break;
                default:
                    record.Keep(tag, "key groups", ref unknown);
                    break;
            }
        }

        return groups with { HandleId = handleId, IsSavepoint = isSavepoint, UnknownRecords = unknown.Own() };
    }

    /// <summary>The body of a record of key groups, but for records kept.</summary>
    internal static void WriteKeyGroups(NativeOutput output, KeyGroupsStateHandle groups, int depth)
    {
        if (groups.Offsets.Count != groups.Range.Count)
        {
            throw output.Refuse(
                $"key groups {groups.Range} with {groups.Offsets.Count} offsets", "one offset a key group");
        }

        output.WriteRange(groups.Range);
        output.WriteOffsets(groups.Offsets);
        NativeStreams.Write(output, groups.Stream, depth);
        output.WriteTextRecord(NativeTags.HandleId, groups.HandleId);
        output.WriteMark(NativeTags.Savepoint, groups.IsSavepoint);
    }

    private static IncrementalKeyedStateHandle ReadIncremental(ref NativeInput body)
    {
        var backendId = body.ReadGuid("a backend's id");
        var range = body.ReadRange();
        var checkpointId = new CheckpointId(body.ReadInt64("the checkpoint of keyed state"));
        var checkpointedSizeBytes = body.ReadInt64("the checkpointed size");
        StreamStateHandle? metaFile = null;
        ValueList<StateFile>? shared = null;
        ValueList<StateFile>? own = null;
        string? backendText = null;
        string? handleId = null;
        List<OpaqueRecord>? unknown = null;
        while (body.TryReadRecord(out var tag, out var record))
        {
            switch (tag)
            {
                case NativeTags.MetaFile:
                    record.RefuseSecond(metaFile is not null, "a meta file");
                    metaFile = NativeStreams.Read(ref record, depth: 0);
                    break;
                case NativeTags.SharedFiles:
                    record.RefuseSecond(shared is not null, "shared files");
                    shared = ReadFiles(ref record);
                    break;
                case NativeTags.PrivateFiles:
                    record.RefuseSecond(own is not null, "private files");
                    own = ReadFiles(ref record);
                    break;
                case NativeTags.BackendText:
                    record.RefuseSecond(backendText is not null, "a backend's text");
                    backendText = record.ReadTextToEnd("a backend's id");
                    break;
                case NativeTags.HandleId:
                    record.RefuseSecond(handleId is not null, "a handle's id");
                    handleId = record.ReadTextToEnd("a handle's id");
                    break;
                default:
                    record.Keep(tag, "incremental keyed state", ref unknown);
                    break;
            }

            record.ExpectEnd("a part of keyed state");
        }

        return new(
            backendId,
            range,
            checkpointId,
            shared ?? default,
            own ?? default,
            metaFile ?? throw body.Corrupt(body.Position, "the meta file of keyed state", "the end of its record"),
            checkpointedSizeBytes)
        {
            BackendText = backendText,
            HandleId = handleId,
            UnknownRecords = unknown.Own(),
        };
    }

    private static void WriteIncremental(NativeOutput output, IncrementalKeyedStateHandle handle)
    {
        output.WriteGuid(handle.BackendId);
        output.WriteRange(handle.Range);
        output.WriteInt64(handle.CheckpointId.Value);
        output.WriteInt64(handle.CheckpointedSizeBytes);
        var begin = output.Begin(NativeTags.MetaFile);
        NativeStreams.Write(output, handle.MetaFile, depth: 0);
        output.End(begin);
        WriteFiles(output, NativeTags.SharedFiles, handle.SharedFiles);
        WriteFiles(output, NativeTags.PrivateFiles, handle.PrivateFiles);
        output.WriteTextRecord(NativeTags.BackendText, handle.BackendText);
        output.WriteTextRecord(NativeTags.HandleId, handle.HandleId);
    }

    private static ValueList<StateFile> ReadFiles(ref NativeInput body)
    {
        var files = new StateFile[body.ReadCount(SmallestFileBytes, "files")];
        for (var i = 0; i < files.Length; i++)
        {
            files[i] = new(body.ReadText("a local file name"), NativeStreams.Read(ref body, depth: 0));
        }

        return MetadataInput.Own(files);
    }

    private static void WriteFiles(NativeOutput output, ushort tag, ValueList<StateFile> files)
    {
        if (files.Count == 0)
        {
            return;
        }

        var begin = output.Begin(tag);
        output.WriteInt32(files.Count);
        foreach (var file in files)
        {
            output.WriteText(file.LocalName);
            NativeStreams.Write(output, file.Handle, depth: 0);
        }

        output.End(begin);
    }
}
