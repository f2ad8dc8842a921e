using Checkpointing.StateHandles;
using Checkpointing.SharedState;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>The durable list of a job's completed checkpoints: one policy over any
/// <see cref="ICheckpointRegister"/>.</summary>
/// <remarks>
/// <para>Invariants: ids of those that recovery may restore ascend, and the last one is the newest; a checkpoint is in
/// the list exactly if the register names it; whatever is written is conditional on the epoch that this store has
/// taken. After a crash at any point the list is the one before or the one after the call that was cut off.</para>
/// <para>One caller at a time. Terms follow Apache Flink's <c>CompletedCheckpointStore</c>.</para>
/// </remarks>
public abstract class CompletedCheckpointStore
{
    /// <summary>Ids reserved ahead, so that taking one needs no write.</summary>
    internal const int IdBlock = 16;

    private const int MaxAmendments = 16;

    private readonly RegisterSession _session;
    private readonly ICheckpointStorage _storage;
    private readonly IdSource _ids;
    private readonly string _holder;

    /// <summary>A store that has taken no epoch yet. Everything given is borrowed.</summary>
    /// <param name="register">The medium below.</param>
    /// <param name="storage">Where the checkpoints are.</param>
    /// <param name="job">The job.</param>
    /// <param name="ids">Makes tokens and ids.</param>
    /// <param name="holder">Who this is; for people.</param>
    protected CompletedCheckpointStore(
        ICheckpointRegister register, ICheckpointStorage storage, JobId job, IdSource ids, string holder)
    {
        ArgumentNullException.ThrowIfNull(register);
        ArgumentNullException.ThrowIfNull(storage);
        Register = register;
        _session = new(register, job);
        (_storage, _ids, _holder) = (storage, ids, holder);
    }

    /// <summary>The epoch that this store has taken; 0 before <see cref="TakeEpochAsync"/>.</summary>
    public long Epoch { get; private set; }

    /// <summary>The record as last read or written.</summary>
    /// <exception cref="InvalidOperationException">No epoch was taken yet.</exception>
    public RegisterRecord Record =>
        Epoch > 0 ? _session.Record! : throw new InvalidOperationException("Take the epoch first.");

    /// <summary>The medium below.</summary>
    internal ICheckpointRegister Register { get; }

    internal JobId Job => _session.Job;

    internal ProtocolBreach Breach { get; set; }

