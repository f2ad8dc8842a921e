using System.Globalization;
using System.Text.Json;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Inspection;
using Checkpointing.StateHandles;
using Checkpointing.Statistics;

namespace Checkpointing.Tool.Inspection;

/// <summary>The fields of what the commands print with <c>--json</c>; <c>docs/tool.md</c> describes them.</summary>
internal static class InspectionJson
{
    public static string TextOf(CheckpointFileScope scope) => Lower(scope.ToString());

    public static string TextOf(StoredCheckpointStatus status) => Lower(status.ToString());

    public static string TextOf(FileStanding standing) => Lower(standing.ToString());

    public static string TextOf(ScrubProblemKind kind) => Lower(kind.ToString());

    public static string? TextOf(CheckpointKind? kind) => kind is { } one ? Lower(one.ToString()) : null;

    public static string TextOf(StateKind kind) => Lower(kind.ToString());

    public static string TextOf(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <param name="json">Where to.</param>
    /// <param name="one">The checkpoint.</param>
    /// <param name="history">What jobs have recorded; null where it was not read, and no phases are written.</param>
    public static void Checkpoint(Utf8JsonWriter json, StoredCheckpoint one, ToolHistory? history = null)
    {
        Text(json, "path", one.Path);
        Text(json, "status", TextOf(one.Status));
        Text(json, "job", (one.ListedBy ?? one.Job)?.Name);
        Number(json, "checkpointId", one.Id?.Value);
        Text(json, "kind", TextOf(one.Kind));
        Text(json, "triggeredAt", one.TriggeredAt is { } time ? TextOf(time) : null);
        Number(json, "durationMs", one.Duration is { } duration ? (long)duration.TotalMilliseconds : null);
        json.WriteNumber("bytes", one.Bytes);
        json.WriteNumber("newBytes", one.NewBytes);
        json.WriteNumber("files", one.Files.Count);
        Texts(json, "tags", one.Tags);
        Text(json, "problem", one.Problem?.Message);
        if (history is not null)
        {
            HistoryJson.WritePhases(json, history.PhasesOf(one.Path));
        }
    }

    public static void File(Utf8JsonWriter json, CheckpointFile file)
    {
        Text(json, "path", file.Path);
        json.WriteNumber("bytes", file.Bytes);
        Text(json, "digest", file.Digest?.ToString());
        Text(json, "scope", TextOf(file.Scope));
        Text(json, "operator", file.Operator);
        Number(json, "subtask", file.Subtask);
        Text(json, "localName", file.LocalName);
    }

    public static void Report(Utf8JsonWriter json, FileReport report)
    {
        Text(json, "file", report.Path);
        json.WriteStartArray("neededBy");
        foreach (var need in report.NeededBy)
        {
            json.WriteStartObject();
            Text(json, "job", need.Job?.Name);
            Number(json, "checkpointId", need.CheckpointId?.Value);
            Text(json, "path", need.Path);
            Text(json, "as", TextOf(need.As));
            Text(json, "status", TextOf(need.Status));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("orphan", report.IsOrphan);
        Text(json, "standing", TextOf(report.Standing));
        json.WriteNumber("bytes", report.Bytes);
        Text(json, "detail", report.Detail);
    }

    public static void Unneeded(Utf8JsonWriter json, string name, IReadOnlyList<UnneededFile> files, bool withWhy)
    {
        json.WriteStartArray(name);
        foreach (var file in files)
        {
            json.WriteStartObject();
            Text(json, "path", file.Path);
            json.WriteNumber("bytes", file.Bytes);
            json.WriteNumber("age", Math.Round(file.Age.TotalSeconds, 3));
            if (withWhy)
            {
                Text(json, "why", file.Why);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void Orphans(Utf8JsonWriter json, OrphanReport orphans)
    {
        Unneeded(json, "files", orphans.Files, withWhy: false);
        json.WriteNumber("bytes", orphans.Bytes);
        Sum(json, "current", orphans.Current);
        Unneeded(json, "held", orphans.Held, withWhy: true);
        Sum(json, "unknown", orphans.Unknown);
    }

    public static void Verified(Utf8JsonWriter json, VerifiedCheckpoint one)
    {
        Text(json, "checkpoint", one.Checkpoint);
        json.WriteBoolean("ok", one.IsOk);
        json.WriteStartArray("problems");
        foreach (var problem in one.Problems)
        {
            json.WriteStartObject();
            Text(json, "file", problem.File);
            Text(json, "problem", TextOf(problem.Problem));
            Text(json, "detail", problem.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Text(json, "newestGood", one.NewestGood);
    }

    public static void Statistics(Utf8JsonWriter json, StorageSizes all, ToolHistory history)
    {
        json.WriteNumber("files", all.Files);
        json.WriteNumber("bytes", all.Bytes);
        json.WriteNumber("orphanFiles", all.OrphanFiles);
        json.WriteNumber("orphanBytes", all.OrphanBytes);
        json.WriteStartArray("jobs");
        foreach (var job in all.Jobs)
        {
            json.WriteStartObject();
            Text(json, "job", job.Job.Name);
            json.WriteNumber("logicalBytes", job.LogicalBytes);
            json.WriteNumber("storedBytes", job.StoredBytes);
            json.WriteNumber("deduplicationRatio", Math.Round(job.DeduplicationRatio, 4));
            json.WriteNumber("files", job.Files);
            json.WriteNumber("sharedFiles", job.SharedFiles);
            json.WriteStartArray("checkpoints");
            foreach (var one in job.Checkpoints)
            {
                Statistics(json, one, history.PhasesOf(one.Path));
            }

            json.WriteEndArray();
            json.WriteStartArray("sharing");
            foreach (var pair in job.Sharing)
            {
                json.WriteStartObject();
                json.WriteNumber("first", pair.First.Value);
                json.WriteNumber("second", pair.Second.Value);
                json.WriteNumber("files", pair.Files);
                json.WriteNumber("bytes", pair.Bytes);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            HistoryJson.WriteHistory(json, history.Of(job.Job));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void Text(Utf8JsonWriter json, string name, string? text) =>
        Metadata.JsonText.Write(json, name, text);

    public static void Number(Utf8JsonWriter json, string name, long? number)
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

    public static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            Metadata.JsonText.WriteValue(json, text);
        }

        json.WriteEndArray();
    }

    private static void Statistics(Utf8JsonWriter json, CheckpointSizes one, CheckpointPhases? phases)
    {
        json.WriteStartObject();
        json.WriteNumber("checkpointId", one.Id.Value);
        Text(json, "path", one.Path);
        json.WriteNumber("bytes", one.Bytes);
        json.WriteNumber("newBytes", one.NewBytes);
        json.WriteNumber("reusedBytes", one.ReusedBytes);
        json.WriteNumber("files", one.Files);
        json.WriteNumber("ownBytes", one.OwnBytes);
        json.WriteNumber("commonBytes", one.CommonBytes);
        HistoryJson.WritePhases(json, phases);
        json.WriteEndObject();
    }

    private static void Sum(Utf8JsonWriter json, string name, IReadOnlyList<UnneededFile> files)
    {
        json.WriteStartObject(name);
        json.WriteNumber("files", files.Count);
        json.WriteNumber("bytes", files.Sum(static file => file.Bytes));
        json.WriteEndObject();
    }

    private static string Lower(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
