using System.Diagnostics;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Has a reader read one input, and measures it: the same for all targets.</summary>
internal static class FuzzReading
{
    /// <summary>Longest time that reading may take.</summary>
    internal static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);

    /// <summary>Reads, and says how it ended, how long it took and what it allocated.</summary>
    /// <param name="read">Reads the input; may be called twice.</param>
    /// <param name="refusalOf">What an exception means that the reader may throw, with what is wrong about it; null: it
    /// may not throw that.</param>
    internal static FuzzVerdict Measure(
        Action read, Func<Exception, (FuzzOutcome Outcome, string? Problem)?> refusalOf)
    {
        var verdict = MeasureOnce(read, refusalOf);
        if (verdict.Elapsed > MaxTime)
        {
            // Once more, as a collection or another process may have taken the time.
            GC.Collect();
            verdict = MeasureOnce(read, refusalOf);
        }

        return verdict;
    }

    /// <summary>What reading took too much of; null if nothing.</summary>
    internal static string? ExcessOf(FuzzVerdict verdict, int inputBytes, long maxAllocatedBytes) =>
        verdict.Elapsed > MaxTime ? $"reading took {verdict.Elapsed.TotalSeconds:F1} s"
            : verdict.AllocatedBytes > maxAllocatedBytes
                ? $"reading {inputBytes} bytes allocated {verdict.AllocatedBytes}"
            : null;

    private static FuzzVerdict MeasureOnce(
        Action read, Func<Exception, (FuzzOutcome Outcome, string? Problem)?> refusalOf)
    {
        var outcome = FuzzOutcome.Accepted;
        string? problem = null;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        try
        {
            read();
        }
#pragma warning disable CA1031 // Any exception but a refusal is what the fuzzer is looking for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (outcome, problem) = refusalOf(exception) ?? (FuzzOutcome.Failed, $"reading threw {exception}");
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new(problem is null ? outcome : FuzzOutcome.Failed, problem, null, elapsed, allocated);
    }
}
