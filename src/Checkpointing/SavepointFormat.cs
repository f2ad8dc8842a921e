namespace Checkpointing;

/// <summary>How the keyed state in a savepoint is stored. Both forms are self-contained and can be moved.</summary>
public enum SavepointFormat
{
    /// <summary>One stream of rows, which every backend reads. The default: for changing the backend, and for
    /// keeping.</summary>
    Canonical = 0,

    /// <summary>The backend's own files, which only the same backend reads: quick to take and to restore, at any
    /// parallelism. A backend without files of its own writes the canonical form, and the metadata says so.</summary>
    Native = 1,
}
