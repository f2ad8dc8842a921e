using Checkpointing.Metadata.Flink;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata;

/// <summary>The formats of <c>_metadata</c>; the number is the version in the file.</summary>
public enum MetadataFormat
{
    /// <summary>Flink 1.3 to 1.10.</summary>
    FlinkV2 = 2,

    /// <summary>Ours, the first.</summary>
    NativeV1 = 1001,
}

/// <summary>All that a checkpoint consists of. Plain data, one model for all formats.</summary>
/// <param name="CheckpointId">At least 0.</param>
/// <param name="MasterStates">State of the coordinator's hooks, in stored order.</param>
/// <param name="Operators">In stored order.</param>
public sealed record CheckpointMetadata(
    CheckpointId CheckpointId, ValueList<MasterState> MasterStates, ValueList<OperatorCheckpoint> Operators)
{
    /// <summary>What only our own format holds; null when read from a format of Flink's.</summary>
    public CheckpointInfo? Info { get; init; }

    /// <summary>Records of a newer writer that this library does not know but need not know; written again at the
    /// end.</summary>
    public ValueList<OpaqueRecord> UnknownRecords { get; init; }

    /// <summary>Texts of a file of Flink's whose bytes are not those that their characters would give; null if there
    /// is none.</summary>
    internal FlinkSpellings? Spellings { get; init; }

    /// <summary>Bytes behind all handles.</summary>
    public long StateSizeBytes => Operators.Sum(static o => o.Subtasks.Sum(static s => s.SizeBytes));
}

/// <summary>What our own format says about a checkpoint beyond its handles.</summary>
/// <param name="Job">The job that made it.</param>
/// <param name="JobUid">Random id of that job's first start; another job of the same name later has another
/// one.</param>
/// <param name="LineageId">Random id that goes on from a job to one resumed from its checkpoint; names sink
/// transactions.</param>
/// <param name="Epoch">Epoch of the coordinator that made it.</param>
/// <param name="Properties">Kind and retention.</param>
/// <param name="TriggeredAt">When it was triggered, millisecond precision.</param>
/// <param name="CompletedAt">When the last subtask had acknowledged, millisecond precision.</param>
/// <param name="Tags">A user's labels, in stored order.</param>
public sealed record CheckpointInfo(
    JobId Job,
    Guid JobUid,
    Guid LineageId,
    long Epoch,
    CheckpointProperties Properties,
    DateTimeOffset TriggeredAt,
    DateTimeOffset CompletedAt,
    ValueList<CheckpointTag> Tags);

/// <summary>A user's label.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value; may be empty.</param>
public sealed record CheckpointTag(string Name, string Value);

/// <summary>State of one hook of the coordinator.</summary>
/// <param name="Name">Name of the hook.</param>
/// <param name="Version">Version of its serializer.</param>
/// <param name="Data">Its bytes.</param>
public sealed record MasterState(string Name, int Version, ValueList<byte> Data);

/// <summary>State of one operator.</summary>
/// <param name="Id">Its identity across versions of the program.</param>
/// <param name="Parallelism">Number of subtasks, at least 1.</param>
/// <param name="MaxParallelism">Number of key groups, 1 to 32,768.</param>
/// <param name="Subtasks">Those that have state, in stored order.</param>
public sealed record OperatorCheckpoint(
    OperatorId Id, int Parallelism, int MaxParallelism, ValueList<SubtaskCheckpoint> Subtasks)
{
    /// <summary>Its name; null in formats that keep none.</summary>
    public string? Name { get; init; }

    /// <summary>Descriptions of its states; empty in formats that keep none.</summary>
    public ValueList<StateDescription> States { get; init; }
}

/// <summary>State of one subtask of one operator.</summary>
/// <param name="Index">0 to parallelism - 1.</param>
public sealed record SubtaskCheckpoint(int Index)
{
    /// <summary>Keyed state of the backend.</summary>
    public KeyedStateHandle? ManagedKeyed { get; init; }

    /// <summary>Keyed state that an operator wrote itself (Flink).</summary>
    public KeyedStateHandle? RawKeyed { get; init; }

    /// <summary>Operator state of the backend.</summary>
    public OperatorStateHandle? ManagedOperator { get; init; }

    /// <summary>Operator state that an operator wrote itself (Flink).</summary>
    public OperatorStateHandle? RawOperator { get; init; }

    /// <summary>State of the interface that Flink had before 1.2.</summary>
    public StreamStateHandle? Legacy { get; init; }

    /// <summary>Bytes behind its handles.</summary>
    public long SizeBytes => (ManagedKeyed?.SizeBytes ?? 0) + (RawKeyed?.SizeBytes ?? 0)
        + (ManagedOperator?.SizeBytes ?? 0) + (RawOperator?.SizeBytes ?? 0) + (Legacy?.SizeBytes ?? 0);
}
