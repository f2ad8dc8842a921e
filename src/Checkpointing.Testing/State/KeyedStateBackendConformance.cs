namespace Checkpointing.Testing.State;

/// <summary>The contract of keyed state backends as cases to run against one's own.</summary>
public static class KeyedStateBackendConformance
{
    /// <summary>All cases; each wants a setup of its own.</summary>
    public static IReadOnlyList<ConformanceCase<KeyedStateBackendSetup>> Cases { get; } =
    [
        new("a row is found until it is deleted", TableCases.FindsRowsAsync),
        new("an empty value is a value", TableCases.KeepsEmptyValuesAsync),
        new("a value is appended to what the target holds", TableCases.AppendsToTheTargetAsync),
        new("appending makes a row and adds to it", TableCases.AppendsToRowsAsync),
        new("large values and keys are kept", TableCases.KeepsLargeRowsAsync),
        new("a scan gives the rows of a prefix in the order of bytes", TableCases.ScansInOrderAsync),
        new("a state may be written during the scan of another", TableCases.WritesDuringScanOfAnotherAsync),
        new("states share no rows", TableCases.KeepsStatesApartAsync),
        new("a state that was not declared is refused", TableCases.RefusesUndeclaredStateAsync),
        new("typed states of all kinds keep keys and namespaces apart", TypedStateCases.KeepsKeysApartAsync),
        new("typed states of all kinds and timers are restored", TypedStateCases.RestoresAllKindsAsync),
        new("a restored backend holds what the snapshot held", SnapshotCases.RestoresAsync),
        new("what is written after the cut is not in the snapshot", SnapshotCases.FixesTheCutAsync),
        new("many snapshots can be prepared before one is written", SnapshotCases.PreparesManyAsync),
        new("a chain of snapshots restores at every link", SnapshotCases.RestoresChainAsync),
        new("deleted rows stay deleted after a restore", SnapshotCases.RestoresDeletionsAsync),
        new("a backend without rows can be stored and restored", SnapshotCases.RestoresNothingAsync),
        new("full checkpoints hold everything themselves", SnapshotCases.RestoresFullAsync),
        new("a savepoint is relative to its folder", SnapshotCases.RestoresSavepointAsync),
        new("a native savepoint can be moved, restored and left behind", SnapshotCases.RestoresNativeSavepointAsync),
        new("a snapshot that was not written leaves no file", SnapshotCases.LeavesNoFileAsync),
        new("the canonical snapshot of another backend restores", SnapshotCases.RestoresCanonicalAsync),
        new("undeclared states are left out and named", SnapshotCases.LeavesOutUndeclaredAsync),
        .. RescaleCases.All,
        new("a job rescaled twice keeps its rows", RescaleCases.RescalesTwiceAsync),
        new("notices in any order are harmless", LifecycleCases.BearsNoticesAsync),
        new("a disposed backend refuses calls", LifecycleCases.RefusesAfterDisposeAsync),
        new("backends of one factory share nothing", LifecycleCases.SharesNothingAsync),
        .. RandomCases.All,
        .. TimeToLiveCases.All,
        .. TimeToLiveRandomCases.All,
    ];
}
