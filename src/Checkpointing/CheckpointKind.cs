namespace Checkpointing;

/// <summary>What a trigger asks for.</summary>
public enum CheckpointKind
{
    /// <summary>Owned by the system, dropped when subsumed; incremental where the backend can.</summary>
    Checkpoint = 0,

    /// <summary>As a checkpoint, but every file is stored anew; later ones may refer to it.</summary>
    FullCheckpoint = 1,

    /// <summary>Owned by the user, self-contained below one folder, never dropped by us, never a base.</summary>
    Savepoint = 2,
}