    /// <summary>The newest checkpoint that can be read, as it is before any epoch is taken. Changes nothing.</summary>
    /// <returns>Null: there is none, none can be read, or a claim under way decides; recovery says which.</returns>
    internal async ValueTask<CompletedCheckpoint?> PeekNewestAsync(CancellationToken cancellationToken)
    {
        var record = await _session.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (record is not { PendingClaim: null })
        {
            return null;
        }

        foreach (var retained in record.Retained.Where(static one => !one.IsLeftBehind).Reverse())
        {
            try
            {
                return await CheckpointLoader.LoadRetainedAsync(_storage, retained, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (CheckpointingException)
            {
                // Recovery reads it again, and tells.
            }
        }

        return null;
    }

    /// <summary>Takes leadership: replaces the record with one of the next epoch, with a block of fresh ids
    /// reserved.</summary>
    /// <remarks>From here on every older coordinator of this job is fenced: it can change nothing any more.</remarks>
    public async ValueTask<RegisterRecord> TakeEpochAsync(CancellationToken cancellationToken)
    {
        var record = await _session.UpdateAsync(TakeEpoch, cancellationToken).ConfigureAwait(false);
        Epoch = record!.Epoch;
        return record;
    }

    /// <summary>Reads the record again and makes sure that the epoch is still ours.</summary>
    /// <exception cref="CoordinatorFencedException">Another coordinator has taken over.</exception>
    public async ValueTask<RegisterRecord> CheckEpochAsync(CancellationToken cancellationToken)
    {
        var record = await _session.ReadAsync(cancellationToken).ConfigureAwait(false);
        return record?.Epoch == Epoch ? record
            : throw new CoordinatorFencedException(Job.Name, Epoch, record?.Epoch ?? 0);
    }

    /// <summary>Reads every checkpoint of the list and makes it an owner of its shared files, then lists it.</summary>
    /// <param name="registry">A new registry.</param>
    /// <param name="cancellationToken">Observed between two checkpoints.</param>
    public async ValueTask<RecoveredCheckpoints> RecoverAsync(
        SharedStateRegistry registry, CancellationToken cancellationToken)
    {
        var readable = new List<CompletedCheckpoint>();
        var unreadable = new List<UnreadableCheckpoint>();
        foreach (var retained in Record.Retained)
        {
            try
            {
                var checkpoint = await CheckpointLoader.LoadRetainedAsync(_storage, retained, cancellationToken)
                    .ConfigureAwait(false);
                if (!Breach.HasFlag(ProtocolBreach.ListWithoutRegistering))
                {
                    checkpoint.RegisterSharedStatesAfterRestored(registry);
                }

                readable.Add(checkpoint);
            }
            catch (CheckpointingException e)
            {
                // Kept: what cannot be read now may be readable later, and recovery never deletes.
                unreadable.Add(new(retained, e));
            }
        }

        return new(readable, unreadable);
    }

    /// <summary>Replaces the record. What somebody changed meanwhile without taking the epoch stays:
    /// <see cref="RegisterAmendment"/>.</summary>
    /// <exception cref="CoordinatorFencedException">Another coordinator has taken over, before the change or, see
    /// <see cref="CoordinatorFencedException.WasWritten"/>, after it.</exception>
    /// <exception cref="CheckpointOutcomeUnknownException">It may be in; recover before the next write.</exception>
    /// <exception cref="CheckpointStorageUnavailableException">It is definitely not in.</exception>
    internal async ValueTask<RegisterRecord> ReplaceAsync(RegisterRecord record, CancellationToken cancellationToken)
    {
        var before = _session.Record!;

        // The caller may have made its own from a record that it read before a fence came in.
        record = record.With(before.ClaimFences);
        for (var round = 0; round < MaxAmendments; round++)
        {
            var outcome = await _session.TryReplaceAsync(record, cancellationToken).ConfigureAwait(false);
            if (outcome == SessionReplacement.Replaced)
            {
                return _session.Record!;
            }

            if (_session.Record is not { } present || present.Epoch != Epoch)
            {
                throw new CoordinatorFencedException(Job.Name, Epoch, _session.Record?.Epoch ?? 0)
                {
                    WasWritten = outcome == SessionReplacement.Superseded,
                };
            }

            if (outcome == SessionReplacement.Superseded)
            {
                // Ours was in, and was amended since.
                return present;
            }

            record = RegisterAmendment.CarryOver(before, present, record);
            before = present;
        }

        throw new CheckpointStorageUnavailableException(
            $"register of '{Job}'", "is changed by others again and again. Try again.")
        {
            ChangedNothing = true,
        };
    }

    private RegisterRecord TakeEpoch(RegisterRecord? present)
    {
        var next = present?.NextId ?? 1;
        return new()
        {
            Job = Job,
            JobUid = present?.JobUid ?? _ids.NewGuid(),
            LineageId = present?.LineageId ?? _ids.NewGuid(),
            Epoch = (present?.Epoch ?? 0) + 1,
            Holder = _holder,
            NextId = next + IdBlock,
            FirstIdOfEpoch = next,
            Retained = present?.Retained ?? [],
            Leaving = present?.Leaving ?? [],
            Pins = present?.Pins ?? [],
            PendingClaim = present?.PendingClaim,
            PendingClaimId = present?.PendingClaimId,
            Claims = present?.Claims ?? [],
            ClaimedBy = present?.ClaimedBy,
            ClaimId = present?.ClaimId,
            HandedOver = present?.HandedOver ?? [],
            HandedOverLeaving = present?.HandedOverLeaving ?? [],
            ClaimedBelowId = present?.ClaimedBelowId ?? 0,
            FormerClaimants = present?.FormerClaimants ?? [],
            ClaimFences = present?.ClaimFences ?? [],
            Token = _ids.NewGuid(),
        };
    }
}

/// <summary>The policy over the register in the job's folder, or one in memory: for one process, or several on one file
/// system.</summary>
public sealed class StandaloneCompletedCheckpointStore(
    ICheckpointRegister register, ICheckpointStorage storage, JobId job, IdSource ids, string holder)
    : CompletedCheckpointStore(register, storage, job, ids, holder);

/// <summary>What recovery found.</summary>
/// <param name="Readable">Oldest first; registered.</param>
/// <param name="Unreadable">Kept in the list, with the reason.</param>
public sealed record RecoveredCheckpoints(
    IReadOnlyList<CompletedCheckpoint> Readable, IReadOnlyList<UnreadableCheckpoint> Unreadable);

/// <summary>A checkpoint of the list that cannot be read now.</summary>
/// <param name="Checkpoint">It.</param>
/// <param name="Cause">Why.</param>
public sealed record UnreadableCheckpoint(RetainedCheckpoint Checkpoint, CheckpointingException Cause);
