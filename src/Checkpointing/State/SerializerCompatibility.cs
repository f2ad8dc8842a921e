namespace Checkpointing.State;

/// <summary>How stored bytes of a serializer relate to the program's.</summary>
public enum SerializerCompatibility
{
    /// <summary>Read as they are.</summary>
    Same = 0,

    /// <summary>Read by <see cref="StateSerializer{T}.ReadStored"/> and rewritten during restore; costs a pass over the
    /// state.</summary>
    Migrates = 1,

    /// <summary>Cannot be read: <see cref="StateMigrationException"/>.</summary>
    Incompatible = 2,
}
