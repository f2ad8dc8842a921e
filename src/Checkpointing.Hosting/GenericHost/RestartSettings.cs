namespace Checkpointing.Hosting.GenericHost;

/// <summary>A restart strategy as a configuration writes it.</summary>
internal sealed class RestartSettings
{
    /// <summary>Which one.</summary>
    public RestartKind Kind { get; set; }

    /// <summary>See <see cref="RestartStrategy.FixedDelay"/>.</summary>
    public int Attempts { get; set; } = 3;

    /// <summary>See <see cref="RestartStrategy.FixedDelay"/>.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(1);

    public void Validate()
    {
        SettingOutOfRangeException.ThrowUnless(
            Kind == RestartKind.None || Attempts >= 1, nameof(Attempts), Attempts, "at least 1");
        SettingOutOfRangeException.ThrowUnless(Delay >= TimeSpan.Zero, nameof(Delay), Delay, "at least zero");
    }

    public RestartStrategy ToStrategy() =>
        Kind == RestartKind.None ? RestartStrategy.None : RestartStrategy.FixedDelay(Attempts, Delay);
}

/// <summary>Names of restart strategies in a configuration.</summary>
internal enum RestartKind
{
    None = 0,
    FixedDelay = 1,
}
