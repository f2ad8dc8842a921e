using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Checkpointing.Inspection;
using Checkpointing.Statistics;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>A page about a storage: text, tables and drawings in one file. The numbers are also in it as the JSON that
/// <c>stats --json</c> prints.</summary>
internal static class ReportPage
{
    private const int MaxOrphansShown = 200;
    private const int MaxFailuresShown = 20;

    private const string Style = """
        body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#111;
        background:#fff}
        h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid #999}h3{font-size:1rem}
        table{border-collapse:collapse;margin:.5rem 0}
        th,td{padding:.15rem .6rem;text-align:right;border-bottom:1px solid #ddd}
        th{font-weight:600;border-bottom:2px solid #555}td.t,th.t{text-align:left}
        svg{display:block;margin:.5rem 0;max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#111}
        .n{color:#444}
        """;

    /// <summary>Makes the page.</summary>
    public static string Of(StorageCensus census, ToolHistory history)
    {
        var (sizes, orphans) = (census.Measure(), census.FindOrphans());
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")
            .Append("<link rel=\"icon\" href=\"data:,\">")
            .Append($"<title>Checkpoints in {Text(census.Description)}</title><style>{Style}</style></head><body>\n")
            .Append($"<h1>Checkpoints in {Text(census.Description)}</h1>\n")
            .Append($"<p>Taken {Text(ToolOutput.Text(census.TakenAt))}. ")
            .Append($"{Text(PlainText.Count(sizes.Files, "file"))}, {Text(PlainText.Size(sizes.Bytes))}. Orphans: ")
            .Append($"{Text(PlainText.Count(sizes.OrphanFiles, "file"))}, ")
            .Append($"{Text(PlainText.Size(sizes.OrphanBytes))}.</p>\n");
        foreach (var job in sizes.Jobs)
        {
            AppendJob(page, census, job, history);
        }

        if (sizes.Jobs.Count == 0)
        {
            page.Append("<p>No register lists a checkpoint.</p>\n");
        }

        AppendOrphans(page, orphans);
        page.Append($"<script type=\"application/json\" id=\"stats\">{JsonOf(sizes, history)}</script>\n")
            .Append("</body></html>\n");
        return page.ToString();
    }

    private static void AppendJob(StringBuilder page, StorageCensus census, JobSizes job, ToolHistory history)
    {
        var stored = census.RetainedOf(job.Job).ToDictionary(static one => one.Path);
        page.Append($"<section class=\"job\" data-job=\"{Text(job.Job.Name)}\"><h2>Job {Text(job.Job.Name)}</h2>\n")
            .Append($"<p>{Text(PlainText.Size(job.LogicalBytes))} of checkpoints in ")
            .Append($"{Text(PlainText.Size(job.StoredBytes))}, ")
            .Append(CultureInfo.InvariantCulture, $"{job.DeduplicationRatio:0.##} to 1. ")
            .Append($"{Text(PlainText.Count(job.Files, "file"))}, {Number(job.SharedFiles)} of them shared.</p>\n")
            .Append("<table class=\"history\"><tr><th>id</th><th class=\"t\">triggered</th><th>duration</th>")
            .Append("<th>bytes</th><th>new</th><th>reused</th><th>its own</th><th>files</th>")
            .Append("<th class=\"t\">path</th></tr>\n");
        foreach (var one in job.Checkpoints)
        {
            var found = stored[one.Path];
            page.Append($"<tr data-id=\"{Number(one.Id.Value)}\"><td>{Number(one.Id.Value)}</td>")
                .Append($"<td class=\"t\">{Text(ToolOutput.Text(found.TriggeredAt))}</td>")
                .Append($"<td>{Text(found.Duration is { } time ? ToolOutput.Text(time) : "-")}</td>")
                .Append(Cell(one.Bytes)).Append(Cell(one.NewBytes)).Append(Cell(one.ReusedBytes))
                    .Append(Cell(one.OwnBytes))
                .Append($"<td>{Number(one.Files)}</td><td class=\"t\">{Text(one.Path)}</td></tr>\n");
        }

        page.Append("</table>\n<h3>Bytes of each checkpoint, new and reused</h3>\n");
        ReportDrawing.AppendSizes(page, job.Checkpoints);
        page.Append("<h3>Duration, from the trigger to the last acknowledgement</h3>\n");
        ReportDrawing.AppendDurations(page, [.. job.Checkpoints.Select(one => (one.Id, stored[one.Path].Duration))]);
        AppendPhases(page, [.. job.Checkpoints.Select(one => (one.Id, history.PhasesOf(one.Path)))]);
        AppendFailures(page, history.Of(job.Job));
        AppendSharing(page, job);
        page.Append("</section>\n");
    }

