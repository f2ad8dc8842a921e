namespace Checkpointing.Hosting;

/// <summary>What happens when a subtask fails.</summary>
public sealed class RestartStrategy
{
    private RestartStrategy(int attempts, TimeSpan delay)
    {
        Attempts = attempts;
        Delay = delay;
    }

    /// <summary>The job fails at once.</summary>
    public static RestartStrategy None { get; } = new(0, TimeSpan.Zero);

    /// <summary>Restarts at most; 0: none.</summary>
    public int Attempts { get; }

    /// <summary>Time before each.</summary>
    public TimeSpan Delay { get; }

    /// <summary>The job starts again from its newest checkpoint, so many times over its whole run.</summary>
    /// <param name="attempts">At least 1.</param>
    /// <param name="delay">At least zero.</param>
    public static RestartStrategy FixedDelay(int attempts, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        return new(attempts, delay);
    }
}
