using System.Diagnostics;

namespace Checkpointing.Torture.Kills;

/// <summary>Counts what a process does to storage, register and outputs, and kills it at a chosen one.</summary>
/// <remarks>Safe for concurrent calls.</remarks>
/// <param name="killAt">At which moment, from 1; 0: never.</param>
/// <param name="say">Is told just before.</param>
internal sealed class KillSwitch(int killAt, Action<string> say) : IDisposable
{
    private readonly ManualResetEventSlim _never = new();
    private int _count;

    /// <summary>An operation is about to begin, or is done and about to answer.</summary>
    internal void OnMoment(string what)
    {
        if (Interlocked.Increment(ref _count) != killAt)
        {
            return;
        }

        say($"{KillsLifeCommand.KillingPrefix}{what}");
        using var self = Process.GetCurrentProcess();
        self.Kill();
        _never.Wait();
    }

    public void Dispose() => _never.Dispose();
}
