using System.Buffers;
using System.Text;
using System.Text.Json;
using Checkpointing.StateHandles;

namespace Checkpointing.Statistics;

/// <summary>Bytes of a <see cref="StatisticsSegment"/>: a line of JSON for the totals, one for each report, and the
/// digest of what is before it. Layout: docs/file-format.md.</summary>
internal static class StatisticsSegmentWriter
{
    internal const int FormatVersion = 1;
    internal const string DigestPrefix = "xxh128:";

    /// <summary>Details of subtasks that are written, those of the newest checkpoints.</summary>
    internal const int MaxSubtasks = 5_000;

    public static byte[] Write(StatisticsSegment segment)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        WriteLine(buffer, json => WriteTotals(json, segment));
        var bare = FindFirstWithSubtasks(segment.Reports);
        for (var i = 0; i < segment.Reports.Count; i++)
        {
            var report = i < bare ? segment.Reports[i] with { Subtasks = [] } : segment.Reports[i];
            WriteLine(buffer, json => WriteReport(json, report));
        }

        var digest = ContentDigest.Of(buffer.WrittenSpan);
        buffer.Write(Encoding.ASCII.GetBytes($"{DigestPrefix}{digest}\n"));
        return buffer.WrittenSpan.ToArray();
    }

    private static int FindFirstWithSubtasks(IReadOnlyList<CheckpointReport> reports)
    {
        var left = MaxSubtasks;
        var first = reports.Count;
        while (first > 0 && (left -= reports[first - 1].Subtasks.Count) >= 0)
        {
            first--;
        }

        return first;
    }

    private static void WriteLine(ArrayBufferWriter<byte> buffer, Action<Utf8JsonWriter> write)
    {
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        buffer.Write("\n"u8);
    }

    private static void WriteTotals(Utf8JsonWriter json, StatisticsSegment segment)
    {
        json.WriteStartObject();
        json.WriteNumber("format", FormatVersion);
        json.WriteString("job", segment.Job.Name);
        json.WriteNumber("epoch", segment.Epoch);
        json.WriteBoolean("whole", segment.IsWhole);
        json.WriteNumber("reports", segment.Reports.Count);
        json.WriteNumber("completed", segment.Counts.Completed);
        json.WriteNumber("failed", segment.Counts.Failed);
        json.WriteNumber("refused", segment.Counts.Refused);
        json.WriteNumber("restored", segment.Counts.Restored);
        json.WriteStartArray("failedByReason");
        foreach (var (reason, count) in segment.Counts.FailedByReason)
        {
            WriteNumbers(json, (int)reason, count);
        }

        json.WriteEndArray();
        WriteLatest(json, "latestCompleted", segment.LatestCompleted);
        WriteLatest(json, "latestSavepoint", segment.LatestSavepoint);
        WriteLatest(json, "latestFailed", segment.LatestFailed);
        if (segment.LatestRestored is { } restored)
        {
            json.WriteStartObject("latestRestored");
            json.WriteNumber("id", restored.Id.Value);
            json.WriteString("path", restored.Path);
            json.WriteNumber("kind", (int)restored.Kind);
            json.WriteBoolean("foreign", restored.IsForeign);
            json.WriteNumber("epoch", restored.Epoch);
            json.WriteNumber("attempt", restored.Attempt);
            json.WriteString("restoredAt", restored.RestoredAt);
            json.WriteNumber("duration", restored.Duration.Ticks);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteLatest(Utf8JsonWriter json, string name, CheckpointReport? report)
    {
        if (report is not null)
        {
            json.WritePropertyName(name);
            WriteReport(json, report with { Subtasks = [] });
        }
    }

    private static void WriteReport(Utf8JsonWriter json, CheckpointReport report)
    {
        json.WriteStartObject();
        json.WriteNumber("id", report.Id.Value);
        json.WriteNumber("kind", (int)report.Kind);
        json.WriteNumber("outcome", (int)report.Outcome);
        json.WriteNumber("epoch", report.Epoch);
        json.WriteNumber("attempt", report.Attempt);
        json.WriteString("triggeredAt", report.TriggeredAt);
        json.WriteNumber("duration", report.Duration.Ticks);
        json.WriteString("path", report.Path);
        json.WriteNumber("stateBytes", report.StateSizeBytes);
        json.WriteNumber("metadataBytes", report.MetadataSizeBytes);
        WriteCost(json, report.Cost);
        WriteTimes(json, report.LongestTimes);
        json.WriteNumber("subtaskCount", report.SubtaskCount);
        json.WriteNumber("acknowledged", report.AcknowledgedCount);
        if (report.FailureReason is { } reason)
        {
            json.WriteNumber("reason", (int)reason);
            json.WriteString("detail", report.FailureDetail);
            json.WriteString("failedSubtask", report.FailedSubtask);
        }

        json.WriteStartArray("subtasks");
        foreach (var subtask in report.Subtasks)
        {
            json.WriteStartObject();
            json.WriteString("operator", subtask.Operator);
            json.WriteNumber("index", subtask.Index);
            json.WriteNumber("acknowledgedAfter", subtask.AcknowledgedAfter.Ticks);
            json.WriteNumber("stateBytes", subtask.StateSizeBytes);
            WriteCost(json, subtask.Cost);
            WriteTimes(json, subtask.Times);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteCost(Utf8JsonWriter json, SnapshotCost cost)
    {
        json.WritePropertyName("cost");
        WriteNumbers(json, cost.NewBytes, cost.NewFiles, cost.ReusedBytes, cost.ReusedFiles);
        json.WritePropertyName("transfers");
        var ways = cost.Transfers;
        WriteNumbers(
            json, ways.LinkedFiles, ways.LinkedBytes, ways.ReflinkedFiles, ways.ReflinkedBytes, ways.CopiedFiles,
            ways.CopiedBytes, ways.StreamedFiles, ways.StreamedBytes);
    }

    private static void WriteTimes(Utf8JsonWriter json, SnapshotTimes times)
    {
        json.WritePropertyName("times");
        WriteNumbers(
            json, times.StartDelay.Ticks, times.Alignment.Ticks, times.Synchronous.Ticks, times.Asynchronous.Ticks);
    }

    private static void WriteNumbers(Utf8JsonWriter json, params ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray();
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
