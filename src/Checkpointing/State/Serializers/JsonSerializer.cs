using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Serializers;

internal sealed class JsonSerializer<T>(JsonTypeInfo<T> typeInfo, bool readsOtherSchemas) : StateSerializer<T>
{
    private const string Id = "json";

    public override SerializerIdentity Identity { get; } = new(Id, Version: 1, JsonSchema.FingerprintOf(typeInfo));

    public override void Write(T value, IBufferWriter<byte> target)
    {
        using var writer = new Utf8JsonWriter(target);
        JsonSerializer.Serialize(writer, value, typeInfo);
    }

    public override T Read(ReadOnlySpan<byte> source)
    {
        try
        {
            return JsonSerializer.Deserialize(source, typeInfo)!;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // The cause is left out: its text can hold parts of the value.
            throw new FormatException($"The bytes are no JSON of {typeof(T).Name}.");
        }
    }

    public override SerializerCompatibility CheckStored(SerializerIdentity stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        return stored == Identity ? SerializerCompatibility.Same
            : readsOtherSchemas && stored.Id == Id && stored.Version == Identity.Version
                ? SerializerCompatibility.Migrates
            : SerializerCompatibility.Incompatible;
    }
}
