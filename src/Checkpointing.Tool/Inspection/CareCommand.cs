#pragma warning disable RS0030 // The tool looks for a user's files where they are.
using System.CommandLine;
using Checkpointing.Inspection;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>The commands <c>why</c>, <c>orphans</c> and <c>gc</c>: what may go, and letting it go.</summary>
internal static class CareCommand
{
    private const string NoOrphans =
        "which of its files are needed no more only Flink can say, so they are left alone";

    private static readonly Argument<string> File = new("FILE")
    {
        Description = "A stored file; or its path below --root",
    };

    private static readonly Option<bool> Fence = new("--fence")
    {
        Description = "Take over every job first: one that still runs is stopped; in return all orphans can be told",
    };

    public static Command CreateWhy()
    {
        var command = new Command("why", """
            Says who needs a file, or that nobody does. Exit code 1 if it is an orphan or missing.

            Example: checkpoints why data/checkpoints/flights/shared/6ba7b810-…/0-127/1-0-…
            """)
        {
            File, SharedOptions.At, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction(WhyAsync);
        return command;
    }

    public static Command CreateOrphans()
    {
        var command = new Command("orphans", """
            Lists the files that nobody needs and nobody ever can: what 'gc --apply' deletes. Exit code 1 if there are
            any.

            Example: checkpoints orphans data/checkpoints
            """)
        {
            SharedOptions.Root, SharedOptions.Job, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction((parsed, token) => ToolCensus.RunAsync(parsed, Orphans, token));
        return command;
    }

    public static Command CreateGc()
    {
        var command = new Command("gc", """
            Deletes orphans. Safe beside running jobs: what their present epoch made is left to them.
            Exit code 1 if there are orphans and --apply is not given.

            Examples: checkpoints gc data/checkpoints
                      checkpoints gc data/checkpoints --apply
                      checkpoints gc data/checkpoints --job old-flights --fence --apply
            """)
        {
            SharedOptions.Root, SharedOptions.Job, Fence, SharedOptions.Apply, SharedOptions.ZooKeeper,
            SharedOptions.Json,
        };
        command.SetAction(GcAsync);
        return command;
    }

    private static async Task<int> WhyAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var (root, path) = Split(parsed.GetValue(File)!, parsed.GetValue(SharedOptions.At));
        var storage = ToolStorage.Open(root, parsed.GetValue(SharedOptions.ZooKeeper));
        await using (storage.ConfigureAwait(false))
        {
            var census = await output.RunAsync("Reading", _ => StorageCensus.TakeAsync(
                storage.Storage, storage.Register, cancellationToken: cancellationToken)).ConfigureAwait(false);
            var report = census.Why(path) ?? throw new ToolException(
                $"There is no file '{path}' below '{root}', and no checkpoint names one.", ExitCodes.Problem);
            FlinkCheckpoints.RefuseFile(census, report);
            if (output.IsJson)
            {
                output.Json(json => InspectionJson.Report(json, report));
            }
            else
            {
                output.Line($"{report.Path} ({PlainText.Size(report.Bytes)}): {report.Detail}");
                foreach (var need in report.NeededBy)
                {
                    output.Line($"  {need.Path}: {InspectionJson.TextOf(need.As)}"
                        + (need.Job is { } job ? $", job '{job}'" : "")
                        + $", {InspectionJson.TextOf(need.Status)}");
                }
            }

            return report.Standing is FileStanding.Orphan or FileStanding.Missing
                ? ExitCodes.Problem : ExitCodes.Success;
        }
    }

    /// <summary>Splits a file's path into the root of its storage and its path below it.</summary>
    private static (string Root, string Path) Split(string file, string? root)
    {
        if (root is not null && (StorageSchemes.SchemeOf(root) != "file"
            || !System.IO.File.Exists(ToolStorage.LocalPath(file))))
        {
            return (root, file.TrimStart('/'));
        }

        var full = ToolStorage.LocalPath(file);
        var found = root is not null ? ToolStorage.LocalPath(root) : FindRoot(full)
            ?? throw new ToolException(
                $"The root of the storage of '{file}' is not to be found by its place; name it with --root.",
                ExitCodes.Usage);
        return (found, Path.GetRelativePath(found, full).Replace(Path.DirectorySeparatorChar, '/'));
    }

    // ROOT/JOB/chk-N/FILE, ROOT/JOB/shared/ID/RANGE/FILE, ROOT/JOB/register/FILE; else beside a savepoint's metadata.
    private static string? FindRoot(string full)
    {
        var parts = full.Split(Path.DirectorySeparatorChar);
        for (var i = parts.Length - 2; i >= 2; i--)
        {
            if (parts[i] is "shared" or "register" || Storage.CheckpointLayout.TryGetCheckpointId(parts[i], out _))
            {
                return i == 2 ? "/" : string.Join(Path.DirectorySeparatorChar, parts[..(i - 1)]);
            }
        }

        var folder = Path.GetDirectoryName(full);
        return folder is not null && System.IO.File.Exists(Path.Combine(folder, Storage.CheckpointLayout.MetadataName))
            ? Path.GetDirectoryName(folder)
            : null;
    }

    private static int Orphans(ToolCensus run)
    {
        FlinkCheckpoints.PassOver(run.Census, run.Job, NoOrphans);
        var found = run.Census.FindOrphans(run.Job);
        if (run.Output.IsJson)
        {
            run.Output.Json(json => InspectionJson.Orphans(json, found));
        }
        else
        {
            run.Output.Table(
                "There is no orphan.",
                ["#BYTES", "#AGE", "PATH"],
                found.Files.Select(static file => new[]
                {
                    PlainText.Size(file.Bytes), ToolOutput.Text(file.Age), file.Path,
                }));
            Summarize(run.Output, found);
        }

        return found.Files.Count > 0 ? ExitCodes.Problem : ExitCodes.Success;
    }

    private static async Task<int> GcAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var options = new SweepOptions
        {
            Apply = parsed.GetValue(SharedOptions.Apply),
            Fence = parsed.GetValue(Fence),
            Job = ToolCensus.JobOf(parsed),
        };
        var storage = ToolStorage.Open(parsed.GetValue(SharedOptions.Root)!, parsed.GetValue(SharedOptions.ZooKeeper));
        await using (storage.ConfigureAwait(false))
        {
            var census = await StorageCensus.TakeAsync(
                storage.Storage, storage.Register, cancellationToken: cancellationToken).ConfigureAwait(false);
            FlinkCheckpoints.PassOver(census, options.Job, NoOrphans);
            var report = await output.RunAsync("Sweeping", progress => StorageSweep.RunAsync(
                storage.Storage, options, storage.Register, progress, cancellationToken)).ConfigureAwait(false);
            if (output.IsJson)
            {
                output.Json(json =>
                {
                    json.WriteBoolean("applied", options.Apply);
                    InspectionJson.Orphans(json, report.Found);
                    json.WriteNumber("deletedFiles", report.DeletedFiles);
                    json.WriteNumber("deletedBytes", report.DeletedBytes);
                    json.WriteNumber("temporaryFiles", report.TemporaryFiles);
                    json.WriteNumber("failed", report.Failed.Count);
                });
            }
            else
            {
                foreach (var file in report.Found.Files)
                {
                    output.Line($"{(options.Apply ? "deleted" : "would delete")} {file.Path}"
                        + $" ({PlainText.Size(file.Bytes)})");
                }

                output.Line(options.Apply
                    ? $"Deleted {PlainText.Count(report.DeletedFiles, "file")}, {PlainText.Size(report.DeletedBytes)}; "
                        + $"{PlainText.Count(report.TemporaryFiles, "temporary file")} more."
                    : $"{PlainText.Count(report.Found.Files.Count, "orphan")}, {PlainText.Size(report.Found.Bytes)}."
                        + (report.Found.Files.Count > 0 ? " Nothing was deleted; use --apply." : ""));
                Summarize(output, report.Found);
            }

            foreach (var (path, problem) in report.Failed)
            {
                ToolCensus.Warn($"'{path}' was not deleted: {problem}");
            }

            return report.Failed.Count > 0 || (!options.Apply && report.Found.Files.Count > 0)
                ? ExitCodes.Problem : ExitCodes.Success;
        }
    }

    private static void Summarize(ToolOutput output, OrphanReport found)
    {
        if (found.Current.Count > 0)
        {
            output.Line($"Left alone: {PlainText.Count(found.Current.Count, "file")}, "
                + $"{PlainText.Size(found.Current.Sum(static file => file.Bytes))}, that the present epoch of a job "
                + "made; its coordinator, or the job's next start, decides.");
        }

        foreach (var group in found.Held.GroupBy(static file => file.Why))
        {
            output.Line($"Held: {PlainText.Count(group.Count(), "file")}, "
                + $"{PlainText.Size(group.Sum(static file => file.Bytes))}. {group.Key}");
        }
    }
}
