namespace Checkpointing.Metadata.Conversion;

/// <summary>What a format may leave out. It describes state; what is state is never left out: a format without room for
/// it refuses the checkpoint.</summary>
public enum MetadataLossKind
{
    /// <summary>Where the checkpoint comes from: job, lineage, epoch, kind, retention, times.</summary>
    Origin = 0,

    /// <summary>A user's labels.</summary>
    Tags = 1,

    /// <summary>Names of operators.</summary>
    OperatorNames = 2,

    /// <summary>Ids that authors gave to operators.</summary>
    OperatorUids = 3,

    /// <summary>Names, kinds and serializers of states.</summary>
    StateDescriptions = 4,

    /// <summary>Digests of files.</summary>
    Digests = 5,

    /// <summary>How many bytes were stored for this checkpoint, by handle.</summary>
    CheckpointedSizes = 6,

    /// <summary>Ids that Flink gave to handles.</summary>
    HandleIds = 7,

    /// <summary>Marks of handles that belong to a canonical savepoint of Flink's.</summary>
    SavepointMarks = 8,

    /// <summary>What Flink says about kind and retention.</summary>
    FlinkProperties = 9,

    /// <summary>Records of a newer version of this library.</summary>
    UnknownRecords = 10,

    /// <summary>Bytes of texts that Java reads but never writes. The texts themselves stay.</summary>
    Spellings = 11,
}

/// <summary>Something that a format leaves out of a checkpoint.</summary>
/// <param name="Kind">What.</param>
/// <param name="Count">How many of it; at least 1.</param>
/// <param name="Sentence">For people: what, how many, and what follows from it.</param>
public sealed record MetadataLoss(MetadataLossKind Kind, int Count, string Sentence)
{
    /// <inheritdoc/>
    public override string ToString() => Sentence;
}
