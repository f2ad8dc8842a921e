namespace Checkpointing.Hosting;

/// <summary>Settings of an in-process host. Values only: components are passed to the builder.</summary>
public sealed class InProcessHostOptions
{
    /// <summary>What happens when a subtask fails. Default: <see cref="RestartStrategy.None"/>.</summary>
    public RestartStrategy RestartStrategy { get; set; } = RestartStrategy.None;

    /// <summary>Records sent together between two subtasks, 1 to 65,536. Default: 256.</summary>
    public int RecordsPerBatch { get; set; } = 256;

    /// <summary>Batches and barriers that wait between two subtasks before the sender waits, 1 to 65,536. Default:
    /// 16.</summary>
    public int BatchesPerChannel { get; set; } = 16;

    /// <summary>How long stopping waits for user code and for files being written before it gives up on them and says
    /// so; at least 1 ms. Default: 30 seconds.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks every setting once, when the host is built.</summary>
    /// <exception cref="SettingOutOfRangeException">A setting is outside its range; the message names it.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(RestartStrategy);
        SettingOutOfRangeException.ThrowUnless(
            RecordsPerBatch is >= 1 and <= 65_536, nameof(RecordsPerBatch), RecordsPerBatch, "1 to 65,536");
        SettingOutOfRangeException.ThrowUnless(
            BatchesPerChannel is >= 1 and <= 65_536, nameof(BatchesPerChannel), BatchesPerChannel, "1 to 65,536");
        SettingOutOfRangeException.ThrowUnless(
            StopTimeout >= TimeSpan.FromMilliseconds(1), nameof(StopTimeout), StopTimeout, "at least 1 ms");
    }

    internal InProcessHostOptions Clone() => (InProcessHostOptions)MemberwiseClone();
}
