namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>The policy of completed checkpoints (retention, subsuming, releasing, recovery, fencing) as cases to run
/// over one's own register and storage.</summary>
/// <remarks>Each case drives whole coordinators with tasks of its own through the public API, and compares what is
/// stored with what the retained checkpoints need. A register also has to pass
/// <see cref="CheckpointRegisterConformance"/>, a storage its own suite.</remarks>
public static class CompletedCheckpointStoreConformance
{
    /// <summary>All cases; each wants an empty register and storage of its own.</summary>
    public static IReadOnlyList<ConformanceCase<CompletedCheckpointStoreSetup>> Cases { get; } =
    [
        .. StoreRetentionCases.All,
        .. StoreRecoveryCases.All,
        .. StoreFailureCases.All,
        .. StoreStartingPointCases.All,
        .. StoreClaimCases.All,
        .. StoreLeavingCases.All,
    ];
}
