using Checkpointing.Coordination;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>What one subtask does with records, watermarks and checkpoints. Knows no channel and no
/// transport.</summary>
/// <remarks>One caller at a time.</remarks>
internal abstract class SubtaskLogic : IAsyncDisposable
{
    /// <summary>What it keeps, known before it is opened.</summary>
    public virtual DeclaredStates Declared => DeclaredStates.None;

    /// <summary>Opens and restores the state, then the user's code.</summary>
    public abstract ValueTask OpenAsync(SubtaskContext context, CancellationToken cancellationToken);

    /// <summary>All subtasks of the attempt are open: from here on things outside the job may be changed.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>Faults when restored state turns out not to be what was stored; null: it cannot.</summary>
    public virtual Task? StateFailure => null;

    /// <summary>The watermark that belongs to the restored state: event time goes on from there.</summary>
    public virtual Timestamp RestoredWatermark => Timestamp.MinValue;

    /// <summary>The greatest watermark of an input that had ended, the end of time apart. Set before each checkpoint;
    /// what keeps state may keep it, for after a restore nobody sends it again.</summary>
    public virtual Timestamp LastOfEndedInputs { get; set; } = Timestamp.MinValue;

    /// <summary>Whether nothing of completed checkpoints waits to be committed.</summary>
    public virtual bool HasCommitted => true;

    /// <summary>When <see cref="TryAdvanceProcessingTimeTo"/> has something to fire; null: nothing is
    /// registered.</summary>
    public virtual Timestamp? NextProcessingTime => null;

    /// <summary>Handles one <see cref="RecordBatch{T}"/> of an input.</summary>
    public virtual void Process(StreamElement batch, int input) =>
        throw new InvalidOperationException("This subtask has no input.");

    /// <summary>Event time has moved to <paramref name="watermark"/>: fires what is due, a bounded number at a
    /// time.</summary>
    /// <returns>False if there is more to fire at this watermark: call again.</returns>
    public virtual bool TryAdvanceTo(Timestamp watermark) => true;

    /// <summary>The clock of the process has moved to <paramref name="now"/>: fires what is due, a bounded number at a
    /// time.</summary>
    /// <returns>False if there is more to fire: call again.</returns>
    public virtual bool TryAdvanceProcessingTimeTo(Timestamp now) => true;

    /// <summary>Called before the barrier goes downstream: what is emitted here still belongs to the
    /// checkpoint.</summary>
    public virtual void BeforeBarrier(CheckpointId checkpoint)
    {
    }

    /// <summary>The synchronous part of the snapshot.</summary>
    public abstract ISnapshotPlan PrepareSnapshot(SnapshotRequest request);

    /// <summary>The checkpoint is durable.</summary>
    public abstract void NotifyCompleted(CheckpointId checkpoint);

    /// <summary>The checkpoint will never complete.</summary>
    public abstract void NotifyAborted(CheckpointId checkpoint);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>What an operator keeps.</summary>
/// <param name="States">Its states, those of the host among them.</param>
/// <param name="Key">Serializer of its keys; null without.</param>
/// <param name="UsesTimers">Whether it has timers.</param>
internal sealed record DeclaredStates(
    IReadOnlyList<StateDescriptor> States, StateSerializer? Key = null, bool UsesTimers = false)
{
    public static DeclaredStates None { get; } = new([]);
}

/// <summary>What a subtask is opened with.</summary>
internal sealed record SubtaskContext
{
    public required SubtaskAddress Address { get; init; }

    /// <summary>Number of subtasks of the operator.</summary>
    public required int Parallelism { get; init; }

    /// <summary>Goes on from a job to one resumed from its checkpoint.</summary>
    public required Guid LineageId { get; init; }

    /// <summary>For the state: everything but the states and the key-group range is set.</summary>
    public required SubtaskStateContext State { get; init; }

    /// <summary>Key groups of the subtask, for operators with keys.</summary>
    public required KeyGroups.KeyGroupRange KeyGroups { get; init; }

    /// <summary>False once the attempt is being torn down after a failure: nothing may be committed any more.</summary>
    public required Func<bool> MayCommit { get; init; }

    public required JobCounters Counters { get; init; }
}

/// <summary>Counts of one run of a job. Safe for concurrent calls.</summary>
internal sealed class JobCounters
{
    private long _elementsRead;
    private long _lateElementsDropped;

    public long ElementsRead => Interlocked.Read(ref _elementsRead);

    public long LateElementsDropped => Interlocked.Read(ref _lateElementsDropped);

    public void AddElementsRead(long count) => Interlocked.Add(ref _elementsRead, count);

    public void AddLateElements(long count) => Interlocked.Add(ref _lateElementsDropped, count);
}
