using Checkpointing.Metadata.Flink;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata;

/// <summary>The formats of <c>_metadata</c>; the number is the version in the file.</summary>
public enum MetadataFormat
{
    /// <summary>Flink 1.2: one entry a task, with the operators chained in it.</summary>
    FlinkV1 = 1,

    /// <summary>Flink 1.3 to 1.10.</summary>
    FlinkV2 = 2,

    /// <summary>Flink 1.11 to 1.15.</summary>
    FlinkV3 = 3,

    /// <summary>Flink 1.16 to 1.20.</summary>
    FlinkV4 = 4,

    /// <summary>Flink 2.0.</summary>
    FlinkV5 = 5,

    /// <summary>Flink 2.1 to 2.4.</summary>
    FlinkV6 = 6,

    /// <summary>Flink after 2.4; read only, as no Flink with it is released.</summary>
    FlinkV7 = 7,

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

    /// <summary>What Flink says about kind and retention from version 4 on; null where it says nothing.</summary>
    public FlinkProperties? FlinkProperties { get; init; }

    /// <summary>Records of a newer writer that this library does not know but need not know; written again at the
    /// end.</summary>
    public ValueList<OpaqueRecord> UnknownRecords { get; init; }

    /// <summary>Texts of a file of Flink's whose bytes are not those that their characters would give; null if there
    /// is none.</summary>
    internal FlinkSpellings? Spellings { get; init; }

    /// <summary>Bytes behind all handles.</summary>
    public long StateSizeBytes =>
        StateSize.Sum(Operators, static one => StateSize.Sum(one.Subtasks, static subtask => subtask.SizeBytes));
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
    ValueList<CheckpointTag> Tags)
{
    /// <summary>What a newer library added; empty as a rule.</summary>
    public ValueList<OpaqueRecord> UnknownRecords { get; init; }
}

/// <summary>A user's label.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value; may be empty.</param>
public sealed record CheckpointTag(string Name, string Value);

/// <summary>State of one hook of the coordinator.</summary>
/// <param name="Name">Name of the hook.</param>
/// <param name="Version">Version of its serializer.</param>
/// <param name="Data">Its bytes.</param>
public sealed record MasterState(string Name, int Version, ValueList<byte> Data)
{
    /// <summary>What a newer library added in our own format; empty as a rule.</summary>
    public ValueList<OpaqueRecord> UnknownRecords { get; init; }
}

/// <summary>State of one operator; in Flink's version 1, of one task with all operators chained in it.</summary>
/// <param name="Id">Its identity across versions of the program; of the task in Flink's version 1.</param>
/// <param name="Parallelism">Number of subtasks, at least 1.</param>
/// <param name="MaxParallelism">Number of key groups, 1 to 32,768.</param>
/// <param name="Subtasks">Those that have state, in stored order.</param>
public sealed record OperatorCheckpoint(
    OperatorId Id, int Parallelism, int MaxParallelism, ValueList<SubtaskCheckpoint> Subtasks)
{
    /// <summary>Its name; null in formats that keep none.</summary>
    public string? Name { get; init; }

    /// <summary>The id that its author gave it (Flink 2.0 and later); null in formats that keep none.</summary>
    public string? Uid { get; init; }

    /// <summary>Descriptions of its states; empty in formats that keep none.</summary>
    public ValueList<StateDescription> States { get; init; }

    /// <summary>State of its coordinator in the job manager (Flink 1.11 and later).</summary>
    public ByteStreamStateHandle? CoordinatorState { get; init; }

    /// <summary>Whether all its subtasks had ended: then it has neither subtasks nor coordinator state.</summary>
    public bool IsFullyFinished { get; init; }

    /// <summary>Number of operators in the task (Flink's version 1); null where each operator has an entry of its
    /// own.</summary>
    public int? ChainLength { get; init; }

    /// <summary>What a newer library added in our own format; empty as a rule.</summary>
    public ValueList<OpaqueRecord> UnknownRecords { get; init; }
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

    /// <summary>States of the operators chained in a task (Flink's version 1); null where each operator has an entry of
    /// its own.</summary>
    public ChainState? Chain { get; init; }

    /// <summary>Records on their way to the subtask (Flink's unaligned checkpoints).</summary>
    public ValueList<ChannelStateHandle> InputChannels { get; init; }

    /// <summary>Records on their way from the subtask (Flink's unaligned checkpoints).</summary>
    public ValueList<ChannelStateHandle> OutputChannels { get; init; }

    /// <summary>Whether the subtask had ended: then it has no state.</summary>
    public bool IsFinished { get; init; }

    /// <summary>An earlier checkpoint that holds part of the state (Flink's version 7).</summary>
    public CheckpointId? ReferenceCheckpointId { get; init; }

    /// <summary>What a newer library added in our own format; empty as a rule.</summary>
    public ValueList<OpaqueRecord> UnknownRecords { get; init; }

    /// <summary>Bytes behind its handles.</summary>
    public long SizeBytes
    {
        get
        {
            long size = 0;
            foreach (var handle in Handles)
            {
                size = StateSize.Add(size, handle.SizeBytes);
            }

            return size;
        }
    }

    /// <summary>All its handles, keyed state first.</summary>
    public IEnumerable<StateHandle> Handles
    {
        get
        {
            StateHandle?[] single = [ManagedKeyed, RawKeyed, ManagedOperator, RawOperator, Legacy];
            IEnumerable<StateHandle?> chained = Chain is null ? [] : [.. Chain.ManagedOperator, .. Chain.RawOperator,
                .. Chain.Legacy];
            return single.Concat(chained).OfType<StateHandle>().Concat(InputChannels).Concat(OutputChannels);
        }
    }
}

/// <summary>States of the operators chained in one subtask of a task; each list has one slot an operator, or is
/// empty.</summary>
/// <param name="Legacy">State of the interface that Flink had before 1.2.</param>
/// <param name="ManagedOperator">Operator state of the backend.</param>
/// <param name="RawOperator">Operator state that an operator wrote itself.</param>
public sealed record ChainState(
    ValueList<StreamStateHandle?> Legacy,
    ValueList<OperatorStateHandle?> ManagedOperator,
    ValueList<OperatorStateHandle?> RawOperator);
