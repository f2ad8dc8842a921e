using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Handles of the changelog backend, as Flink 1.15 and later write them.</summary>
/// <remarks>Flink 1.14 wrote tags 8 to 10 with fewer fields under the same version 3. No later Flink reads those, nor
/// do we.</remarks>
internal static class FlinkChangelogHandles
{
    private const byte ChangelogTag = 8;
    private const byte InMemoryTag = 9;
    private const byte FilesTag = 10;
    private const byte FilesWithStorageTag = 13;
    private const byte ChangelogWithCheckpointTag = 14;

    // Tag, range without key groups, the smallest stream that is there.
    private const int SmallestPartBytes = 1 + (2 * sizeof(int)) + FlinkStreamHandles.SmallestBytes;

    // Key group, length of the data.
    private const int SmallestChangeBytes = 2 * sizeof(int);

    private const int SmallestStreamBytes = sizeof(long) + FlinkStreamHandles.SmallestBytes;

    internal static bool IsTag(byte tag) =>
        tag is ChangelogTag or InMemoryTag or FilesTag or FilesWithStorageTag or ChangelogWithCheckpointTag;

    /// <summary>What follows the tag.</summary>
    internal static KeyedStateHandle Read(ref FlinkInput input, byte tag, int depth)
    {
        if (tag is ChangelogTag or InMemoryTag or FilesTag)
        {
            input.NoteChangelog();
        }

        return tag switch
        {
            InMemoryTag => ReadInMemory(ref input),
            FilesTag or FilesWithStorageTag => ReadFiles(ref input, tag == FilesWithStorageTag),
            _ => ReadChangelog(ref input, tag == ChangelogWithCheckpointTag, depth),
        };
    }

    internal static void Write(FlinkOutput output, KeyedStateHandle handle, int depth)
    {
        switch (handle)
        {
            case ChangelogStateHandle changelog:
                WriteChangelog(output, changelog, depth);
                break;
            case InMemoryChangelogStateHandle changes:
                WriteInMemory(output, changes);
                break;
            case ChangelogFilesStateHandle files:
                WriteFiles(output, files);
                break;
            default:
                throw output.Refuse(
                    $"a {handle.GetType().Name} of key groups {handle.KeyGroups}",
                    "key groups, incremental keyed state and changelogs");
        }
    }

    private static ChangelogStateHandle ReadChangelog(ref FlinkInput input, bool hasCheckpoint, int depth)
    {
        input.CheckDepth(depth, "a changelog");
        var range = input.ReadRange();
        var checkpointedSizeBytes = input.ReadInt64("the checkpointed size");
        var materialized = ReadParts(ref input, depth + 1);
        var changes = ReadParts(ref input, depth + 1);
        var materializationId = input.ReadInt64("the id of a materialization");
        CheckpointId? checkpointId = hasCheckpoint ? new(input.ReadInt64("the checkpoint of keyed state")) : null;
        return new(
            range, materialized, changes, materializationId, checkpointedSizeBytes, input.ReadText("a handle's id"))
        {
            CheckpointId = checkpointId,
        };
    }

    private static void WriteChangelog(FlinkOutput output, ChangelogStateHandle handle, int depth)
    {
        output.CheckDepth(depth, "a changelog");
        output.WriteByte(handle.CheckpointId is null ? ChangelogTag : ChangelogWithCheckpointTag);
        output.WriteRange(handle.Range);
        output.WriteInt64(handle.CheckpointedSizeBytes);
        WriteParts(output, handle.Materialized, depth + 1);
        WriteParts(output, handle.Changes, depth + 1);
        output.WriteInt64(handle.MaterializationId);
        if (handle.CheckpointId is { } checkpointId)
        {
            output.WriteInt64(checkpointId.Value);
        }

        output.WriteText(handle.HandleId, "a handle's id");
    }

    private static ValueList<KeyedStateHandle> ReadParts(ref FlinkInput input, int depth)
    {
        var parts = new KeyedStateHandle[input.ReadCount(SmallestPartBytes, "parts of a changelog")];
        for (var i = 0; i < parts.Length; i++)
        {
            var offset = input.Position;
            parts[i] = FlinkKeyedHandles.Read(ref input, depth)
                ?? throw input.Corrupt(offset, "a part of a changelog", "no handle");
        }

        return MetadataInput.Own(parts);
    }

    private static void WriteParts(FlinkOutput output, ValueList<KeyedStateHandle> parts, int depth)
    {
        output.WriteInt32(parts.Count);
        foreach (var part in parts)
        {
            FlinkKeyedHandles.Write(output, part, depth);
        }
    }

    private static InMemoryChangelogStateHandle ReadInMemory(ref FlinkInput input)
    {
        var range = input.ReadRange();
        var from = input.ReadInt64("the first sequence number");
        var to = input.ReadInt64("the last sequence number");
        var changes = new StateChange[input.ReadCount(SmallestChangeBytes, "changes")];
        for (var i = 0; i < changes.Length; i++)
        {
            var keyGroup = input.ReadInt32("the key group of a change");
            changes[i] = new(keyGroup, input.ReadBlob("a change"));
        }

        return new(range, from, to, MetadataInput.Own(changes), input.ReadText("a handle's id"));
    }

    private static void WriteInMemory(FlinkOutput output, InMemoryChangelogStateHandle handle)
    {
        output.WriteByte(InMemoryTag);
        output.WriteRange(handle.Range);
        output.WriteInt64(handle.From);
        output.WriteInt64(handle.To);
        output.WriteInt32(handle.Changes.Count);
        foreach (var change in handle.Changes)
        {
            output.WriteInt32(change.KeyGroup);
            output.WriteBlob(change.Data);
        }

        output.WriteText(handle.HandleId, "a handle's id");
    }

    private static ChangelogFilesStateHandle ReadFiles(ref FlinkInput input, bool hasStorage)
    {
        var range = input.ReadRange();
        var streams = new ChangelogStream[input.ReadCount(SmallestStreamBytes, "streams of changes")];
        for (var i = 0; i < streams.Length; i++)
        {
            var offset = input.ReadInt64("an offset in a stream of changes");
            streams[i] = new(offset, FlinkStreamHandles.ReadRequired(ref input, "a stream of changes"));
        }

        var sizeBytes = input.ReadInt64("the size of changes");
        var checkpointedSizeBytes = input.ReadInt64("the checkpointed size");
        return new(
            range, MetadataInput.Own(streams), sizeBytes, checkpointedSizeBytes, input.ReadText("a handle's id"))
        {
            StorageId = hasStorage ? input.ReadText("the id of a changelog storage") : null,
        };
    }

    private static void WriteFiles(FlinkOutput output, ChangelogFilesStateHandle handle)
    {
        output.WriteByte(handle.StorageId is null ? FilesTag : FilesWithStorageTag);
        output.WriteRange(handle.Range);
        output.WriteInt32(handle.Streams.Count);
        foreach (var stream in handle.Streams)
        {
            output.WriteInt64(stream.Offset);
            FlinkStreamHandles.WriteRequired(output, stream.Stream, "a stream of changes");
        }

        output.WriteInt64(handle.TotalSizeBytes);
        output.WriteInt64(handle.CheckpointedSizeBytes);
        output.WriteText(handle.HandleId, "a handle's id");
        if (handle.StorageId is { } storageId)
        {
            output.WriteText(storageId, "the id of a changelog storage");
        }
    }
}
