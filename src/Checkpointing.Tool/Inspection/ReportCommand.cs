#pragma warning disable RS0030 // The tool writes where a user tells it to.
using System.CommandLine;
using System.Text;

namespace Checkpointing.Tool.Inspection;

/// <summary>The command <c>report</c>: one page about all that is stored.</summary>
internal static class ReportCommand
{
    private static readonly Option<string> Html = new("--html")
    {
        Description = "File to write; an older one is replaced", HelpName = "FILE", Required = true,
    };

    public static Command Create()
    {
        var command = new Command("report", """
            Writes one self-contained page: history, sizes new and reused, where the time went, sharing between
            checkpoints, failures, orphans. It needs no network, and can be read without colours.

            Example: checkpoints report data/checkpoints --html report.html
            """)
        {
            SharedOptions.Root, Html, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction((parsed, token) => ToolCensus.RunAsync(parsed, run => WriteAsync(run, token), token));
        return command;
    }

    private static async Task<int> WriteAsync(ToolCensus run, CancellationToken cancellationToken)
    {
        var history = await run.ReadHistoryAsync(cancellationToken).ConfigureAwait(false);
        var path = ToolStorage.LocalPath(run.Parsed.GetValue(Html)!);
        try
        {
            await File.WriteAllTextAsync(
                path, ReportPage.Of(run.Census, history), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"'{path}' cannot be written: {exception.Message}", ExitCodes.Problem, exception);
        }

        if (run.Output.IsJson)
        {
            run.Output.Json(json => InspectionJson.Text(json, "path", path));
        }
        else
        {
            run.Output.Line($"Wrote '{path}'.");
        }

        return ExitCodes.Success;
    }
}
