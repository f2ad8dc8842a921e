using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Definition of a sink that commits when a checkpoint completes: exactly once. Immutable, does no
/// I/O.</summary>
/// <remarks>Writers, one a subtask, prepare transactions durably; at each barrier they hand over what names them. One
/// committer keeps those in its state, so they belong to the checkpoint, and makes them visible when it has
/// completed.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
/// <typeparam name="TCommittable">Names a prepared transaction.</typeparam>
public interface ITwoPhaseSink<T, TCommittable>
{
    /// <summary>Committables are state.</summary>
    StateSerializer<TCommittable> CommittableSerializer { get; }

    /// <summary>Makes a writer. The host opens and disposes it.</summary>
    TwoPhaseWriter<T, TCommittable> CreateWriter();

    /// <summary>Makes the committer. The host opens and disposes it.</summary>
    SinkCommitter<TCommittable> CreateCommitter();
}
