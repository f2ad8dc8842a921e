using System.Diagnostics;

namespace Checkpointing.LoadTests;

/// <summary>A folder of one ratio, deleted with it, and its clock.</summary>
internal sealed class LoadTestFolder : IDisposable
{
    private const int MinRuns = 3;

    private static readonly TimeSpan LongTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan IdleTime = TimeSpan.FromMilliseconds(200);

    private int _last;

    internal LoadTestFolder(LoadTestSettings settings, string name)
    {
        Settings = settings;
        Root = Directory.CreateDirectory(
            Path.Combine(settings.ParentFolder, $"load-test-{Environment.ProcessId}-{name}")).FullName;
    }

    internal LoadTestSettings Settings { get; }

    internal string Root { get; }

    /// <summary>A path below the folder that was not given before.</summary>
    internal string NewPath(string name) => Path.Combine(Root, $"{name}-{++_last}");

    /// <summary>Runs something and returns its time in milliseconds.</summary>
    internal static async Task<double> TimeAsync(Func<Task> run)
    {
        Collect();
        var start = Stopwatch.GetTimestamp();
        await run().ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Runs something and returns its time in milliseconds.</summary>
    internal static double Time(Action run)
    {
        Collect();
        var start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Collects garbage: a collection that the other side has earned would be counted here.</summary>
    internal static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    /// <summary>Waits until nothing of this process runs behind any more, as compactions do, or until it has waited
    /// long enough.</summary>
    internal static async Task SettleAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < atMost)
        {
            var before = Environment.CpuUsage.TotalTime;
            await Task.Delay(IdleTime, cancellationToken).ConfigureAwait(false);
            if (Environment.CpuUsage.TotalTime - before < IdleTime / 20)
            {
                return;
            }
        }
    }

    /// <summary>Runs both sides of each pair, each first in turn; fewer pairs than asked for, but three at least, once
    /// they have taken long.</summary>
    internal async Task<List<(double Ours, double Theirs)>> PairsAsync(
        Func<int, Task<double>> ours, Func<int, Task<double>> theirs, CancellationToken cancellationToken,
        bool mayEndEarly = true)
    {
        var pairs = new List<(double, double)>();
        var start = Stopwatch.GetTimestamp();
        for (var run = 0; run < Settings.Runs; run++)
        {
            if (mayEndEarly && run >= MinRuns && Stopwatch.GetElapsedTime(start) > LongTime)
            {
                break;
            }

            cancellationToken.ThrowIfCancellationRequested();
            double first, second;
            if (run % 2 == 0)
            {
                first = await ours(run).ConfigureAwait(false);
                second = await theirs(run).ConfigureAwait(false);
            }
            else
            {
                second = await theirs(run).ConfigureAwait(false);
                first = await ours(run).ConfigureAwait(false);
            }

            pairs.Add((first, second));
        }

        return pairs;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (IOException)
        {
            // Left for the system's cleaning of temporary folders.
        }
    }

}
