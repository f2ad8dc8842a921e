namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>Waits for a condition, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    internal static Task IsTrueAsync(Func<bool> condition, string what) =>
        IsTrueAsync(() => Task.FromResult(condition()), what);

    /// <summary>Waits until a text says what is wanted; else fails with the last one.</summary>
    internal static async Task SaysAsync(Func<Task<string>> text, string what)
    {
        var last = "";
        try
        {
            await IsTrueAsync(
                async () => (last = await text()).Contains(what, StringComparison.Ordinal), what);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} The last was: {last}", e);
        }
    }

    internal static async Task IsTrueAsync(Func<Task<bool>> condition, string what)
    {
        using var deadline = new CancellationTokenSource(s_deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Not within {s_deadline.TotalSeconds} s: {what}.");
            }
        }
    }
}
