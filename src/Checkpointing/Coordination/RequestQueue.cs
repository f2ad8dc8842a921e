using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Coordination;

/// <summary>A request that waits for its turn.</summary>
/// <param name="Request">What is asked for.</param>
/// <param name="Number">Order of arrival.</param>
/// <param name="Reply">Who waits; null for a periodic one.</param>
internal sealed record WaitingRequest(
    CheckpointRequest Request, long Number, TaskCompletionSource<CompletedCheckpoint>? Reply)
{
    /// <summary>When it is declined if it has not begun; the end of time for a periodic one.</summary>
    public DateTimeOffset Deadline { get; init; } = DateTimeOffset.MaxValue;

    public bool IsPeriodic => Reply is null;

    /// <summary>Whether the job is to end with it.</summary>
    public bool IsStop => Request.Stop is not null;

    public bool IsSavepoint => Request.Kind == CheckpointKind.Savepoint;
}

/// <summary>What a decision about requests rests on.</summary>
/// <param name="Now">The time.</param>
/// <param name="Pending">Checkpoints that are pending; savepoints do not count.</param>
/// <param name="LastCompletedAt">When the last one completed; null before.</param>
/// <param name="FilesToDelete">Files that wait to be deleted.</param>
internal readonly record struct TriggerSituation(
    DateTimeOffset Now, int Pending, DateTimeOffset? LastCompletedAt, int FilesToDelete);

/// <summary>Requests in the order in which they are served, and whether one may begin. Pure.</summary>
/// <remarks>Savepoints come before checkpoints, forced requests before others, those of users before periodic ones,
/// then
/// by arrival. At most one periodic request waits: a second one asks for nothing more.</remarks>
internal sealed class RequestQueue(CheckpointCoordinatorOptions options)
{
    private readonly SortedSet<WaitingRequest> _waiting = new(Comparer<WaitingRequest>.Create(Compare));

    public int Count => _waiting.Count;

    /// <summary>In the order in which they are served.</summary>
    public IEnumerable<WaitingRequest> Requests => _waiting;

    /// <summary>Takes a request in.</summary>
    /// <returns>The request that finds no place: an earlier periodic one, or this one; null: all have one.</returns>
    public WaitingRequest? Add(WaitingRequest request)
    {
        if (request.IsPeriodic && _waiting.Max is { IsPeriodic: true })
        {
            return request;
        }

        if (_waiting.Count >= options.MaxWaitingRequests)
        {
            // What a user asked for never gives way.
            if (_waiting.Max is not { IsPeriodic: true } last)
            {
                return request;
            }

            _waiting.Remove(last);
            _waiting.Add(request);
            return last;
        }

        _waiting.Add(request);
        return null;
    }

    /// <summary>The earliest deadline; null: nothing waits that has one.</summary>
    public DateTimeOffset? NextDeadline => _waiting.Where(static request => !request.IsPeriodic)
        .Select(static request => (DateTimeOffset?)request.Deadline).Min();

    /// <summary>Requests whose deadline has come.</summary>
    public IReadOnlyList<WaitingRequest> Expired(DateTimeOffset now) =>
        [.. _waiting.Where(request => request.Deadline <= now)];

    public void Remove(WaitingRequest request) => _waiting.Remove(request);

    /// <summary>Takes all out.</summary>
    public IReadOnlyList<WaitingRequest> Clear()
    {
        WaitingRequest[] all = [.. _waiting];
        _waiting.Clear();
        return all;
    }

    /// <summary>The first request that may begin; null if none may.</summary>
    public WaitingRequest? Next(TriggerSituation situation) =>
        _waiting.FirstOrDefault(request => WhyItWaits(request, situation) == CheckpointFailureReason.None);

    /// <summary>When waiting is worth a look again although nothing else happens; null: never.</summary>
    public DateTimeOffset? WakeAt(TriggerSituation situation) =>
        _waiting.Any(request =>
            WhyItWaits(request, situation) == CheckpointFailureReason.MinimumPauseNotElapsed)
            ? situation.LastCompletedAt + options.MinPause
            : null;

    /// <summary>Why a request may not begin now; <see cref="CheckpointFailureReason.None"/>: it may.</summary>
    public CheckpointFailureReason WhyItWaits(WaitingRequest request, TriggerSituation situation)
    {
        if (request.Request.IsForced || request.IsStop)
        {
            return CheckpointFailureReason.None;
        }

        if (situation.FilesToDelete > options.MaxFilesToDelete)
        {
            return CheckpointFailureReason.CleaningLags;
        }

        if (request.IsSavepoint)
        {
            return CheckpointFailureReason.None;
        }

        if (situation.Pending >= options.MaxConcurrent)
        {
            return CheckpointFailureReason.TooManyConcurrentCheckpoints;
        }

        return request.IsPeriodic && situation.LastCompletedAt + options.MinPause > situation.Now
            ? CheckpointFailureReason.MinimumPauseNotElapsed
            : CheckpointFailureReason.None;
    }

    private static int Compare(WaitingRequest a, WaitingRequest b)
    {
        static int FalseFirst(bool left, bool right) => left.CompareTo(right);

        var order = FalseFirst(!a.IsSavepoint, !b.IsSavepoint);
        order = order != 0 ? order : FalseFirst(!a.Request.IsForced, !b.Request.IsForced);
        order = order != 0 ? order : FalseFirst(a.IsPeriodic, b.IsPeriodic);
        return order != 0 ? order : a.Number.CompareTo(b.Number);
    }
}
