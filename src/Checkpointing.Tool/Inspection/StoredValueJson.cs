using System.Globalization;
using System.Text.Json;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Inspection;

/// <summary>Stored bytes as JSON: values of built-in serializers as what they are, JSON as it is, all else as
/// hexadecimal digits behind <c>0x</c>.</summary>
internal static class StoredValueJson
{
    private const int StampSize = sizeof(long);

    /// <summary>Writes the value of a row.</summary>
    public static void WriteValue(Utf8JsonWriter json, StateDescription state, ReadOnlySpan<byte> userKey,
        ReadOnlySpan<byte> value)
    {
        switch (state.Kind)
        {
            case StateKind.Timer when userKey.Length > sizeof(long):
                // A mark behind the time: the timer follows the clock of the process.
                json.WriteStartObject();
                json.WritePropertyName("processingTime");
                Write(json, StateSerializer.Timestamp.Identity, userKey[..sizeof(long)]);
                json.WriteEndObject();
                break;
            case StateKind.Timer:
                Write(json, StateSerializer.Timestamp.Identity, userKey);
                break;
            case StateKind.List:
                json.WriteStartArray();
                for (var rest = value; !rest.IsEmpty;)
                {
                    Write(json, state.Value, Unstamped(state, KeyedRowKey.ReadPart(rest, out rest)));
                }

                json.WriteEndArray();
                break;
            case StateKind.Map:
                json.WriteStartObject();
                json.WritePropertyName("key");
                Write(json, state.UserKey, userKey);
                json.WritePropertyName("value");
                Write(json, state.Value, Unstamped(state, value));
                json.WriteEndObject();
                break;
            default:
                Write(json, state.Value, Unstamped(state, value));
                break;
        }
    }

    /// <summary>Writes an item of an operator state: of a list, or an entry of a broadcast map.</summary>
    public static void WriteItem(Utf8JsonWriter json, StateDescription state, ReadOnlySpan<byte> item)
    {
        if (state.Kind != StateKind.Broadcast)
        {
            Write(json, state.Value, item);
            return;
        }

        json.WriteStartObject();
        json.WritePropertyName("key");
        Write(json, state.UserKey, KeyedRowKey.ReadPart(item, out var value));
        json.WritePropertyName("value");
        Write(json, state.Value, value);
        json.WriteEndObject();
    }

    /// <summary>Writes a value that a serializer wrote.</summary>
    public static void Write(Utf8JsonWriter json, SerializerIdentity? serializer, ReadOnlySpan<byte> bytes)
    {
        if (serializer is not { Version: 1 } || !CanWrite(serializer.Id, bytes))
        {
            json.WriteStringValue($"0x{Convert.ToHexStringLower(bytes)}");
        }
        else
        {
            WriteKnown(json, serializer.Id, bytes);
        }
    }

    private static ReadOnlySpan<byte> Unstamped(StateDescription state, ReadOnlySpan<byte> value) =>
        state.IsStamped && value.Length >= StampSize ? value[StampSize..] : value;

