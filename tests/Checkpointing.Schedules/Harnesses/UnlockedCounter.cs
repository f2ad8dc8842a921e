using Checkpointing.Testing;

namespace Checkpointing.Schedules.Harnesses;

/// <summary>A bug on purpose: two actors count without a lock. If no schedule shows it, this program is not under
/// Coyote's control, and that nothing else fails would prove nothing.</summary>
internal sealed class UnlockedCounter
{
    private int _count;

    internal async Task RunAsync()
    {
        await Scene.AllAsync(CountAsync, CountAsync);
        Expect.Equal(2, _count, "counts of two");
    }

    private async Task CountAsync()
    {
        await Task.Yield();
        Count();
    }

    // Not in the asynchronous method: memory is not watched there.
    private void Count()
    {
        var before = _count;
        _count = before + 1;
    }
}
