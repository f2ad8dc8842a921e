using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Bodies of the records of Flink's changelogs in version 1001, but for records kept.</summary>
internal static class NativeChangelogs
{
    // Key group, length of the data.
    private const int SmallestChangeBytes = 2 * sizeof(int);

    // Offset, then the smallest stream record.
    private const int SmallestStreamBytes = sizeof(long) + NativeInput.RecordHeaderBytes;

    internal static ChangelogStateHandle Read(ref NativeInput body, int depth)
    {
        body.CheckDepth(depth, "a changelog");
        var range = body.ReadRange();
        var checkpointedSizeBytes = body.ReadInt64("the checkpointed size");
        var materializationId = body.ReadInt64("the id of a materialization");
        var handleId = body.ReadText("a handle's id");
        CheckpointId? checkpointId = null;
        List<KeyedStateHandle>? materialized = null;
        List<KeyedStateHandle>? changes = null;
        List<OpaqueRecord>? unknown = null;
        while (body.TryReadRecord(out var tag, out var record))
        {
            switch (tag)
            {
                case NativeTags.Materialized:
                    (materialized ??= []).Add(NativeKeyedState.Read(ref record, depth + 1));
                    break;
                case NativeTags.Change:
                    (changes ??= []).Add(NativeKeyedState.Read(ref record, depth + 1));
                    break;
                case NativeTags.CheckpointOfChangelog:
                    record.RefuseSecond(checkpointId is not null, "the checkpoint of a changelog");
                    checkpointId = new(record.ReadInt64("the checkpoint of a changelog"));
                    break;
                default:
                    record.Keep(tag, "a changelog", ref unknown);
                    break;
            }

            record.ExpectEnd("a part of a changelog");
        }

        return new(range, materialized.Own(), changes.Own(), materializationId, checkpointedSizeBytes, handleId)
        {
            CheckpointId = checkpointId,
            UnknownRecords = unknown.Own(),
        };
    }

    internal static void Write(NativeOutput output, ChangelogStateHandle handle, int depth)
    {
        output.CheckDepth(depth, "a changelog");
        output.WriteRange(handle.Range);
        output.WriteInt64(handle.CheckpointedSizeBytes);
        output.WriteInt64(handle.MaterializationId);
        output.WriteText(handle.HandleId);
        WriteParts(output, NativeTags.Materialized, handle.Materialized, depth + 1);
        WriteParts(output, NativeTags.Change, handle.Changes, depth + 1);
        if (handle.CheckpointId is { } checkpointId)
        {
            var begin = output.Begin(NativeTags.CheckpointOfChangelog);
            output.WriteInt64(checkpointId.Value);
            output.End(begin);
        }
    }

    internal static InMemoryChangelogStateHandle ReadInMemory(ref NativeInput body)
    {
        var range = body.ReadRange();
        var from = body.ReadInt64("the first sequence number");
        var to = body.ReadInt64("the last sequence number");
        var changes = new StateChange[body.ReadCount(SmallestChangeBytes, "changes")];
        for (var i = 0; i < changes.Length; i++)
        {
            var keyGroup = body.ReadInt32("the key group of a change");
            changes[i] = new(keyGroup, body.ReadBlob("a change"));
        }

        var handleId = body.ReadText("a handle's id");
        return new(range, from, to, MetadataInput.Own(changes), handleId)
        {
            UnknownRecords = body.ReadUnknown("a changelog in memory"),
        };
    }

    internal static void WriteInMemory(NativeOutput output, InMemoryChangelogStateHandle handle)
    {
        output.WriteRange(handle.Range);
        output.WriteInt64(handle.From);
        output.WriteInt64(handle.To);
        output.WriteInt32(handle.Changes.Count);
        foreach (var change in handle.Changes)
        {
            output.WriteInt32(change.KeyGroup);
            output.WriteBlob(change.Data);
        }

        output.WriteText(handle.HandleId);
    }

    internal static ChangelogFilesStateHandle ReadFiles(ref NativeInput body)
    {
        var range = body.ReadRange();
        var streams = new ChangelogStream[body.ReadCount(SmallestStreamBytes, "streams of changes")];
        for (var i = 0; i < streams.Length; i++)
        {
            var offset = body.ReadInt64("an offset in a stream of changes");
            streams[i] = new(offset, NativeStreams.Read(ref body, depth: 0));
        }

        var sizeBytes = body.ReadInt64("the size of changes");
        var checkpointedSizeBytes = body.ReadInt64("the checkpointed size");
        var handleId = body.ReadText("a handle's id");
        string? storageId = null;
        List<OpaqueRecord>? unknown = null;
        while (body.TryReadRecord(out var tag, out var record))
        {
            if (tag == NativeTags.ChangelogStorage)
            {
                record.RefuseSecond(storageId is not null, "the id of a changelog storage");
                storageId = record.ReadTextToEnd("the id of a changelog storage");
            }
            else
            {
                record.Keep(tag, "changelog files", ref unknown);
            }
        }

        return new(range, MetadataInput.Own(streams), sizeBytes, checkpointedSizeBytes, handleId)
        {
            StorageId = storageId,
            UnknownRecords = unknown.Own(),
        };
    }

    internal static void WriteFiles(NativeOutput output, ChangelogFilesStateHandle handle)
    {
        output.WriteRange(handle.Range);
        output.WriteInt32(handle.Streams.Count);
        foreach (var stream in handle.Streams)
        {
            output.WriteInt64(stream.Offset);
            NativeStreams.Write(output, stream.Stream, depth: 0);
        }

        output.WriteInt64(handle.TotalSizeBytes);
        output.WriteInt64(handle.CheckpointedSizeBytes);
        output.WriteText(handle.HandleId);
        output.WriteTextRecord(NativeTags.ChangelogStorage, handle.StorageId);
    }

    private static void WriteParts(
        NativeOutput output, ushort tag, ValueList<KeyedStateHandle> parts, int depth)
    {
        foreach (var part in parts)
        {
            var begin = output.Begin(tag);
            NativeKeyedState.Write(output, part, depth);
            output.End(begin);
        }
    }
}
