using System.CommandLine;
using Checkpointing.Inspection;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>A command over a whole root, with the census taken.</summary>
/// <param name="Parsed">The command line.</param>
/// <param name="Storage">The storage.</param>
/// <param name="Census">What is stored.</param>
/// <param name="Job">The job that the command line names; null if none.</param>
/// <param name="Output">Where to print.</param>
internal sealed record ToolCensus(
    ParseResult Parsed, ToolStorage Storage, StorageCensus Census, JobId? Job, ToolOutput Output)
{
    /// <summary>Opens the storage, takes the census, and runs.</summary>
    public static Task<int> RunAsync(
        ParseResult parsed, Func<ToolCensus, int> run, CancellationToken cancellationToken) =>
        RunAsync(parsed, one => Task.FromResult(run(one)), cancellationToken);

    /// <inheritdoc cref="RunAsync(ParseResult, Func{ToolCensus, int}, CancellationToken)"/>
    public static async Task<int> RunAsync(
        ParseResult parsed, Func<ToolCensus, Task<int>> run, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var job = JobOf(parsed);
        var storage = ToolStorage.Open(parsed.GetValue(SharedOptions.Root)!, parsed.GetValue(SharedOptions.ZooKeeper));
        await using (storage.ConfigureAwait(false))
        {
            var census = await output.RunAsync("Reading", _ => StorageCensus.TakeAsync(
                storage.Storage, storage.Register, cancellationToken: cancellationToken)).ConfigureAwait(false);
            if (job is { } wanted && !census.Jobs.Any(one => one.Job == wanted))
            {
                throw new ToolException($"There is no job '{wanted}' here.", ExitCodes.Problem);
            }

            return await run(new(parsed, storage, census, job, output)).ConfigureAwait(false);
        }
    }

    /// <summary>The job that the command line names.</summary>
    public static JobId? JobOf(ParseResult parsed)
    {
        try
        {
            return parsed.GetValue(SharedOptions.Job) is { } name ? new JobId(name) : (JobId?)null;
        }
        catch (ArgumentException exception)
        {
            throw new ToolException($"--job: {ToolStorage.Sentence(exception)}", ExitCodes.Usage, exception);
        }
    }

    /// <summary>What the jobs have recorded of their checkpoints.</summary>
    public Task<ToolHistory> ReadHistoryAsync(CancellationToken cancellationToken) =>
        ToolHistory.ReadAsync(Storage.Storage, Census, cancellationToken);

    /// <summary>The job that the command line names, or the only one that there is.</summary>
    public JobId OneJob() => Job ?? (Census.Jobs is [var only] ? only.Job : throw new ToolException(
        Census.Jobs.Count == 0 ? "There is no job here."
            : "There are several jobs; say which with --job: "
                + $"{string.Join(", ", Census.Jobs.Select(static job => job.Job.Name))}.",
        ExitCodes.Usage));

    /// <summary>A sentence on standard error; the command goes on.</summary>
    public static void Warn(string sentence) =>
        Console.Error.WriteLine(PlainText.Clean(sentence.ReplaceLineEndings(" ").Trim()));
}
