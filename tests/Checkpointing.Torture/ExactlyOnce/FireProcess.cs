using System.Globalization;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>A life as a process of its own, and what it says on its standard output: one line for each fire, and its
/// counts and end.</summary>
internal static class FireProcess
{
    internal const string FiredPrefix = "fired ";
    internal const string CountPrefix = "count ";
    internal const string SavepointPrefix = "savepoint ";
    internal const string WhyPrefix = "why ";

    /// <summary>Starts a process and waits for its end.</summary>
    /// <param name="arguments">For <see cref="LifeCommand"/>.</param>
    /// <param name="onFired">Is told each fire.</param>
    /// <param name="onCount">Is told each count.</param>
    /// <exception cref="TimeoutException">It does not end; it was killed.</exception>
    internal static async Task<LifeResult> RunAsync(
        IReadOnlyList<string> arguments, Action<FireKind> onFired, Action<string, long> onCount)
    {
        string? savepoint = null;
        string? why = null;
        var end = await LifeProcess.RunAsync(
            arguments, line => Take(line, onFired, onCount, ref savepoint, ref why)).ConfigureAwait(false);
        return new(end, savepoint, why);
    }

    private static void Take(
        string line, Action<FireKind> onFired, Action<string, long> onCount, ref string? savepoint, ref string? why)
    {
        if (line.StartsWith(FiredPrefix, StringComparison.Ordinal))
        {
            onFired(Enum.Parse<FireKind>(line[FiredPrefix.Length..]));
        }
        else if (line.StartsWith(CountPrefix, StringComparison.Ordinal))
        {
            var at = line.LastIndexOf(' ');
            onCount(line[CountPrefix.Length..at], long.Parse(line[(at + 1)..], CultureInfo.InvariantCulture));
        }
        else if (line.StartsWith(SavepointPrefix, StringComparison.Ordinal))
        {
            savepoint = line[SavepointPrefix.Length..];
        }
        else if (line.StartsWith(WhyPrefix, StringComparison.Ordinal))
        {
            why = line[WhyPrefix.Length..];
        }
    }
}
