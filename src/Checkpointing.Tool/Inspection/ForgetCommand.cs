using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Checkpointing.Inspection;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Inspection;

/// <summary>The command <c>forget</c>: takes completed checkpoints off a job's list.</summary>
internal static class ForgetCommand
{
    private static readonly Option<int?> KeepLast = Count("--keep-last", "Keep the newest N");

    private static readonly Option<int?> KeepHourly = Count("--keep-hourly", "Keep the newest of each of N hours");

    private static readonly Option<int?> KeepDaily = Count("--keep-daily", "Keep the newest of each of N days");

    private static readonly Option<string[]> KeepTag = new("--keep-tag")
    {
        Description = "Keep those with this tag; may be repeated",
        HelpName = "TAG",
        DefaultValueFactory = static _ => [],
    };

    private static readonly Option<long[]> Unreadable = new("--unreadable")
    {
        Description = "Give up a checkpoint that cannot be read: its metadata goes to JOB/quarantine; may be repeated",
        HelpName = "ID",
        DefaultValueFactory = static _ => [],
    };

    public static Command Create()
    {
        var command = new Command("forget", """
            Takes completed checkpoints off a job's list. The newest that can be read always stays. Safe beside a
            running job, which lets go of the files itself; else the job's next start does, or gc --fence.
            Exit code 1 if something would be forgotten and --apply is not given.

            Examples: checkpoints forget data/checkpoints --job flights --keep-last 3
                      checkpoints forget data/checkpoints --keep-hourly 24 --keep-daily 7 --apply
                      checkpoints forget data/checkpoints --unreadable 41 --apply
            """)
        {
            SharedOptions.Root, SharedOptions.Job, KeepLast, KeepHourly, KeepDaily, KeepTag, Unreadable,
            SharedOptions.Apply, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction((parsed, token) => ToolCensus.RunAsync(parsed, run => ForgetAsync(run, token), token));
        return command;
    }

    private static Option<int?> Count(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }

            result.AddError($"Option {name} has the value '{result.Tokens[0].Value}'; it takes a number from 0.");
            return null;
        },
    };

    private static async Task<int> ForgetAsync(ToolCensus run, CancellationToken cancellationToken)
    {
        FlinkCheckpoints.RefuseIfAll(
            run.Census, run.Job, "no register of ours lists them, so there is none to take them off");
        var job = run.OneJob();
        var policy = new ForgetPolicy
        {
            KeepLast = run.Parsed.GetValue(KeepLast),
            KeepHourly = run.Parsed.GetValue(KeepHourly),
            KeepDaily = run.Parsed.GetValue(KeepDaily),
            KeepTags = run.Parsed.GetValue(KeepTag)!.ToValueList(),
            Unreadable = run.Parsed.GetValue(Unreadable)!.Select(static id => new CheckpointId(id)).ToValueList(),
        };
        var apply = run.Parsed.GetValue(SharedOptions.Apply);
        IReadOnlyList<ForgetDecision> decisions;
        try
        {
            decisions = await CheckpointForgetting.RunAsync(
                run.Storage.Storage, job, policy, apply, run.Storage.Register, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException exception)
        {
            throw new ToolException(ToolStorage.Sentence(exception), ExitCodes.Usage, exception);
        }

        var forgotten = decisions.Count(static one => !one.IsKept);
        if (run.Output.IsJson)
        {
            run.Output.Json(json =>
            {
                InspectionJson.Text(json, "job", job.Name);
                json.WriteBoolean("applied", apply);
                json.WriteStartArray("checkpoints");
                foreach (var one in decisions)
                {
                    json.WriteStartObject();
                    InspectionJson.Number(json, "checkpointId", one.Checkpoint.Id?.Value);
                    InspectionJson.Text(json, "path", one.Checkpoint.Path);
                    json.WriteBoolean("kept", one.IsKept);
                    InspectionJson.Text(json, "why", one.Why);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
        }
        else
        {
            run.Output.Table(
                $"The register of job '{job}' lists no checkpoint.",
                ["#ID", "WHAT", "WHY", "PATH"],
                decisions.Select(one => new[]
                {
                    one.Checkpoint.Id?.ToString() ?? "-",
                    one.IsKept ? "keep" : apply ? "forgotten" : "forget",
                    one.Why,
                    one.Checkpoint.Path,
                }));
            run.Output.Line(forgotten == 0 ? "Nothing is to be forgotten."
                : apply ? "Their files go when the running job next completes a checkpoint, when the job next "
                    + "starts, or with 'gc --fence --apply'."
                : "Nothing was changed; use --apply.");
        }

        return forgotten > 0 && !apply ? ExitCodes.Problem : ExitCodes.Success;
    }
}
