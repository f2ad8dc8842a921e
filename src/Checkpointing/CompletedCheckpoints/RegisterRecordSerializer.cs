using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Checkpointing.StateHandles;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Bytes of a <see cref="RegisterRecord"/>: one JSON object, a line feed, and the digest of what is before
/// it.</summary>
/// <remarks>Text on purpose: whoever looks at a broken pipeline at night can read it. Layout:
/// docs/file-format.md.</remarks>
public static class RegisterRecordSerializer
{
    private const int FormatVersion = 2;

    // Without times, and with one id up to which checkpoints were left behind.
    private const int FirstFormatVersion = 1;
    private const string DigestPrefix = "xxh128:";

    private static readonly JsonWriterOptions s_writerOptions = new() { Indented = false };

    /// <summary>Writes a record.</summary>
    public static byte[] Write(RegisterRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, s_writerOptions))
        {
            WriteFields(json, record);
        }

        buffer.Write("\n"u8);
        var digest = ContentDigest.Of(buffer.WrittenSpan);
        buffer.Write(Encoding.ASCII.GetBytes($"{DigestPrefix}{digest}\n"));
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a record.</summary>
    /// <param name="bytes">What <see cref="Write"/> gave.</param>
    /// <param name="path">Where they come from, for messages.</param>
    /// <exception cref="CheckpointCorruptException">The digest differs, or the bytes are something else.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version of this library wrote it.</exception>
    public static RegisterRecord Read(ReadOnlyMemory<byte> bytes, string path)
    {
        var span = bytes.Span;
        var end = span.Length < 2 ? -1 : span[..^1].LastIndexOf((byte)'\n');
        if (end < 0)
        {
            throw new CheckpointCorruptException(path, 0, "a register record", $"{span.Length} other bytes");
        }

        var expected = Encoding.ASCII.GetString(span[(end + 1)..]);
        var actual = $"{DigestPrefix}{ContentDigest.Of(span[..(end + 1)])}\n";
        if (expected != actual)
        {
            throw new CheckpointCorruptException(path, end + 1, $"digest {actual.TrimEnd()}", expected.TrimEnd());
        }

        try
        {
            using var document = JsonDocument.Parse(bytes[..end]);
            return ReadFields(document.RootElement, path);
        }
        catch (Exception e) when (
            e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException
            or ArgumentException)
        {
            throw new CheckpointCorruptException(
                path, 0, "the fields of a register record", e.Message, innerException: e);
        }
    }

    private static void WriteFields(Utf8JsonWriter json, RegisterRecord record)
    {
        json.WriteStartObject();
        json.WriteNumber("format", FormatVersion);
        json.WriteString("job", record.Job.Name);
        json.WriteString("jobUid", record.JobUid);
        json.WriteString("lineageId", record.LineageId);
        json.WriteNumber("epoch", record.Epoch);
        json.WriteString("holder", record.Holder);
        json.WriteNumber("nextId", record.NextId);
        json.WriteNumber("firstIdOfEpoch", record.FirstIdOfEpoch);
        WriteCheckpoints(json, "retained", record.Retained);
        WriteCheckpoints(json, "leaving", record.Leaving);
        WriteStrings(json, "pins", record.Pins);
        WriteStrings(json, "claims", record.Claims);
        WriteCheckpoints(json, "handedOver", record.HandedOver);
        WriteCheckpoints(json, "handedOverLeaving", record.HandedOverLeaving);
        json.WriteNumber("claimedBelowId", record.ClaimedBelowId);
        WriteStrings(json, "formerClaimants", record.FormerClaimants);
        json.WriteString("pendingClaim", record.PendingClaim);
        json.WriteString("claimedBy", record.ClaimedBy);
        WriteClaims(json, record);
        json.WriteString("token", record.Token);
        json.WriteEndObject();
    }

    // Absent where there is nothing to say: older versions pass over what they do not know.
    private static void WriteClaims(Utf8JsonWriter json, RegisterRecord record)
    {
        if (record.PendingClaimId is { } pending)
        {
            json.WriteString("pendingClaimId", pending);
        }

        if (record.ClaimId is { } claim)
        {
            json.WriteString("claimId", claim);
        }

        if (record.ClaimFences.Count > 0)
        {
            json.WriteStartArray("claimFences");
            foreach (var fence in record.ClaimFences)
            {
                json.WriteStartObject();
                json.WriteString("claimant", fence.Claimant);
                json.WriteNumber("epoch", fence.Epoch);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    private static void WriteCheckpoints(Utf8JsonWriter json, string name, ValueList<RetainedCheckpoint> checkpoints)
    {
        json.WriteStartArray(name);
        foreach (var checkpoint in checkpoints)
        {
            json.WriteStartObject();
            json.WriteNumber("id", checkpoint.Id.Value);
            json.WriteString("path", checkpoint.Path);
            json.WriteNumber("kind", (int)checkpoint.Kind);
            json.WriteNumber("metadataBytes", checkpoint.MetadataBytes);
            json.WriteString("metadataDigest", checkpoint.MetadataDigest.ToString());
            if (checkpoint.TriggeredAt is { } triggeredAt)
            {
                json.WriteNumber("triggeredAt", triggeredAt.ToUnixTimeMilliseconds());
            }

            if (checkpoint.Tags.Count > 0)
            {
                WriteStrings(json, "tags", checkpoint.Tags);
            }

            if (checkpoint.IsLeftBehind)
            {
                json.WriteBoolean("leftBehind", true);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, ValueList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static RegisterRecord ReadFields(JsonElement json, string path)
    {
        var format = json.GetProperty("format").GetInt32();
        var common = format is >= FirstFormatVersion and <= FormatVersion
            ? ReadCommonFields(json)
            : throw new UnsupportedFormatException(
                path, $"register format {format}", $"{FirstFormatVersion} to {FormatVersion}");
        if (format == FirstFormatVersion)
        {
            var floor = json.GetProperty("restoreFloor").GetInt64();
            return common with
            {
                Retained = StartingPoint.LeaveThrough(common.Retained, floor),
                ClaimedBelowId = common.HandedOver.Select(static one => one.Id.Value + 1).Prepend(0).Max(),
            };
        }

        return common with
        {
            Leaving = ReadCheckpoints(json, "leaving"),
            HandedOverLeaving = ReadCheckpoints(json, "handedOverLeaving"),
            ClaimedBelowId = json.GetProperty("claimedBelowId").GetInt64(),
            FormerClaimants = ReadStrings(json, "formerClaimants"),
            PendingClaimId = json.TryGetProperty("pendingClaimId", out var pending) ? pending.GetGuid() : null,
            ClaimId = json.TryGetProperty("claimId", out var claim) ? claim.GetGuid() : null,
            ClaimFences = json.TryGetProperty("claimFences", out var fences)
                ? fences.EnumerateArray().Select(static one => new ClaimFence(
                    Text(one.GetProperty("claimant")), one.GetProperty("epoch").GetInt64())).ToValueList()
                : [],
        };
    }

    private static RegisterRecord ReadCommonFields(JsonElement json) => new()
    {
        Job = new(Text(json.GetProperty("job"))),
        JobUid = json.GetProperty("jobUid").GetGuid(),
        LineageId = json.GetProperty("lineageId").GetGuid(),
        Epoch = json.GetProperty("epoch").GetInt64(),
        Holder = Text(json.GetProperty("holder")),
        NextId = json.GetProperty("nextId").GetInt64(),
        FirstIdOfEpoch = json.GetProperty("firstIdOfEpoch").GetInt64(),
        Retained = ReadCheckpoints(json, "retained"),
        Pins = ReadStrings(json, "pins"),
        Claims = ReadStrings(json, "claims"),
        HandedOver = ReadCheckpoints(json, "handedOver"),
        PendingClaim = json.GetProperty("pendingClaim").GetString(),
        ClaimedBy = json.GetProperty("claimedBy").GetString(),
        Token = json.GetProperty("token").GetGuid(),
    };

    private static ValueList<string> ReadStrings(JsonElement json, string name) =>
        json.GetProperty(name).EnumerateArray().Select(Text).ToValueList();

    private static ValueList<RetainedCheckpoint> ReadCheckpoints(JsonElement json, string name) =>
        json.GetProperty(name).EnumerateArray().Select(ReadCheckpoint).ToValueList();

    private static RetainedCheckpoint ReadCheckpoint(JsonElement json) => new(
        new(json.GetProperty("id").GetInt64()),
        Text(json.GetProperty("path")),
        (CheckpointKind)json.GetProperty("kind").GetInt32(),
        json.GetProperty("metadataBytes").GetInt64(),
        new(UInt128.Parse(
            Text(json.GetProperty("metadataDigest")), NumberStyles.HexNumber, CultureInfo.InvariantCulture)))
    {
        TriggeredAt = json.TryGetProperty("triggeredAt", out var at)
            ? DateTimeOffset.FromUnixTimeMilliseconds(at.GetInt64())
            : null,
        IsLeftBehind = json.TryGetProperty("leftBehind", out var left) && left.GetBoolean(),
        Tags = json.TryGetProperty("tags", out var tags) ? tags.EnumerateArray().Select(Text).ToValueList() : [],
    };

    private static string Text(JsonElement json) =>
        json.GetString() ?? throw new FormatException("A text of the record is null.");
}