    // Looked at before anything is written: half a value could not be taken back.
    private static bool CanWrite(string id, ReadOnlySpan<byte> bytes)
    {
        try
        {
            using var nothing = new Utf8JsonWriter(Stream.Null);
            WriteKnown(nothing, id, bytes);
            return true;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or JsonException
            or IndexOutOfRangeException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void WriteKnown(Utf8JsonWriter json, string id, ReadOnlySpan<byte> bytes)
    {
        switch (id)
        {
            case "boolean":
                json.WriteBooleanValue(StateSerializer.Boolean.Read(bytes));
                break;
            case "byte":
                json.WriteNumberValue(StateSerializer.Byte.Read(bytes));
                break;
            case "int16":
                json.WriteNumberValue(StateSerializer.Int16.Read(bytes));
                break;
            case "int32":
                json.WriteNumberValue(StateSerializer.Int32.Read(bytes));
                break;
            case "int64":
                json.WriteNumberValue(StateSerializer.Int64.Read(bytes));
                break;
            case "uint32":
                json.WriteNumberValue(StateSerializer.UInt32.Read(bytes));
                break;
            case "uint64":
                json.WriteNumberValue(StateSerializer.UInt64.Read(bytes));
                break;
            case "single":
                WriteFloat(json, StateSerializer.Single.Read(bytes));
                break;
            case "double":
                WriteFloat(json, StateSerializer.Double.Read(bytes));
                break;
            case "decimal":
                json.WriteNumberValue(StateSerializer.Decimal.Read(bytes));
                break;
            case "string":
                json.WriteStringValue(StateSerializer.String.Read(bytes));
                break;
            case "json":
                WriteJson(json, bytes);
                break;
            default:
                WriteTextOrParts(json, id, bytes);
                break;
        }
    }

    private static void WriteTextOrParts(Utf8JsonWriter json, string id, ReadOnlySpan<byte> bytes)
    {
        switch (id)
        {
            case "guid":
                json.WriteStringValue(StateSerializer.Guid.Read(bytes));
                break;
            case "date-time":
                json.WriteStringValue(StateSerializer.DateTime.Read(bytes).ToString("O", CultureInfo.InvariantCulture));
                break;
            case "date-time-offset":
                json.WriteStringValue(
                    StateSerializer.DateTimeOffset.Read(bytes).ToString("O", CultureInfo.InvariantCulture));
                break;
            case "time-span":
                json.WriteStringValue(StateSerializer.TimeSpan.Read(bytes).ToString("c", CultureInfo.InvariantCulture));
                break;
            case "timestamp":
                json.WriteStringValue(TextOf(StateSerializer.Timestamp.Read(bytes)));
                break;
            case var _ when PartsOf(id, "array") is [var element]:
                json.WriteStartArray();
                for (var rest = bytes; !rest.IsEmpty;)
                {
                    Write(json, new(element, 1), KeyedRowKey.ReadPart(rest, out rest));
                }

                json.WriteEndArray();
                break;
            case var _ when PartsOf(id, "tuple") is { Count: > 1 } parts:
                WriteTuple(json, parts, bytes);
                break;
            default:
                throw new FormatException($"'{id}' is no built-in serializer.");
        }
    }

    private static void WriteTuple(Utf8JsonWriter json, IReadOnlyList<string> parts, ReadOnlySpan<byte> bytes)
    {
        json.WriteStartArray();
        foreach (var part in parts)
        {
            Write(json, new(part, 1), KeyedRowKey.ReadPart(bytes, out bytes));
        }

        json.WriteEndArray();
        if (!bytes.IsEmpty)
        {
            throw new FormatException("Bytes follow the last part.");
        }
    }

    // Milliseconds that no date can show stay a number.
    private static string TextOf(Timestamp time)
    {
        try
        {
            return InspectionJson.TextOf(DateTimeOffset.FromUnixTimeMilliseconds(time.Milliseconds));
        }
        catch (ArgumentOutOfRangeException)
        {
            return time.Milliseconds.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static void WriteFloat(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else
        {
            json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void WriteJson(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        using var document = JsonDocument.ParseValue(ref reader);
        document.RootElement.WriteTo(json);
    }

    /// <summary>The parts of <c>kind&lt;part,part&gt;</c>, which may have parts themselves; null for another
    /// kind.</summary>
    private static List<string>? PartsOf(string id, string kind)
    {
        if (!id.StartsWith(kind + "<", StringComparison.Ordinal) || !id.EndsWith('>'))
        {
            return null;
        }

        var (parts, depth, start) = (new List<string>(), 0, kind.Length + 1);
        for (var i = start; i < id.Length; i++)
        {
            depth += id[i] switch { '<' => 1, '>' => -1, _ => 0 };
            if (depth < 0 || (depth == 0 && id[i] == ','))
            {
                parts.Add(id[start..i]);
                start = i + 1;
            }
        }

        return parts;
    }
}
