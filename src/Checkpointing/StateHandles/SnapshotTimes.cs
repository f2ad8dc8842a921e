namespace Checkpointing.StateHandles;

/// <summary>How long the parts of one subtask's snapshot took; zero where it is not known.</summary>
/// <param name="StartDelay">From the trigger to the first barrier at the subtask: how long barriers are on their way,
/// which grows with back-pressure. Between two machines it is as true as their clocks.</param>
/// <param name="Alignment">From the first barrier to the last: how long inputs were blocked.</param>
/// <param name="Synchronous">How long the subtask stood still.</param>
/// <param name="Asynchronous">How long the rest was written beside the running subtask.</param>
public readonly record struct SnapshotTimes(
    TimeSpan StartDelay, TimeSpan Alignment, TimeSpan Synchronous, TimeSpan Asynchronous)
{
    /// <summary>The longer time of each part.</summary>
    public static SnapshotTimes Longest(SnapshotTimes left, SnapshotTimes right) => new(
        Longer(left.StartDelay, right.StartDelay),
        Longer(left.Alignment, right.Alignment),
        Longer(left.Synchronous, right.Synchronous),
        Longer(left.Asynchronous, right.Asynchronous));

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
