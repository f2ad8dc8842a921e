using System.Diagnostics;
using System.Globalization;

namespace Checkpointing.Torture.States;

/// <summary>Runs histories, and adds up which paths they took.</summary>
internal static class StatesRun
{
    /// <summary>Runs all seeds of a range.</summary>
    /// <param name="first">The first seed.</param>
    /// <param name="last">The last seed.</param>
    /// <param name="mostExtra">Further seeds at most, one by one until every path was taken: which paths a seed takes
    /// depends also on what RocksDB has compacted by then.</param>
    /// <param name="demandsAllPaths">Whether a path that was not taken is a failure.</param>
    /// <param name="seedEnded">Called after each seed.</param>
    internal static async Task<TortureReport> RunAsync(
        int first, int last, int mostExtra, bool demandsAllPaths, Action<int>? seedEnded = null)
    {
        var report = new TortureReport("states", (ulong)first);
        var paths = new PathCounts();
        var started = Stopwatch.GetTimestamp();
        var seed = first;
        for (; seed <= last || (seed <= last + mostExtra && paths.Missing.Any()); seed++)
        {
            var history = new StateHistory(seed, NewFolder());
            try
            {
                await history.RunAsync();
            }
            catch (Exception exception)
            {
                report.Add(new($"seed {seed}: {exception} After: {history.Trace}", ReplayOf(seed)));
            }
            finally
            {
                await DisposeAsync(history, report);
            }

            paths.Add(history.Paths);
            seedEnded?.Invoke(seed);
        }

        var again = ReplayOf(first, seed - 1);
        foreach (var path in demandsAllPaths ? paths.Missing : [])
        {
            report.Add(new($"No history took the path '{path}'.", again));
        }

        foreach (var path in paths.Forbidden)
        {
            report.Add(new($"A history took the path '{path}', which should not be possible.", again));
        }

        report.Set("seeds", seed - first);
        report.Set("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1));
        report.Set("pairs of parallelisms", paths.PairCount);
        report.Set("shapes of state", paths.ShapeCount);
        foreach (var (path, count) in paths.Counts)
        {
            report.Set(path, count);
        }

        return report;
    }

    private static async Task DisposeAsync(StateHistory history, TortureReport report)
    {
        try
        {
            await history.DisposeAsync();
        }
        catch (Exception exception) when (report.Failures.Count > 0)
        {
            // What failed first matters more.
            await Console.Error.WriteLineAsync(exception.Message);
        }
    }

    /// <summary>In memory, if there is such a file system with some room: nothing here depends on a disk, and opening
    /// databases syncs files over and over.</summary>
    private static string NewFolder()
    {
        const string memory = "/dev/shm";
        const long room = 1L << 30;
        return Directory.Exists(memory) && new DriveInfo(memory).AvailableFreeSpace > room
            ? Directory.CreateDirectory(Path.Combine(memory, $"state-history-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("state-history-").FullName;
    }

    private static string ReplayOf(int first, int? last = null) => string.Create(
        CultureInfo.InvariantCulture,
        $"dotnet run -c Release --project tests/Checkpointing.Torture -- states "
        + $"{(last is null ? "--replay" : "--seeds")} {first}{(last is null ? "" : "..")}{last}");
}
