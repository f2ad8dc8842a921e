namespace Checkpointing.Hosting.GenericHost;

/// <summary>A restart strategy as a configuration writes it; which settings count depends on its kind.</summary>
internal sealed class RestartSettings
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(30);

    /// <summary>Which one.</summary>
    public RestartKind Kind { get; set; }

    /// <summary>Restarts at most; null: 3 with a fixed delay, no limit with an exponential one.</summary>
    public int? Attempts { get; set; }

    /// <summary>Time before each restart, with a fixed delay or a failure rate.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time before the first restart, with an exponential delay.</summary>
    public TimeSpan InitialDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest time before a restart, with an exponential delay.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Failures within <see cref="Window"/> that the job survives.</summary>
    public int MaxFailures { get; set; } = 3;

    /// <summary>Time that a failure rate looks back.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    public void Validate()
    {
        Check(Attempts is null or >= 1, nameof(Attempts), Attempts, "at least 1");
        Check(Delay >= TimeSpan.Zero && Delay <= s_longest, nameof(Delay), Delay, "0 to 30 days");
        Check(
            InitialDelay >= TimeSpan.FromMilliseconds(1) && InitialDelay <= s_longest, nameof(InitialDelay),
            InitialDelay, "1 ms to 30 days");
        Check(
            MaxDelay >= InitialDelay && MaxDelay <= s_longest, nameof(MaxDelay), MaxDelay,
            $"{nameof(InitialDelay)} to 30 days");
        Check(MaxFailures is >= 1 and <= 1_000, nameof(MaxFailures), MaxFailures, "1 to 1,000");
        Check(
            Window >= TimeSpan.FromMilliseconds(1) && Window <= s_longest, nameof(Window), Window, "1 ms to 30 days");
    }

    public RestartStrategy ToStrategy() => Kind switch
    {
        RestartKind.FixedDelay => RestartStrategy.FixedDelay(Attempts ?? 3, Delay),
        RestartKind.ExponentialDelay => RestartStrategy.ExponentialDelay(InitialDelay, MaxDelay, attempts: Attempts),
        RestartKind.FailureRate => RestartStrategy.FailureRate(MaxFailures, Window, Delay),
        _ => RestartStrategy.None,
    };

    private static void Check(bool holds, string setting, object? value, string range) =>
        SettingOutOfRangeException.ThrowUnless(holds, setting, value, range);
}

/// <summary>Names of restart strategies in a configuration.</summary>
internal enum RestartKind
{
    None = 0,
    FixedDelay = 1,
    ExponentialDelay = 2,
    FailureRate = 3,
}
