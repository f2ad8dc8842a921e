using Checkpointing.Diagnostics;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>Counts what the library says that it did.</summary>
internal sealed class FireLog : TortureLog
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts so far; a copy.</summary>
    internal IReadOnlyDictionary<string, long> Counts
    {
        get
        {
            lock (_lock)
            {
                return new SortedDictionary<string, long>(_counts, StringComparer.Ordinal);
            }
        }
    }

    protected override void Take(int eventId, Func<string, object?> valueOf, Func<string> text)
    {
        var name = eventId switch
        {
            CheckpointingEventIds.CheckpointCompleted => "checkpoints completed",
            CheckpointingEventIds.CheckpointAborted => $"checkpoints aborted: {valueOf("Reason")}",
            CheckpointingEventIds.JobRestarting => "restarts",
            CheckpointingEventIds.AttemptStarted => "attempts",
            CheckpointingEventIds.OperatorFinished => "operators finished",
            CheckpointingEventIds.OperatorHadFinished => "operators not started again",
            _ => null,
        };
        if (name is not null)
        {
            lock (_lock)
            {
                _counts[name] = _counts.GetValueOrDefault(name) + 1;
            }
        }
    }
}
