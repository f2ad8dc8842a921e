namespace Checkpointing.Coordination;

/// <summary>Counts failed checkpoints in a row, and says when there are too many. Pure.</summary>
/// <param name="tolerable">How many may fail in a row; null: any number.</param>
internal sealed class FailureCounter(int? tolerable)
{
    private readonly HashSet<CheckpointId> _counted = [];
    private CheckpointId _lastCompleted = CheckpointId.None;

    /// <summary>Failures since the last completed checkpoint.</summary>
    public int InARow => _counted.Count;

    /// <summary>A checkpoint completed: what failed before does not count any more.</summary>
    public void Completed(CheckpointId id)
    {
        if (id > _lastCompleted)
        {
            _lastCompleted = id;
            _counted.Clear();
        }
    }

    /// <summary>A checkpoint failed. One counts once, and not at all if a newer one has completed.</summary>
    /// <returns>Whether there are too many now.</returns>
    public bool Failed(CheckpointId id, CheckpointFailureReason reason)
    {
        if (id <= _lastCompleted || !Counts(reason))
        {
            return false;
        }

        // Beyond the limit the count does not matter any more, so it cannot grow for ever.
        if (tolerable is null || _counted.Count <= tolerable)
        {
            if (tolerable is null && _counted.Count >= MaxRemembered)
            {
                _counted.Remove(_counted.Min());
            }

            _counted.Add(id);
        }

        return _counted.Count > tolerable;
    }

    /// <summary>Begins anew: a restarted attempt is not guilty of the failures of the one before.</summary>
    public void Reset() => _counted.Clear();

    /// <summary>Whether a reason is a failure of the checkpoint, and not of what surrounds it.</summary>
    public static bool Counts(CheckpointFailureReason reason) => reason is
        CheckpointFailureReason.TaskDeclined or CheckpointFailureReason.Expired
        or CheckpointFailureReason.UnknownSharedState or CheckpointFailureReason.ConflictingSharedState
        or CheckpointFailureReason.MetadataWriteFailed or CheckpointFailureReason.RegisterWriteFailed
        or CheckpointFailureReason.DeliveryFailed or CheckpointFailureReason.IdReservationFailed
        or CheckpointFailureReason.InsufficientSpace or CheckpointFailureReason.HookFailed
        or CheckpointFailureReason.SnapshotFailed or CheckpointFailureReason.StorageFailed
        or CheckpointFailureReason.ChannelStateFailed or CheckpointFailureReason.None;

    private const int MaxRemembered = 1_000;
}
