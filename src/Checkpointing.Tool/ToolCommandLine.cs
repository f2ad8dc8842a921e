using System.CommandLine;
using System.CommandLine.Parsing;
using Checkpointing.Tool.Demo;
using Checkpointing.Tool.Inspection;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool;

/// <summary>The command line of the tool: parses, runs the command, and turns every failure into one sentence and an
/// exit code.</summary>
internal static class ToolCommandLine
{
    // After Ctrl-C: long enough to stop a job in order.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Runs the tool.</summary>
    /// <param name="args">Arguments, without the program's name.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Takes, inspects and cares for checkpoints of stateful jobs.")
        {
            ListCommand.CreateList(),
            ShowCommand.CreateShow(),
            ShowCommand.CreateLs(),
            ShowCommand.CreateDiff(),
            ListCommand.CreateStats(),
            ListCommand.CreatePins(),
            CareCommand.CreateWhy(),
            VerifyCommand.Create(),
            CareCommand.CreateOrphans(),
            CareCommand.CreateGc(),
            ForgetCommand.Create(),
            TagCommand.Create(),
            StateCommand.CreateState(),
            StateCommand.CreateDump(),
            CopyCommand.Create(),
            ReportCommand.Create(),
            MetadataCommand.Create(),
            DemoCommand.Create(),
            CompletionsCommand.Create(),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors is [var error, ..])
        {
            return Fail($"{error.Message.TrimEnd()} Run '{UsageOf(parsed)} --help' for the options.", ExitCodes.Usage);
        }

        try
        {
            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = StopTimeout,
            };
            return await parsed.InvokeAsync(configuration).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Fail("Stopped. Completed checkpoints stay; go on with --resume.", ExitCodes.Interrupted);
        }
        catch (ToolException exception)
        {
            return Fail(exception.Message, exception.ExitCode);
        }
        catch (CheckpointStorageUnavailableException exception)
        {
            return Fail(exception.Message, ExitCodes.Unreachable);
        }
        catch (CheckpointingException exception)
        {
            return Fail(SentenceOf(exception), ExitCodes.RunFailed);
        }
#pragma warning disable CA1031 // The edge of the process: whatever got here is told in a sentence, without a stack.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Fail(
                $"Unexpected failure ({exception.GetType().Name}): {exception.Message} "
                + "Completed checkpoints are intact.",
                ExitCodes.RunFailed);
        }
    }

    // A job's failure wraps its cause. Where the cause is a sentence for people already, that one is enough.
    private static string SentenceOf(Exception exception) => exception switch
    {
        JobFailedException { InnerException: CheckpointingException or ToolException } =>
            SentenceOf(exception.InnerException),
        _ => exception.Message,
    };

    private static string UsageOf(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult { Parent: not null } command;
            result = command.Parent)
        {
            names.Push(command.Command.Name);
        }

        return string.Join(' ', names.Prepend("checkpoints"));
    }

    private static int Fail(string sentence, int exitCode)
    {
        Console.Error.WriteLine(PlainText.Clean(sentence.ReplaceLineEndings(" ").Trim()));
        return exitCode;
    }
}
