using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Checkpointing.StateHandles;

namespace Checkpointing.Statistics;

/// <summary>Reads what <see cref="StatisticsSegmentWriter"/> wrote. Believes nothing before the digest fits, and little
/// after it.</summary>
internal static class StatisticsSegmentReader
{
    /// <exception cref="CheckpointCorruptException">The digest differs, or the bytes are something else.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version of this library wrote it.</exception>
    public static StatisticsSegment Read(ReadOnlyMemory<byte> bytes, string path)
    {
        var span = bytes.Span;
        var end = span.Length < 2 ? -1 : span[..^1].LastIndexOf((byte)'\n');
        if (end < 0)
        {
            throw new CheckpointCorruptException(path, 0, "a segment of statistics", $"{span.Length} other bytes");
        }

        var expected = $"{StatisticsSegmentWriter.DigestPrefix}{ContentDigest.Of(span[..(end + 1)])}\n";
        if (!span[(end + 1)..].SequenceEqual(Encoding.ASCII.GetBytes(expected)))
        {
            throw new CheckpointCorruptException(path, end + 1, expected.TrimEnd(), "another ending");
        }

        try
        {
            return ReadLines(bytes[..end], path);
        }
        catch (Exception e) when (
            e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException
            or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new CheckpointCorruptException(
                path, 0, "the fields of a segment of statistics", e.Message, innerException: e);
        }
    }

    private static StatisticsSegment ReadLines(ReadOnlyMemory<byte> lines, string path)
    {
        using var head = JsonDocument.Parse(TakeLine(ref lines));
        var totals = head.RootElement;
        var format = totals.GetProperty("format").GetInt32();
        if (format != StatisticsSegmentWriter.FormatVersion)
        {
            throw new UnsupportedFormatException(
                path, $"statistics format {format}", $"{StatisticsSegmentWriter.FormatVersion}");
        }

        var reports = new List<CheckpointReport>();
        while (!lines.IsEmpty)
        {
            using var line = JsonDocument.Parse(TakeLine(ref lines));
            reports.Add(ReadReport(line.RootElement));
        }

        if (totals.GetProperty("reports").GetInt32() != reports.Count)
        {
            throw new FormatException($"The segment has {reports.Count} reports, which is not what it says.");
        }

        return new()
        {
            Job = new(Text(totals, "job")),
            Epoch = Count(totals, "epoch"),
            IsWhole = totals.GetProperty("whole").GetBoolean(),
            Counts = ReadCounts(totals),
            Reports = reports,
            LatestCompleted = ReadLatest(totals, "latestCompleted"),
            LatestSavepoint = ReadLatest(totals, "latestSavepoint"),
            LatestFailed = ReadLatest(totals, "latestFailed"),
            LatestRestored = totals.TryGetProperty("latestRestored", out var restored) ? ReadRestored(restored) : null,
        };
    }

    private static ReadOnlyMemory<byte> TakeLine(ref ReadOnlyMemory<byte> lines)
    {
        var length = lines.Span.IndexOf((byte)'\n');
        var line = length < 0 ? lines : lines[..length];
        lines = length < 0 ? default : lines[(length + 1)..];
        return line;
    }

    private static CheckpointCounts ReadCounts(JsonElement json) => new()
    {
        Completed = Count(json, "completed"),
        Failed = Count(json, "failed"),
        Refused = Count(json, "refused"),
        Restored = Count(json, "restored"),
        FailedByReason = json.GetProperty("failedByReason").EnumerateArray().ToImmutableSortedDictionary(
            static pair => (CheckpointFailureReason)pair[0].GetInt32(), static pair => NotNegative(pair[1].GetInt64())),
    };

    private static CheckpointReport? ReadLatest(JsonElement json, string name) =>
        json.TryGetProperty(name, out var report) ? ReadReport(report) : null;

    private static RestoreReport ReadRestored(JsonElement json) => new(
        new(Count(json, "id")),
        Text(json, "path"),
        ReadKind(json),
        json.GetProperty("foreign").GetBoolean(),
        Count(json, "epoch"),
        json.GetProperty("attempt").GetInt32(),
        json.GetProperty("restoredAt").GetDateTimeOffset(),
        Time(json.GetProperty("duration")));

    private static CheckpointReport ReadReport(JsonElement json)
    {
        var outcome = (CheckpointOutcome)json.GetProperty("outcome").GetInt32();
        var hasFailed = outcome == CheckpointOutcome.Failed;
        if (!hasFailed && outcome != CheckpointOutcome.Completed)
        {
            throw new FormatException($"A checkpoint does not end as {outcome}.");
        }

        return new()
        {
            Id = new(Count(json, "id")),
            Kind = ReadKind(json),
            Outcome = outcome,
            Epoch = Count(json, "epoch"),
            Attempt = json.GetProperty("attempt").GetInt32(),
            TriggeredAt = json.GetProperty("triggeredAt").GetDateTimeOffset(),
            Duration = Time(json.GetProperty("duration")),
            Path = Text(json, "path"),
            StateSizeBytes = Count(json, "stateBytes"),
            MetadataSizeBytes = Count(json, "metadataBytes"),
            Cost = ReadCost(json),
            LongestTimes = ReadTimes(json),
            SubtaskCount = json.GetProperty("subtaskCount").GetInt32(),
            AcknowledgedCount = json.GetProperty("acknowledged").GetInt32(),
            FailureReason = hasFailed ? (CheckpointFailureReason)json.GetProperty("reason").GetInt32() : null,
            FailureDetail = hasFailed ? json.GetProperty("detail").GetString() : null,
            FailedSubtask = hasFailed ? json.GetProperty("failedSubtask").GetString() : null,
            Subtasks = [.. json.GetProperty("subtasks").EnumerateArray().Select(ReadSubtask)],
        };
    }

    private static SubtaskReport ReadSubtask(JsonElement json) => new(
        Text(json, "operator"),
        json.GetProperty("index").GetInt32(),
        Time(json.GetProperty("acknowledgedAfter")),
        ReadTimes(json),
        Count(json, "stateBytes"),
        ReadCost(json));

    private static CheckpointKind ReadKind(JsonElement json) =>
        (CheckpointKind)json.GetProperty("kind").GetInt32() is var kind && Enum.IsDefined(kind)
            ? kind
            : throw new FormatException($"There is no checkpoint of kind {kind}.");

    private static SnapshotCost ReadCost(JsonElement json)
    {
        var (cost, ways) = (json.GetProperty("cost"), json.GetProperty("transfers"));
        return new(Long(cost, 0), Int(cost, 1), Long(cost, 2), Int(cost, 3))
        {
            Transfers = new(
                Int(ways, 0), Long(ways, 1), Int(ways, 2), Long(ways, 3), Int(ways, 4), Long(ways, 5), Int(ways, 6),
                Long(ways, 7)),
        };
    }

    private static SnapshotTimes ReadTimes(JsonElement json)
    {
        var times = json.GetProperty("times");
        return new(Time(times[0]), Time(times[1]), Time(times[2]), Time(times[3]));
    }

    private static int Int(JsonElement array, int index) => (int)NotNegative(array[index].GetInt32());

    private static long Long(JsonElement array, int index) => NotNegative(array[index].GetInt64());

    private static long Count(JsonElement json, string name) => NotNegative(json.GetProperty(name).GetInt64());

    private static TimeSpan Time(JsonElement ticks) => TimeSpan.FromTicks(NotNegative(ticks.GetInt64()));

    private static string Text(JsonElement json, string name) =>
        json.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");

    private static long NotNegative(long value) =>
        value >= 0 ? value : throw new FormatException($"{value} is negative.");
}
