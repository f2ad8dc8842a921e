using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Records of keyed state in version 1001.</summary>
internal static class NativeKeyedState
{
    // A file's name, then the smallest stream record.
    private const int SmallestFileBytes = sizeof(int) + NativeInput.RecordHeaderBytes;

    internal static KeyedStateHandle Read(ref NativeInput input)
    {
        var offset = input.Position;
        var body = input.ReadRecord(out var tag);
        KeyedStateHandle handle = tag switch
        {
            NativeTags.KeyGroups => ReadKeyGroups(ref body, depth: 0),
            NativeTags.Incremental => ReadIncremental(ref body),
            _ => throw body.UnknownKind(tag, "keyed state", offset),
        };
        body.ExpectEnd("keyed state");
        return handle;
    }

    internal static void Write(NativeOutput output, KeyedStateHandle handle)
    {
        int begin;
        switch (handle)
        {
            case KeyGroupsStateHandle groups:
                begin = output.Begin(NativeTags.KeyGroups);
                WriteKeyGroups(output, groups, depth: 0);
                break;
            case IncrementalKeyedStateHandle incremental:
                begin = output.Begin(NativeTags.Incremental);
                WriteIncremental(output, incremental);
                break;
            default:
                throw output.Refuse($"a {handle.GetType().Name}", "the kinds of keyed state that version 1001 has");
        }

        output.End(begin);
    }

    internal static KeyGroupsStateHandle ReadKeyGroups(ref NativeInput body, int depth)
    {
        var range = body.ReadRange();
        return new(range, body.ReadOffsets(range.Count), NativeStreams.Read(ref body, depth));
    }

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
        while (body.TryReadRecord(out var tag, out var record))
        {
            switch (tag)
            {
                case NativeTags.MetaFile when metaFile is null:
                    metaFile = NativeStreams.Read(ref record, depth: 0);
                    break;
                case NativeTags.SharedFiles when shared is null:
                    shared = ReadFiles(ref record);
                    break;
                case NativeTags.PrivateFiles when own is null:
                    own = ReadFiles(ref record);
                    break;
                case NativeTags.BackendText when backendText is null:
                    backendText = record.ReadTextToEnd("a backend's id");
                    break;
                case NativeTags.MetaFile or NativeTags.SharedFiles or NativeTags.PrivateFiles or NativeTags.BackendText:
                    throw record.Corrupt(record.Position, "each part of keyed state once",
                        $"a second record 0x{tag:x4}");
                default:
                    record.RefuseIfRequired(tag, "incremental keyed state");
                    continue;
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
        if (handle.BackendText is { } text)
        {
            begin = output.Begin(NativeTags.BackendText);
            output.WriteTextOnly(text);
            output.End(begin);
        }
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
