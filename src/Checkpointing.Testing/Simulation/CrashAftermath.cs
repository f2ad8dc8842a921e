namespace Checkpointing.Testing.Simulation;

/// <summary>What a power cut leaves of names that were not synced: of files created and files deleted since.</summary>
public enum CrashAftermath
{
    /// <summary>All of it, as when only the process died.</summary>
    NothingLost = 0,

    /// <summary>None of it.</summary>
    UnsyncedLost = 1,

    /// <summary>The first so many changes, in their order.</summary>
    TornPrefix = 2,

    /// <summary>Any of the changes: a later one may be there without an earlier one.</summary>
    UnsyncedReordered = 3,
}
