namespace Checkpointing.Metadata.Flink;

/// <summary>What a version from 3 on has beside the body of version 3.</summary>
internal sealed record FlinkLayout
{
    /// <summary>The version.</summary>
    internal required MetadataFormat Format { get; init; }

    /// <summary>Whether properties follow the operators.</summary>
    internal bool HasProperties { get; init; }

    /// <summary>Whether operators have a name and a uid.</summary>
    internal bool HasNames { get; init; }

    /// <summary>Whether channel states begin with their kind.</summary>
    internal bool HasChannelKinds { get; init; }

    /// <summary>Whether a reference to an earlier checkpoint may follow a subtask.</summary>
    internal bool HasReferences { get; init; }
}
