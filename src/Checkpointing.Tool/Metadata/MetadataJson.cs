using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Metadata;

/// <summary>One JSON object on one line for each file.</summary>
internal sealed class MetadataJson(Stream output)
{
    private static readonly JsonWriterOptions s_options = new()
    {
        // For programs and people, not for pages: nothing but what JSON asks for is escaped.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly ArrayBufferWriter<byte> _line = new();

    /// <summary>A file that was read, and, if it was written again, what came of that.</summary>
    public void Write(MetadataFile file, RewrittenFile? rewritten)
    {
        using (var json = Begin(file.Source, (int)file.Format, file.Metadata.CheckpointId.Value))
        {
            foreach (var one in file.Metadata.Operators)
            {
                WriteOperator(json, one);
            }

            json.WriteEndArray();
            json.WriteNull("error");
            WriteProperties(json, file.Metadata);
            WriteMasterStates(json, file.Metadata);
            WriteInfo(json, file.Metadata.Info);
            WriteForeign(json, file);
            if (rewritten is not null)
            {
                WriteRewritten(json, rewritten);
            }

            json.WriteEndObject();
        }

        End();
    }

    /// <summary>A file that could not be read or written.</summary>
    public void WriteFailure(MetadataSource source, int? version, string error)
    {
        using (var json = Begin(source, version, null))
        {
            json.WriteEndArray();
            JsonText.Write(json, "error", error);
            json.WriteEndObject();
        }

        End();
    }

    private Utf8JsonWriter Begin(MetadataSource source, int? version, long? checkpointId)
    {
        _line.ResetWrittenCount();
        var json = new Utf8JsonWriter(_line, s_options);
        json.WriteStartObject();
        JsonText.Write(json, "file", source.Shown);
        WriteOptional(json, "version", version);
        WriteOptional(json, "checkpointId", checkpointId);
        json.WriteStartArray("operators");
        return json;
    }

    private void End()
    {
        _line.Write("\n"u8);
        output.Write(_line.WrittenSpan);
        output.Flush();
    }

    private static void WriteOperator(Utf8JsonWriter json, OperatorCheckpoint one)
    {
        json.WriteStartObject();
        json.WriteString("id", one.Id.ToString());
        JsonText.Write(json, "name", one.Name);
        JsonText.Write(json, "uid", one.Uid);
        json.WriteNumber("parallelism", one.Parallelism);
        json.WriteNumber("maxParallelism", one.MaxParallelism);
        json.WriteStartArray("subtasks");
        foreach (var subtask in one.Subtasks)
        {
            WriteSubtask(json, new(subtask));
        }

        json.WriteEndArray();
        HandleJson.WriteStream(json, "coordinator", one.CoordinatorState);
        json.WriteBoolean("fullyFinished", one.IsFullyFinished);
        WriteOptional(json, "chainLength", one.ChainLength);
        json.WriteStartArray("states");
        foreach (var state in one.States)
        {
            WriteState(json, state);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSubtask(Utf8JsonWriter json, SubtaskHandles handles)
    {
        var subtask = handles.Subtask;
        json.WriteStartObject();
        json.WriteNumber("index", subtask.Index);
        json.WriteStartArray("keyed");
        foreach (var one in handles.Keyed)
        {
            HandleJson.Write(json, one.Handle, one.IsRaw);
        }

        json.WriteEndArray();
        json.WriteStartArray("operator");
        foreach (var one in handles.Operator)
        {
            HandleJson.Write(json, one.Handle, one.IsRaw);
        }

        json.WriteEndArray();
        json.WriteBoolean("finished", subtask.IsFinished);
        json.WriteStartArray("legacy");
        foreach (var one in handles.Legacy)
        {
            HandleJson.WriteStream(json, one);
        }

        json.WriteEndArray();
        WriteChannels(json, "inputChannels", subtask.InputChannels, isInput: true);
        WriteChannels(json, "outputChannels", subtask.OutputChannels, isInput: false);
        WriteOptional(json, "referenceCheckpointId", subtask.ReferenceCheckpointId?.Value);
        json.WriteEndObject();
    }

    private static void WriteChannels(
        Utf8JsonWriter json, string name, ValueList<ChannelStateHandle> channels, bool isInput)
    {
        json.WriteStartArray(name);
        foreach (var channel in channels)
        {
            HandleJson.Write(json, channel, isInput);
        }

        json.WriteEndArray();
    }

    private static void WriteState(Utf8JsonWriter json, StateDescription state)
    {
        json.WriteStartObject();
        JsonText.Write(json, "name", state.Name);
        json.WriteString("kind", state.Kind.ToString());
        WriteSerializer(json, "key", state.Key);
        WriteSerializer(json, "namespace", state.Namespace);
        WriteSerializer(json, "userKey", state.UserKey);
        WriteSerializer(json, "value", state.Value);
        json.WriteBoolean("isStamped", state.IsStamped);
        json.WriteEndObject();
    }

    private static void WriteSerializer(Utf8JsonWriter json, string name, SerializerIdentity? serializer)
    {
        if (serializer is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        JsonText.Write(json, "id", serializer.Id);
        json.WriteNumber("version", serializer.Version);
        json.WriteNumber("schemaFingerprint", serializer.SchemaFingerprint);
        json.WriteEndObject();
    }

    private static void WriteProperties(Utf8JsonWriter json, CheckpointMetadata metadata)
    {
        if (metadata is { FlinkProperties: null, Info: null })
        {
            json.WriteNull("properties");
            return;
        }

        if (metadata.FlinkProperties is { Values: null } unknown)
        {
            json.WriteStartObject("properties");
            HandleJson.WriteData(json, "serialized", unknown.Serialized);
            json.WriteEndObject();
            return;
        }

        json.WriteStartObject("properties");
        if (metadata.FlinkProperties is { Values: { } values })
        {
            json.WriteBoolean("discardCancelled", values.DiscardCancelled);
            json.WriteBoolean("discardFailed", values.DiscardFailed);
            json.WriteBoolean("discardFinished", values.DiscardFinished);
            json.WriteBoolean("discardSubsumed", values.DiscardSubsumed);
            json.WriteBoolean("discardSuspended", values.DiscardSuspended);
            json.WriteBoolean("forced", values.Forced);
            json.WriteBoolean("unclaimed", values.IsUnclaimed);
            WriteSnapshotKind(json, values.Kind);
        }
        else
        {
            json.WriteString("kind", metadata.Info!.Properties.Kind.ToString());
            if (metadata.Info.Properties.Kind == CheckpointKind.Savepoint)
            {
                json.WriteString("format", metadata.Info.Properties.Format.ToString());
            }

            json.WriteString("retention", metadata.Info.Properties.Retention.ToString());
        }

        json.WriteEndObject();
    }

    private static void WriteSnapshotKind(Utf8JsonWriter json, FlinkSnapshotKind kind)
    {
        json.WriteStartObject("type");
        json.WriteString("kind", kind is FlinkSavepointKind ? "savepoint" : "checkpoint");
        JsonText.Write(json, "name", kind.Name);
        switch (kind)
        {
            case FlinkCheckpointKind checkpoint:
                JsonText.Write(json, "sharing", checkpoint.Sharing);
                break;
            case FlinkSavepointKind savepoint:
                JsonText.Write(json, "format", savepoint.Format);
                JsonText.Write(json, "postAction", savepoint.PostAction);
                break;
        }

        json.WriteEndObject();
    }

    private static void WriteMasterStates(Utf8JsonWriter json, CheckpointMetadata metadata)
    {
        json.WriteStartArray("masterStates");
        foreach (var state in metadata.MasterStates)
        {
            json.WriteStartObject();
            json.WriteNumber("version", state.Version);
            JsonText.Write(json, "name", state.Name);
            HandleJson.WriteData(json, "data", state.Data);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteInfo(Utf8JsonWriter json, CheckpointInfo? info)
    {
        if (info is null)
        {
            json.WriteNull("info");
            return;
        }

        json.WriteStartObject("info");
        JsonText.Write(json, "job", info.Job.Name);
        json.WriteString("jobUid", info.JobUid);
        json.WriteString("lineageId", info.LineageId);
        json.WriteNumber("epoch", info.Epoch);
        json.WriteString("triggeredAt", info.TriggeredAt);
        json.WriteString("completedAt", info.CompletedAt);
        json.WriteStartArray("tags");
        foreach (var tag in info.Tags)
        {
            json.WriteStartObject();
            JsonText.Write(json, "name", tag.Name);
            JsonText.Write(json, "value", tag.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteForeign(Utf8JsonWriter json, MetadataFile file)
    {
        json.WriteStartArray("foreignPaths");
        foreach (var foreign in file.Foreign)
        {
            json.WriteStartObject();
            JsonText.Write(json, "path", foreign.Path);
            json.WriteString("reason", JsonNamingPolicy.CamelCase.ConvertName(foreign.Reason.ToString()));
            JsonText.Write(json, "place", foreign.Place.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRewritten(Utf8JsonWriter json, RewrittenFile rewritten)
    {
        JsonText.Write(json, "out", rewritten.Path);
        json.WriteNumber("outVersion", (int)rewritten.Format);
        json.WriteNumber("outBytes", rewritten.LengthBytes);
        json.WriteBoolean("identical", rewritten.IsIdentical);
        json.WriteNumber("relocated", rewritten.RelocatedCount);
        json.WriteStartArray("losses");
        foreach (var loss in rewritten.Losses)
        {
            json.WriteStartObject();
            json.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(loss.Kind.ToString()));
            json.WriteNumber("count", loss.Count);
            JsonText.Write(json, "text", loss.Sentence);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("warnings");
        foreach (var warning in rewritten.Warnings)
        {
            JsonText.WriteValue(json, warning);
        }

        json.WriteEndArray();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
