using Spectre.Console;

namespace Checkpointing.Tool.Demo;

/// <summary>What a person, or a program, sees of a run on standard output.</summary>
/// <remarks>Members are called one after the other, in the order of the run.</remarks>
internal abstract class DemoView
{
    /// <summary>The view that fits: JSON where asked for, plain lines where the output is piped, else the
    /// terminal's.</summary>
    public static DemoView For(bool json)
    {
        if (json)
        {
            return new JsonDemoView(Console.Out);
        }

        return Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi
            ? new PlainDemoView(Console.Out)
            : new TerminalDemoView(AnsiConsole.Console);
    }

    /// <summary>Runs the work with whatever is shown meanwhile.</summary>
    public virtual Task<DemoReport> RunAsync(Func<Task<DemoReport>> work) => work();

    /// <summary>The input is read and checked; the first job is about to start.</summary>
    public abstract void Started(DemoOptions options, FlightInput input);

    /// <summary>A job runs.</summary>
    /// <param name="jobId">Its name.</param>
    /// <param name="parallelism">Subtasks of its keyed operators.</param>
    /// <param name="restoredFrom">The checkpoint it started from; null: from the beginning.</param>
    /// <param name="first">Position it begins at.</param>
    /// <param name="target">Position it ends at.</param>
    public abstract void GenerationStarted(
        string jobId, int parallelism, string? restoredFrom, long first, long target);

    /// <summary>The present job has come this far.</summary>
    public abstract void Progressed(long position);

    /// <summary>The present job took its last checkpoint and was cancelled.</summary>
    public abstract void GenerationEnded(GenerationReport generation);

    /// <summary>All is done.</summary>
    public abstract void Finish(DemoReport report);
}
