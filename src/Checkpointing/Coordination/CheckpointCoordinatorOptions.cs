using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Coordination;

/// <summary>Settings of a coordinator. Values only: components are passed to the builder.</summary>
public sealed class CheckpointCoordinatorOptions
{
    /// <summary>Default settings.</summary>
    public CheckpointCoordinatorOptions()
    {
    }

    /// <summary>A copy of other settings.</summary>
    public CheckpointCoordinatorOptions(CheckpointCoordinatorOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        (IsEnabled, Interval, MinPause, Timeout) = (other.IsEnabled, other.Interval, other.MinPause, other.Timeout);
        (HookTimeout, MaxConcurrent) = (other.HookTimeout, other.MaxConcurrent);
        (MaxWaitingRequests, MaxFilesToDelete) = (other.MaxWaitingRequests, other.MaxFilesToDelete);
        (MaxRetainedCheckpoints, Retention) = (other.MaxRetainedCheckpoints, other.Retention);
        (TolerableFailures, ScrubBytesPerSecond) = (other.TolerableFailures, other.ScrubBytesPerSecond);
        UnreadableCheckpoints = other.UnreadableCheckpoints;
        (MaxStatisticsEntries, StoresStatistics) = (other.MaxStatisticsEntries, other.StoresStatistics);
    }

    /// <summary>False: none is taken periodically, and requests are declined unless they are forced. Default:
    /// true.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Time between two periodic triggers, at least 10 ms; null: by hand only. Default: null.</summary>
    public TimeSpan? Interval { get; set; }

    /// <summary>Least time between the completion of a checkpoint and the next periodic one, also one that waited for
    /// its
    /// turn. Requests by hand do not wait for it. Default: zero.</summary>
    public TimeSpan MinPause { get; set; }

    /// <summary>A checkpoint that takes longer is aborted; at least 1 ms. Default: 10 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Pending checkpoints at a time, 1 to 100; savepoints do not count. Default: 1.</summary>
    public int MaxConcurrent { get; set; } = 1;

    /// <summary>Time that the coordinator's hooks have together for one checkpoint, and each of them for restoring; 1
    /// ms
    /// to 1 day. Default: 1 minute.</summary>
    public TimeSpan HookTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Requests that may wait for their turn, 1 to 100,000. When one more comes, a periodic one gives way; if
    /// none waits, the newcomer is declined. Default: 1,000.</summary>
    public int MaxWaitingRequests { get; set; } = 1_000;

    /// <summary>While more files than this wait to be deleted, no checkpoint begins unless it is forced; at least 0.
    /// Default: 100,000.</summary>
    public int MaxFilesToDelete { get; set; } = 100_000;

    /// <summary>Completed checkpoints kept, 1 to 1,000; the oldest is dropped first. Default: 1.</summary>
    public int MaxRetainedCheckpoints { get; set; } = 1;

    /// <summary>What happens to retained checkpoints when the job ends. Default:
    /// <see cref="CheckpointRetention.OnCancellation"/>.</summary>
    public CheckpointRetention Retention { get; set; } = CheckpointRetention.OnCancellation;

    /// <summary>Failed checkpoints in a row before the job fails; null: never. Default: null.</summary>
    /// <remarks>Savepoints do not count, nor what is nobody's failure: subsumed, or given up because an attempt
    /// ended, the
    /// job stops or a subtask has finished. A completed checkpoint begins the count anew.</remarks>
    public int? TolerableFailures { get; set; }

    /// <summary>Bytes a second at which retained files are read again behind the job, so that damage is known before
    /// the day of a restore; at least 1,024. Default: null, they are not. See <see cref="CheckpointScrub"/>.</summary>
    public long? ScrubBytesPerSecond { get; set; }

    /// <summary>Ended checkpoints that <see cref="CheckpointCoordinator.Statistics"/> remember, 0 to 1,000; the oldest
    /// goes first. Default: 1,000.</summary>
    public int MaxStatisticsEntries { get; set; } = 1_000;

    /// <summary>Whether statistics are kept on the checkpoint storage, so that later processes show them too: some
    /// small files in the job's folder, written behind the checkpoints. Default: true.</summary>
    public bool StoresStatistics { get; set; } = true;

    /// <summary>What recovery does when the newest checkpoint cannot be read. Default:
    /// <see cref="UnreadableCheckpoints.FallBack"/>.</summary>
    public UnreadableCheckpoints UnreadableCheckpoints { get; set; }

    /// <summary>Checks every setting once, when the coordinator is built.</summary>
    /// <exception cref="SettingOutOfRangeException">A setting is outside its range; the message names it.</exception>
    public void Validate()
    {
        Check(Interval is null
            || Interval >= TimeSpan.FromMilliseconds(10), nameof(Interval), Interval, "at least 10 ms");
        Check(MinPause >= TimeSpan.Zero
            && MinPause <= TimeSpan.FromDays(365), nameof(MinPause), MinPause, "0 to 365 days");
        Check(Timeout >= TimeSpan.FromMilliseconds(1), nameof(Timeout), Timeout, "at least 1 ms");
        Check(MaxConcurrent is >= 1 and <= 100, nameof(MaxConcurrent), MaxConcurrent, "1 to 100");
        Check(MaxRetainedCheckpoints is >= 1 and <= 1_000, nameof(MaxRetainedCheckpoints), MaxRetainedCheckpoints,
            "1 to 1,000");
        Check(MaxStatisticsEntries is >= 0 and <= 1_000, nameof(MaxStatisticsEntries), MaxStatisticsEntries,
            "0 to 1,000");
        Check(HookTimeout >= TimeSpan.FromMilliseconds(1)
            && HookTimeout <= TimeSpan.FromDays(1), nameof(HookTimeout), HookTimeout, "1 ms to 1 day");
        Check(MaxWaitingRequests is >= 1 and <= 100_000, nameof(MaxWaitingRequests), MaxWaitingRequests,
            "1 to 100,000");
        Check(MaxFilesToDelete >= 0, nameof(MaxFilesToDelete), MaxFilesToDelete, "at least 0");
        Check(ScrubBytesPerSecond is null or >= 1_024, nameof(ScrubBytesPerSecond), ScrubBytesPerSecond,
            "at least 1,024");
        Check(TolerableFailures is null or >= 0, nameof(TolerableFailures), TolerableFailures, "at least 0");
        Check(Enum.IsDefined(UnreadableCheckpoints), nameof(UnreadableCheckpoints), UnreadableCheckpoints,
            "FallBack or Fail");
    }

    internal CheckpointCoordinatorOptions Clone() => new(this);

    private static void Check(bool holds, string setting, object? value, string range) =>
        SettingOutOfRangeException.ThrowUnless(holds, setting, value, range);
}
