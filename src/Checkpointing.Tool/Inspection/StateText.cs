using System.Text.Json;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Inspection;

/// <summary>Descriptions of states in JSON.</summary>
internal static class StateText
{
    public static void Write(Utf8JsonWriter json, StateDescription state)
    {
        InspectionJson.Text(json, "name", state.Name);
        InspectionJson.Text(json, "kind", InspectionJson.TextOf(state.Kind));
        Write(json, "key", state.Key);
        Write(json, "namespace", state.Namespace);
        Write(json, "mapKey", state.UserKey);
        Write(json, "value", state.Value);
        json.WriteBoolean("timeToLive", state.IsStamped);
    }

    /// <summary>Serializers of a state on one line.</summary>
    public static string SerializersOf(StateDescription state) => string.Join(", ", new[]
    {
        state.Key is { } key ? $"key {key}" : null,
        state.Namespace is { } space ? $"namespace {space}" : null,
        state.UserKey is { } userKey ? $"map key {userKey}" : null,
        state.Value is { } value ? $"value {value}" : null,
        state.IsStamped ? "with a time to live" : null,
    }.OfType<string>());

    private static void Write(Utf8JsonWriter json, string name, SerializerIdentity? serializer)
    {
        if (serializer is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        InspectionJson.Text(json, "id", serializer.Id);
        json.WriteNumber("version", serializer.Version);
        json.WriteNumber("fingerprint", serializer.SchemaFingerprint);
        json.WriteEndObject();
    }
}
