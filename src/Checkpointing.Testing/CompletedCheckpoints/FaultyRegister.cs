using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>A register whose answers fail as a case says. What it does not fail, the inner one does.</summary>
internal sealed class FaultyRegister(ICheckpointRegister inner) : ICheckpointRegister
{
    public enum Fault
    {
        None,

        /// <summary>Replacements are refused for certain.</summary>
        Refuse,

        /// <summary>The next replacement is done, and its answer lost.</summary>
        LoseAnswer,

        /// <summary>The next replacement does not arrive, and nobody knows.</summary>
        LoseRequest,

        /// <summary>The next replacement is done, its answer lost, and nothing can be read afterwards.</summary>
        GoSilent,

        /// <summary>The next replacement is held up until <see cref="Meanwhile"/> is done, and arrives then.</summary>
        HoldUp,
    }

    public Fault Next { get; set; }

    /// <summary>Replacements that are done as usual before <see cref="Next"/> comes.</summary>
    public int Before { get; set; }

    /// <summary>The only job whose replacements fail; null: those of all.</summary>
    public JobId? Only { get; init; }

    /// <summary>Done once, after a replacement whose answer is lost and before anything else, or before one that is
    /// held up.</summary>
    public Func<Task>? Meanwhile { get; set; }

    /// <summary>Whether a fault has come.</summary>
    public bool HasFailed { get; private set; }

    public string Description => inner.Description;

    private bool IsSilent { get; set; }

    public ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken) =>
        IsSilent ? throw Unavailable() : inner.ReadAsync(job, cancellationToken);

    public async ValueTask<RegisterReplacement> TryReplaceAsync(
        JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        var fault = Only is null || Only == job ? Next : Fault.None;
        if (fault != Fault.None && Before > 0)
        {
            Before--;
            return await inner.TryReplaceAsync(job, expectedVersion, record, cancellationToken).ConfigureAwait(false);
        }

        if (fault == Fault.Refuse || IsSilent)
        {
            throw Unavailable();
        }

        Next = fault == Fault.None ? Next : Fault.None;
        if (fault == Fault.HoldUp)
        {
            HasFailed = true;
            await Meanwhile!().ConfigureAwait(false);
            return await inner.TryReplaceAsync(job, expectedVersion, record, cancellationToken).ConfigureAwait(false);
        }

        var outcome = fault == Fault.LoseRequest
            ? RegisterReplacement.Unknown
            : await inner.TryReplaceAsync(job, expectedVersion, record, cancellationToken).ConfigureAwait(false);
        IsSilent = fault == Fault.GoSilent;
        HasFailed |= fault != Fault.None;
        if (fault == Fault.LoseAnswer && Meanwhile is { } meanwhile)
        {
            Meanwhile = null;
            await meanwhile().ConfigureAwait(false);
        }

        return fault == Fault.None ? outcome : RegisterReplacement.Unknown;
    }

    private static CheckpointStorageUnavailableException Unavailable() =>
        new("register", "does not answer (in this case).") { ChangedNothing = true };
}
