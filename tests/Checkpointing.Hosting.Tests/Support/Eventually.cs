namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Waits for a condition that no event announces.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    public static async Task HoldsAsync(Func<bool> condition, CancellationToken deadline)
    {
        using var timer = new PeriodicTimer(s_pause);
        while (!condition())
        {
            await timer.WaitForNextTickAsync(deadline);
        }
    }
}
