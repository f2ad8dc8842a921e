namespace Checkpointing.Statistics;

/// <summary>Where the time of a completed checkpoint went: the parts of the subtask that acknowledged last, which all
/// others waited for, and what came after it. They add up to <see cref="CheckpointReport.Duration"/>.</summary>
/// <param name="Subtask">That subtask, for example <c>totals[1]</c>.</param>
/// <param name="StartDelay">From the trigger to its first barrier.</param>
/// <param name="Alignment">From its first barrier to its last.</param>
/// <param name="Synchronous">How long it stood still.</param>
/// <param name="Asynchronous">How long it wrote beside its work.</param>
/// <param name="Reporting">What is left until its acknowledgement was there: waiting for its turn, and the way
/// back.</param>
/// <param name="Committing">From there to durable: the metadata, and the register.</param>
public sealed record CheckpointPhases(
    string Subtask,
    TimeSpan StartDelay,
    TimeSpan Alignment,
    TimeSpan Synchronous,
    TimeSpan Asynchronous,
    TimeSpan Reporting,
    TimeSpan Committing)
{
    /// <summary>All of them together.</summary>
    public TimeSpan Total => StartDelay + Alignment + Synchronous + Asynchronous + Reporting + Committing;

    internal static CheckpointPhases? Of(CheckpointReport report)
    {
        if (report.Outcome != CheckpointOutcome.Completed || report.Subtasks.Count < report.SubtaskCount
            || report.Subtasks.MaxBy(static one => one.AcknowledgedAfter) is not { } last)
        {
            return null;
        }

        // Clocks of several machines may disagree: a part ends, at the latest, when the whole does.
        var left = report.Duration;
        TimeSpan Take(TimeSpan wanted)
        {
            var taken = TimeSpan.FromTicks(Math.Clamp(wanted.Ticks, 0, Math.Max(0, left.Ticks)));
            left -= taken;
            return taken;
        }

        var committing = Take(report.Duration - last.AcknowledgedAfter);
        return new(
            last.ToString(), Take(last.Times.StartDelay), Take(last.Times.Alignment), Take(last.Times.Synchronous),
            Take(last.Times.Asynchronous), left, committing);
    }
}
