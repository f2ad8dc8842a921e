using System.CommandLine;
using Checkpointing.Inspection;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>The commands <c>list</c>, <c>pins</c> and <c>stats</c>: what is below a root.</summary>
internal static class ListCommand
{
    public static Command CreateList()
    {
        var command = new Command("list", """
            Lists all checkpoints and savepoints below a root, those of each job oldest first.

            Example: checkpoints list data/checkpoints
            """)
        {
            SharedOptions.Root, SharedOptions.Job, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction((parsed, token) => ToolCensus.RunAsync(parsed, run => ListAsync(run, token), token));
        return command;
    }

    public static Command CreatePins()
    {
        var command = new Command("pins", """
            Lists who reads from, or has taken over, somebody else's checkpoints.

            Example: checkpoints pins data/checkpoints
            """)
        {
            SharedOptions.Root, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction((parsed, token) => ToolCensus.RunAsync(parsed, Pins, token));
        return command;
    }

    public static Command CreateStats()
    {
        var command = new Command("stats", """
            Counts sizes and sharing: what each checkpoint added, what it uses again, what forgetting it would set free.
            And how long checkpoints took, where the job has recorded it.

            Example: checkpoints stats data/checkpoints --json
            """)
        {
            SharedOptions.Root, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction((parsed, token) => ToolCensus.RunAsync(parsed, run => StatsAsync(run, token), token));
        return command;
    }

    private static async Task<int> ListAsync(ToolCensus run, CancellationToken cancellationToken)
    {
        var wanted = run.Census.Checkpoints.Where(one => run.Job is null || (one.ListedBy ?? one.Job) == run.Job)
            .ToList();
        var broken = run.Census.Jobs.Where(job => job.Problem is not null && (run.Job is null || job.Job == run.Job))
            .ToList();
        if (run.Output.IsJson)
        {
            var history = await run.ReadHistoryAsync(cancellationToken).ConfigureAwait(false);
            wanted.ForEach(one => run.Output.Json(json => InspectionJson.Checkpoint(json, one, history)));
        }
        else
        {
            run.Output.Table(
                "There is no checkpoint.",
                ["JOB", "#ID", "STATUS", "KIND", "TRIGGERED", "#DURATION", "#BYTES", "#NEW", "#FILES", "PATH"],
                wanted.Select(static one => new[]
                {
                    (one.ListedBy ?? one.Job)?.Name ?? "-",
                    one.Id?.ToString() ?? "-",
                    one.Problem is null ? InspectionJson.TextOf(one.Status) : "unreadable",
                    InspectionJson.TextOf(one.Kind) ?? "-",
                    ToolOutput.Text(one.TriggeredAt),
                    one.Duration is { } time ? ToolOutput.Text(time) : "-",
                    PlainText.Size(one.Bytes),
                    PlainText.Size(one.NewBytes),
                    PlainText.Count(one.Files.Count, "file"),
                    one.Path + (one.Tags.Count == 0 ? "" : $"  [{string.Join(", ", one.Tags)}]"),
                }));
        }

        foreach (var problem in broken.Select(static job => $"Job '{job.Job}': {job.Problem!.Message}")
            .Concat(wanted.Where(static one => one.Problem is not null && one.ListedBy is not null)
                .Select(static one => $"'{one.Path}': {one.Problem!.Message}")))
        {
            ToolCensus.Warn(problem);
        }

        return broken.Count > 0 || wanted.Any(static one => one.Problem is not null && one.ListedBy is not null)
            ? ExitCodes.Problem
            : ExitCodes.Success;
    }

    private static int Pins(ToolCensus run)
    {
        if (run.Output.IsJson)
        {
            run.Output.Json(json =>
            {
                json.WriteStartArray("pins");
                foreach (var pin in run.Census.Pins)
                {
                    json.WriteStartObject();
                    InspectionJson.Text(json, "path", pin.Path);
                    InspectionJson.Text(json, "checkpoint", pin.Checkpoint);
                    InspectionJson.Text(json, "holder", pin.Holder);
                    json.WriteBoolean("stale", pin.IsStale);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteStartArray("claims");
                foreach (var claim in run.Census.Claims)
                {
                    json.WriteStartObject();
                    InspectionJson.Text(json, claim.IsSavepoint ? "savepoint" : "job", claim.What);
                    InspectionJson.Text(json, "claimedBy", claim.ClaimedBy);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
            return ExitCodes.Success;
        }

        run.Output.Table(
            "Nothing is pinned or claimed.",
            ["WHAT", "HOW", "BY"],
            run.Census.Pins.Select(static pin => new[]
            {
                pin.Checkpoint, pin.IsStale ? "stale pin" : "pinned", pin.Holder ?? "(cannot be read)",
            }).Concat(run.Census.Claims.Select(static claim => new[]
            {
                claim.IsSavepoint ? claim.What : $"job '{claim.What}'", "claimed", claim.ClaimedBy,
            })));
        return ExitCodes.Success;
    }

    private static async Task<int> StatsAsync(ToolCensus run, CancellationToken cancellationToken)
    {
        var all = run.Census.Measure();
        var history = await run.ReadHistoryAsync(cancellationToken).ConfigureAwait(false);
        if (run.Output.IsJson)
        {
            run.Output.Json(json => InspectionJson.Statistics(json, all, history));
            return ExitCodes.Success;
        }

        run.Output.Line($"{PlainText.Count(all.Files, "file")}, {PlainText.Size(all.Bytes)}; orphans: "
            + $"{PlainText.Count(all.OrphanFiles, "file")}, {PlainText.Size(all.OrphanBytes)}.");
        foreach (var job in all.Jobs)
        {
            run.Output.Line();
            run.Output.Line(FormattableString.Invariant(
                $"{job.Job}: {PlainText.Size(job.LogicalBytes)} of checkpoints in {PlainText.Size(job.StoredBytes)}")
                + FormattableString.Invariant($" ({job.DeduplicationRatio:0.##} to 1), ")
                + $"{PlainText.Count(job.Files, "file")}, {job.SharedFiles} shared.");
            run.Output.Table(
                "",
                ["#ID", "#BYTES", "#NEW", "#REUSED", "#OWN", "#FILES", "PATH"],
                job.Checkpoints.Select(static one => new[]
                {
                    one.Id.ToString(), PlainText.Size(one.Bytes), PlainText.Size(one.NewBytes),
                    PlainText.Size(one.ReusedBytes), PlainText.Size(one.OwnBytes),
                    PlainText.Count(one.Files, "file"), one.Path,
                }));
            if (history.Of(job.Job) is { Summary.Duration.Count: > 0 } recorded)
            {
                run.Output.Line($"Times of {PlainText.Count(recorded.Summary.Duration.Count, "checkpoint")}; "
                    + $"{PlainText.Count(recorded.Counts.Failed, "other")} failed.");
                run.Output.Table("", ["PART", "#MEDIAN", "#P99", "#LONGEST"], HistoryJson.Rows(recorded.Summary));
            }
        }

        return ExitCodes.Success;
    }
}
