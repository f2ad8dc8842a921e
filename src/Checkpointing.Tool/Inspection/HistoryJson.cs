using System.Text.Json;
using Checkpointing.Statistics;

namespace Checkpointing.Tool.Inspection;

/// <summary>What jobs have recorded, as JSON: times in milliseconds, to the microsecond.</summary>
internal static class HistoryJson
{
    /// <summary>The parts of a checkpoint's time, in their order, and how each is named: in JSON, and for
    /// people.</summary>
    public static readonly IReadOnlyList<(string Name, string Title, Func<CheckpointPhases, TimeSpan> Of)> Phases =
    [
        ("startDelayMs", "start delay", static one => one.StartDelay),
        ("alignmentMs", "alignment", static one => one.Alignment),
        ("synchronousMs", "standing still", static one => one.Synchronous),
        ("asynchronousMs", "writing", static one => one.Asynchronous),
        ("reportingMs", "reporting", static one => one.Reporting),
        ("committingMs", "committing", static one => one.Committing),
    ];

    private static readonly IReadOnlyList<Summary> s_summaries =
    [
        new("total", "all", static one => one.Duration),
        new("startDelay", "longest start delay", static one => one.StartDelay),
        new("alignment", "longest alignment", static one => one.Alignment),
        new("synchronous", "longest standstill", static one => one.Synchronous),
        new("asynchronous", "longest writing", static one => one.Asynchronous),
    ];

    public static void WritePhases(Utf8JsonWriter json, CheckpointPhases? phases)
    {
        if (phases is null)
        {
            json.WriteNull("phases");
            return;
        }

        json.WriteStartObject("phases");
        InspectionJson.Text(json, "subtask", phases.Subtask);
        foreach (var (name, _, of) in Phases)
        {
            Milliseconds(json, name, of(phases));
        }

        Milliseconds(json, "totalMs", phases.Total);
        json.WriteEndObject();
    }

    public static void WriteHistory(Utf8JsonWriter json, CheckpointStatistics? recorded)
    {
        if (recorded is null)
        {
            json.WriteNull("history");
            return;
        }

        json.WriteStartObject("history");
        json.WriteNumber("completed", recorded.Counts.Completed);
        json.WriteNumber("failed", recorded.Counts.Failed);
        json.WriteNumber("restored", recorded.Counts.Restored);
        json.WriteNumber("measured", recorded.Summary.Duration.Count);
        foreach (var one in s_summaries)
        {
            var values = one.Of(recorded.Summary);
            json.WriteStartObject(one.Name);
            Milliseconds(json, "medianMs", values.P50);
            Milliseconds(json, "p99Ms", values.P99);
            Milliseconds(json, "longestMs", values.Greatest);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>A row a part, for people: what it is, median, 99th percentile, longest.</summary>
    public static IEnumerable<string[]> Rows(CheckpointSummary summary) => s_summaries.Select(one =>
    {
        var values = one.Of(summary);
        return new[]
        {
            one.Title, ToolOutput.Text(values.P50), ToolOutput.Text(values.P99), ToolOutput.Text(values.Greatest),
        };
    });

    /// <summary>Milliseconds as they are written.</summary>
    public static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private static void Milliseconds(Utf8JsonWriter json, string name, TimeSpan time) =>
        json.WriteNumber(name, Milliseconds(time));

    private sealed record Summary(string Name, string Title, Func<CheckpointSummary, ValueSummary<TimeSpan>> Of);
}
