#pragma warning disable RS0030 // The tool looks for a user's files where they are.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Checkpointing.Inspection;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>The command <c>verify</c>: whether checkpoints are as they were stored.</summary>
internal static class VerifyCommand
{
    private static readonly Argument<string> Target = new("PATH|ROOT")
    {
        Description = "A checkpoint; or a root: all checkpoints and savepoints below it",
    };

    private static readonly Option<double?> Sample = new("--sample")
    {
        Description = "Read only so many of the files, chosen anew each time; all are looked for [default: 100%]",
        HelpName = "P%",
        CustomParser = ParseSample,
    };

    private static readonly Option<bool> Deep = new("--deep")
    {
        Description = "Open the state of every subtask, too, and walk over all its rows",
    };

    public static Command Create()
    {
        var command = new Command("verify", """
            Compares checkpoints with what was stored: every file is there, has its length and its digest.
            Exit code 1 if one has not; then it says which checkpoint still is good.

            Examples: checkpoints verify data/checkpoints/flights/chk-42
                      checkpoints verify data/checkpoints --sample 5%
                      checkpoints verify data/checkpoints --deep --json
            """)
        {
            Target, Sample, Deep, SharedOptions.At, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction(VerifyAsync);
        return command;
    }

    private static async Task<int> VerifyAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var target = parsed.GetValue(Target)!;
        var (root, folder) = IsCheckpoint(target)
            ? ToolStorage.Split(target, parsed.GetValue(SharedOptions.At)) : (target, null);
        var storage = ToolStorage.Open(root, parsed.GetValue(SharedOptions.ZooKeeper));
        await using (storage.ConfigureAwait(false))
        {
            var census = await StorageCensus.TakeAsync(
                storage.Storage, storage.Register, cancellationToken: cancellationToken).ConfigureAwait(false);
            var wanted = Choose(census, folder, target);
            using var backend = parsed.GetValue(Deep) ? new ReadingBackend() : null;
            var options = new VerifyOptions
            {
                Sample = parsed.GetValue(Sample) ?? 1,
                SampleSeed = IdSource.System.NewGuid().GetHashCode(),
                DeepBackend = backend?.Factory,
            };
            var report = await output.RunAsync("Verifying", progress => CheckpointVerifier.VerifyAsync(
                storage.Storage, census, wanted, options, progress, cancellationToken)).ConfigureAwait(false);
            Print(output, report);
            return report.IsOk ? ExitCodes.Success : ExitCodes.Problem;
        }
    }

    private static bool IsCheckpoint(string target)
    {
        if (StorageSchemes.SchemeOf(target) != "file")
        {
            return target.EndsWith("/" + Storage.CheckpointLayout.MetadataName, StringComparison.Ordinal);
        }

        var full = ToolStorage.LocalPath(target);
        return File.Exists(full) || File.Exists(Path.Combine(full, Storage.CheckpointLayout.MetadataName))
            || Storage.CheckpointLayout.TryGetCheckpointId(Path.GetFileName(full), out _);
    }

    private static IReadOnlyList<StoredCheckpoint> Choose(StorageCensus census, string? folder, string target)
    {
        const string NoDigests = "its metadata has no digests to hold files against, 'show' reads it";
        if (folder is null)
        {
            FlinkCheckpoints.PassOver(census, null, NoDigests);

            // What no register lists was never completed: there is nothing to be right or wrong.
            return [.. census.Checkpoints.Where(
                static one => one.Status is not (StoredCheckpointStatus.Unlisted or StoredCheckpointStatus.Flink))];
        }

        var found = census.Find(folder) ?? throw new ToolException(
            $"There is no checkpoint at '{target}'.", ExitCodes.Problem);
        FlinkCheckpoints.Refuse(found, NoDigests);
        return [found];
    }

    private static void Print(ToolOutput output, VerificationReport report)
    {
        foreach (var one in report.Checkpoints)
        {
            if (output.IsJson)
            {
                output.Json(json => InspectionJson.Verified(json, one));
                continue;
            }

            output.Line($"{one.Checkpoint}: " + (one.IsOk ? "ok" : PlainText.Count(one.Problems.Count, "problem")));
            foreach (var problem in one.Problems)
            {
                output.Line($"  {problem.File}: {problem.Detail}");
            }

            if (!one.IsOk)
            {
                output.Line(one.NewestGood is { } good
                    ? $"  The newest checkpoint without a problem is '{good}'."
                    : "  No other checkpoint of its list is without a problem.");
            }
        }

        if (!output.IsJson)
        {
            output.Line($"{PlainText.Count(report.Checkpoints.Count, "checkpoint")}, "
                + $"{PlainText.Count(report.Files, "file")}; read {PlainText.Count(report.FilesRead, "file")}, "
                + $"{PlainText.Size(report.BytesRead)}.");
        }
    }

    private static double? ParseSample(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var isPercent = text.EndsWith('%');
        if (double.TryParse(text.TrimEnd('%'), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && (isPercent ? number / 100 : number) is > 0 and <= 1 and var share)
        {
            return share;
        }

        result.AddError($"Option --sample has the value '{text}'; it takes a share above 0% and up to 100%.");
        return 1;
    }
}