    private static void AppendPhases(
        StringBuilder page, IReadOnlyList<(CheckpointId Id, CheckpointPhases? Phases)> checkpoints)
    {
        page.Append("<h3>Where the time went, from the trigger to durable</h3>\n");
        var known = checkpoints.Where(static one => one.Phases is not null)
            .Select(static one => (one.Id, Phases: one.Phases!)).ToList();
        if (known.Count == 0)
        {
            page.Append("<p>The job has recorded nothing of these checkpoints.</p>\n");
            return;
        }

        page.Append("<p>The parts of the subtask that acknowledged last, and what came after it.</p>\n");
        ReportDrawing.AppendPhases(page, known);
        page.Append("<table class=\"phases\"><tr><th>id</th><th class=\"t\">subtask</th>");
        foreach (var (_, title, _) in HistoryJson.Phases)
        {
            page.Append($"<th>{Text(title)}</th>");
        }

        page.Append("<th>in all</th></tr>\n");
        foreach (var (id, phases) in known)
        {
            page.Append($"<tr data-phases=\"{Number(id.Value)}\"><td>{Number(id.Value)}</td>")
                .Append($"<td class=\"t\">{Text(phases.Subtask)}</td>");
            foreach (var (_, _, of) in HistoryJson.Phases)
            {
                page.Append(Cell(of(phases)));
            }

            page.Append(Cell(phases.Total)).Append("</tr>\n");
        }

        page.Append("</table>\n");
    }

    private static void AppendFailures(StringBuilder page, CheckpointStatistics? recorded)
    {
        var failed = recorded?.History.Where(static one => one.Outcome == CheckpointOutcome.Failed).Reverse()
            .Take(MaxFailuresShown).ToList() ?? [];
        if (failed.Count == 0)
        {
            return;
        }

        page.Append("<h3>What failed, the newest first</h3>\n<table class=\"failed\"><tr><th>id</th>")
            .Append("<th class=\"t\">triggered</th><th>after</th><th class=\"t\">why</th></tr>\n");
        foreach (var one in failed)
        {
            page.Append($"<tr><td>{Number(one.Id.Value)}</td>")
                .Append($"<td class=\"t\">{Text(ToolOutput.Text(one.TriggeredAt))}</td>{Cell(one.Duration)}")
                .Append($"<td class=\"t\">{Text($"{one.FailureReason}: {one.FailureDetail}")}</td></tr>\n");
        }

        page.Append("</table>\n");
    }

    private static void AppendSharing(StringBuilder page, JobSizes job)
    {
        if (job.Sharing.Count == 0)
        {
            page.Append("<p>No two checkpoints share a file.</p>\n");
            return;
        }

        page.Append("<h3>What checkpoints have in common</h3>\n<table class=\"sharing\"><tr><th></th>");
        var ids = job.Checkpoints.Select(static one => one.Id.Value).ToList();
        var shared = job.Sharing.ToLookup(static pair => (pair.First.Value, pair.Second.Value));
        ids.ForEach(id => page.Append($"<th>{Number(id)}</th>"));
        page.Append("</tr>\n");
        foreach (var second in ids.Skip(1))
        {
            page.Append($"<tr><th>{Number(second)}</th>");
            foreach (var first in ids)
            {
                var pair = shared[(first, second)].FirstOrDefault();
                page.Append(pair is null ? "<td></td>" : Cell(pair.Bytes));
            }

            page.Append("</tr>\n");
        }

        page.Append("</table>\n");
    }

    private static void AppendOrphans(StringBuilder page, OrphanReport orphans)
    {
        page.Append("<section id=\"orphans\"><h2>Orphans</h2>\n");
        if (orphans.Files.Count == 0)
        {
            page.Append("<p>There is no orphan.</p>\n");
        }
        else
        {
            page.Append("<table><tr><th>bytes</th><th>age</th><th class=\"t\">path</th></tr>\n");
            foreach (var file in orphans.Files.Take(MaxOrphansShown))
            {
                page.Append($"<tr>{Cell(file.Bytes)}<td>{Text(ToolOutput.Text(file.Age))}</td>")
                    .Append($"<td class=\"t\">{Text(file.Path)}</td></tr>\n");
            }

            page.Append("</table>\n");
            if (orphans.Files.Count > MaxOrphansShown)
            {
                page.Append($"<p>And {Number(orphans.Files.Count - MaxOrphansShown)} more.</p>\n");
            }
        }

        page.Append($"<p class=\"n\">{Text(PlainText.Count(orphans.Current.Count, "more file"))} of the present ")
            .Append($"epochs, {Text(PlainText.Count(orphans.Held.Count, "file"))} of which it ")
            .Append("cannot be told.</p></section>\n");
    }

    private static string Cell(long bytes) =>
        $"<td data-bytes=\"{Number(bytes)}\">{Text(PlainText.Size(bytes))}</td>";

    private static string Cell(TimeSpan time) => string.Create(
        CultureInfo.InvariantCulture,
        $"<td data-ms=\"{HistoryJson.Milliseconds(time)}\">{Text(ToolOutput.Text(time))}</td>");

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(PlainText.Clean(text));

    // The default encoder writes '<' as an escape, so no text can end the element.
    private static string JsonOf(StorageSizes sizes, ToolHistory history)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", ToolOutput.Schema);
            InspectionJson.Statistics(json, sizes, history);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
