using System.Security.Cryptography;
using System.Text.Json;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Metadata;

/// <summary>Handles in JSON. <c>tag</c> is the one that Flink's later versions have for the handle.</summary>
internal static class HandleJson
{
    // Longer data is told by length and digest only.
    private const int MaxShownBytes = 64;

    /// <summary>A handle of keyed state of a subtask, with its files and key groups.</summary>
    public static void Write(Utf8JsonWriter json, KeyedStateHandle handle, bool isRaw)
    {
        json.WriteStartObject();
        WriteFields(json, handle);
        json.WriteBoolean("raw", isRaw);
        json.WriteStartObject("keyGroups");
        json.WriteNumber("first", handle.KeyGroups.First);
        json.WriteNumber("last", handle.KeyGroups.Last);
        json.WriteEndObject();
        HandleFiles.Write(json, HandleFiles.Of(handle));
        json.WriteEndObject();
    }

    /// <summary>A handle of operator state of a subtask, with its files; null for an empty slot of a chain.</summary>
    public static void Write(Utf8JsonWriter json, OperatorStateHandle? handle, bool isRaw)
    {
        if (handle is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        WriteKind(json, handle.MergedFiles is null ? "operator" : "fileMergingOperator",
            handle.MergedFiles is null ? 4 : 17);
        json.WriteStartArray("states");
        foreach (var partition in handle.Partitions)
        {
            json.WriteStartObject();
            JsonText.Write(json, "name", partition.Name);
            json.WriteNumber("mode", (int)partition.Mode);
            WriteNumbers(json, "offsets", partition.Offsets);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (handle.MergedFiles is { } folders)
        {
            JsonText.Write(json, "taskOwnedDir", folders.TaskOwnedFolder);
            JsonText.Write(json, "sharedDir", folders.SharedFolder);
            json.WriteBoolean("isEmpty", folders.IsEmpty);
        }

        WriteStream(json, "delegate", handle.Stream);
        json.WriteBoolean("raw", isRaw);
        HandleFiles.Write(json, HandleFiles.Of(handle.Stream));
        json.WriteEndObject();
    }

    /// <summary>A handle of channel state.</summary>
    public static void Write(Utf8JsonWriter json, ChannelStateHandle handle, bool isInput)
    {
        var single = handle.Channels as SingleChannel;
        json.WriteStartObject();
        json.WriteString("kind", (single, isInput) switch
        {
            (not null, true) => "input",
            (not null, false) => "output",
            (null, true) => "mergedInput",
            _ => "mergedOutput",
        });
        json.WriteNumber("type", (single is null ? 3 : 1) + (isInput ? 0 : 1));
        json.WriteNumber("subtask", handle.SubtaskIndex);
        if (single is not null)
        {
            json.WriteNumber("gateOrPartition", single.GateOrPartition);
            json.WriteNumber("channelOrSubpartition", single.ChannelOrSubpartition);
            WriteNumbers(json, "offsets", single.Offsets);
        }

        json.WriteNumber("size", handle.ChannelSizeBytes);
        WriteStream(json, "delegate", handle.Stream);
        if (handle.Channels is MergedChannels merged)
        {
            WriteData(json, "packed", merged.Packed);
        }

        HandleFiles.Write(json, HandleFiles.Of(handle.Stream));
        json.WriteEndObject();
    }

    /// <summary>A stream, or null if there is none.</summary>
    public static void WriteStream(Utf8JsonWriter json, string name, StreamStateHandle? stream)
    {
        json.WritePropertyName(name);
        WriteStream(json, stream);
    }

    /// <summary>A stream, or null if there is none.</summary>
    public static void WriteStream(Utf8JsonWriter json, StreamStateHandle? stream)
    {
        switch (stream)
        {
            case null or AbsentStreamStateHandle:
                json.WriteNullValue();
                return;
            case KeyGroupsStreamStateHandle groups:
                json.WriteStartObject();
                WriteFields(json, groups.KeyGroups);
                json.WriteEndObject();
                return;
        }

        json.WriteStartObject();
        switch (stream)
        {
            case FileStateHandle file:
                WriteKind(json, "file", 2);
                JsonText.Write(json, "path", file.Path);
                json.WriteNumber("size", file.FileSizeBytes);
                WriteDigest(json, file.Digest);
                break;
            case RelativeFileStateHandle file:
                WriteKind(json, "relativeFile", 6);
                JsonText.Write(json, "relativePath", file.RelativePath);
                json.WriteNumber("size", file.FileSizeBytes);
                WriteDigest(json, file.Digest);
                break;
            case ByteStreamStateHandle bytes:
                WriteKind(json, "bytes", 1);
                JsonText.Write(json, "name", bytes.Name);
                WriteData(json, "data", bytes.Data);
                break;
            case SegmentStateHandle segment:
                WriteKind(json, "segment", 15);
                json.WriteNumber("startPos", segment.StartPosition);
                json.WriteNumber("size", segment.SegmentSizeBytes);
                json.WriteNumber("scope", (int)segment.Scope);
                JsonText.Write(json, "path", segment.Path);
                JsonText.Write(json, "logicalFileId", segment.LogicalFileId);
                break;
            case EmptySegmentStateHandle:
                WriteKind(json, "emptySegment", 16);
                break;
            default:
                json.WriteString("kind", stream.GetType().Name);
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>Bytes in the metadata: length and SHA-256, and the bytes themselves if they are few.</summary>
    public static void WriteData(Utf8JsonWriter json, string name, ValueList<byte> data)
    {
        var bytes = data.Items.AsSpan();
        json.WriteStartObject(name);
        json.WriteNumber("length", bytes.Length);
        json.WriteString("sha256", Convert.ToHexStringLower(SHA256.HashData(bytes)));
        if (bytes.Length <= MaxShownBytes)
        {
            json.WriteString("hex", Convert.ToHexStringLower(bytes));
        }

        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, KeyedStateHandle handle)
    {
        switch (handle)
        {
            case KeyGroupsStateHandle groups:
                WriteKind(json, groups.IsSavepoint ? "savepointKeyGroups" : "keyGroups",
                    groups.IsSavepoint ? 7 : groups.HandleId is null ? 3 : 12);
                WriteRange(json, groups.Range);
                WriteNumbers(json, "offsets", groups.Offsets);
                WriteStream(json, "delegate", groups.Stream);
                WriteOptional(json, "handleId", groups.HandleId);
                break;
            case IncrementalKeyedStateHandle incremental:
                WriteIncremental(json, incremental);
                break;
            case ChangelogStateHandle changelog:
                WriteKind(json, "changelog", changelog.CheckpointId is null ? 8 : 14);
                WriteRange(json, changelog.Range);
                json.WriteNumber("checkpointedSize", changelog.CheckpointedSizeBytes);
                WriteAll(json, "materialized", changelog.Materialized, WriteNested);
                WriteAll(json, "nonMaterialized", changelog.Changes, WriteNested);
                json.WriteNumber("materializationId", changelog.MaterializationId);
                if (changelog.CheckpointId is { } id)
                {
                    json.WriteNumber("checkpointId", id.Value);
                }

                JsonText.Write(json, "handleId", changelog.HandleId);
                break;
            case InMemoryChangelogStateHandle memory:
                WriteKind(json, "changelogMemory", 9);
                WriteRange(json, memory.Range);
                json.WriteNumber("from", memory.From);
                json.WriteNumber("to", memory.To);
                WriteAll(json, "changes", memory.Changes, WriteChange);
                JsonText.Write(json, "handleId", memory.HandleId);
                break;
            case ChangelogFilesStateHandle files:
                WriteKind(json, "changelogFile", files.StorageId is null ? 10 : 13);
                WriteRange(json, files.Range);
                WriteAll(json, "streams", files.Streams, WriteChangelogStream);
                json.WriteNumber("size", files.TotalSizeBytes);
                json.WriteNumber("checkpointedSize", files.CheckpointedSizeBytes);
                JsonText.Write(json, "handleId", files.HandleId);
                WriteOptional(json, "storageId", files.StorageId);
                break;
            default:
                json.WriteString("kind", handle.GetType().Name);
                break;
        }
    }

    private static void WriteIncremental(Utf8JsonWriter json, IncrementalKeyedStateHandle handle)
    {
        WriteKind(json, "incremental", handle.HandleId is null ? 5 : 11);
        json.WriteNumber("checkpointId", handle.CheckpointId.Value);
        JsonText.Write(json, "backendId", handle.BackendText ?? handle.BackendId.ToString("D"));
        WriteRange(json, handle.Range);
        json.WriteNumber("checkpointedSize", handle.CheckpointedSizeBytes);
        WriteStream(json, "meta", handle.MetaFile);
        WriteAll(json, "shared", handle.SharedFiles, WriteStateFile);
        WriteAll(json, "private", handle.PrivateFiles, WriteStateFile);
        WriteOptional(json, "handleId", handle.HandleId);
    }

    private static void WriteNested(Utf8JsonWriter json, KeyedStateHandle handle) => WriteFields(json, handle);

    private static void WriteStateFile(Utf8JsonWriter json, StateFile file)
    {
        JsonText.Write(json, "name", file.LocalName);
        WriteStream(json, "handle", file.Handle);
    }

    private static void WriteChange(Utf8JsonWriter json, StateChange change)
    {
        json.WriteNumber("keyGroup", change.KeyGroup);
        WriteData(json, "data", change.Data);
    }

    private static void WriteChangelogStream(Utf8JsonWriter json, ChangelogStream stream)
    {
        json.WriteNumber("offset", stream.Offset);
        WriteStream(json, "handle", stream.Stream);
    }

    private static void WriteAll<T>(
        Utf8JsonWriter json, string name, ValueList<T> items, Action<Utf8JsonWriter, T> writeFields)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            writeFields(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteKind(Utf8JsonWriter json, string kind, int tag)
    {
        json.WriteString("kind", kind);
        json.WriteNumber("tag", tag);
    }

    private static void WriteRange(Utf8JsonWriter json, KeyGroupRange range)
    {
        json.WriteNumber("startKeyGroup", range.First);
        json.WriteNumber("keyGroupCount", range.Count);
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ValueList<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            JsonText.Write(json, name, text);
        }
    }

    private static void WriteDigest(Utf8JsonWriter json, ContentDigest? digest)
    {
        if (digest is { } value)
        {
            json.WriteString("digest", value.ToString());
        }
    }
}
