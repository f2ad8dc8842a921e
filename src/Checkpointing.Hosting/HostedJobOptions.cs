namespace Checkpointing.Hosting;

/// <summary>How a job runs in a service. Beside what every start has: what happens when the service is shut
/// down.</summary>
/// <remarks>Values for all jobs, and then for one, come from code and from the configuration: the more special one
/// counts, and of two equally special ones the configuration. <see cref="StartOptions.Name"/> is the name that the job
/// was added with.</remarks>
public sealed class HostedJobOptions : StartOptions
{
    /// <summary>Interval of a service's checkpoints when none is set.</summary>
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMinutes(1);

    /// <summary>Makes options with the defaults of a service: a checkpoint each
    /// <see cref="DefaultInterval"/>.</summary>
    public HostedJobOptions() => Checkpoints.Interval = DefaultInterval;

    /// <summary>What happens when the service is shut down. Default: <see cref="ShutdownAction.Checkpoint"/>.</summary>
    public ShutdownAction OnShutdown { get; set; }

    /// <summary>Folder below the storage's root for savepoints of a shutdown. Default: <c>savepoints</c>.</summary>
    public string SavepointTarget { get; set; } = "savepoints";

    /// <summary>Whether the service is shut down when this job fails for good; it then ends with the job's failure.
    /// Default: false, the health check says so.</summary>
    public bool StopsServiceOnFailure { get; set; }

    /// <summary>Checks every setting once, when the service starts.</summary>
    /// <exception cref="ArgumentException">A setting is outside its range; the message names it.</exception>
    public void Validate()
    {
        Checkpoints.Validate();
        ValidateOwn();
    }

    internal void ValidateOwn()
    {
        SettingOutOfRangeException.ThrowUnless(
            Parallelism is >= 1 and <= KeyGroups.KeyGroupAssignment.MaxParallelismLimit, nameof(Parallelism),
            Parallelism, "1 to 32,768");
        SettingOutOfRangeException.ThrowUnless(
            Enum.IsDefined(OnShutdown), nameof(OnShutdown), OnShutdown,
            "Checkpoint, StopWithSavepoint, Suspend or Cancel");
        SettingOutOfRangeException.ThrowUnless(
            !string.IsNullOrWhiteSpace(SavepointTarget), nameof(SavepointTarget), SavepointTarget,
            "a folder below the storage's root");
    }
}
