namespace Checkpointing.State;

/// <summary>Makes keyed state backends. One instance serves all subtasks of all jobs of a process.</summary>
/// <remarks>To add a backend: derive <see cref="KeyedStateBackend"/>, <see cref="KeyedStateTable"/> and
/// <see cref="KeyedStateSnapshot"/>, implement this, and pass the backend conformance suite.</remarks>
public interface IKeyedStateBackendFactory
{
    /// <summary>Opens a backend, empty or restored.</summary>
    /// <param name="context">What it is for, and what to restore.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointCorruptException">A stored file is damaged; nothing of it was believed.</exception>
    /// <exception cref="StoredFileMissingException">A stored file is not there.</exception>
    ValueTask<KeyedStateBackend> OpenAsync(KeyedStateBackendContext context, CancellationToken cancellationToken);
}
