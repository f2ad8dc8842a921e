namespace Checkpointing.Metadata.Native;

/// <summary>Tags of the records of version 1001. Released ones never change their meaning.</summary>
internal static class NativeTags
{
    /// <summary>Set: a reader that does not know the tag refuses the file. Clear: it skips the record.</summary>
    internal const ushort RequiredBit = 0x8000;

    // At the top level.
    internal const ushort Checkpoint = 0x8001;
    internal const ushort Info = 0x8002;
    internal const ushort MasterState = 0x8003;
    internal const ushort Operator = 0x8004;
    internal const ushort FlinkProperties = 0x8005;

    // In the origin.
    internal const ushort NativeSavepoint = 0x8081;

    // In an operator.
    internal const ushort OperatorName = 0x8101;
    internal const ushort State = 0x8102;
    internal const ushort Subtask = 0x8103;
    internal const ushort OperatorUid = 0x8104;
    internal const ushort CoordinatorState = 0x8105;
    internal const ushort FullyFinished = 0x8106;
    internal const ushort ChainLength = 0x8107;

    // In a state.
    internal const ushort Stamped = 0x8181;

    // In a subtask.
    internal const ushort ManagedKeyed = 0x8201;
    internal const ushort RawKeyed = 0x8202;
    internal const ushort ManagedOperator = 0x8203;
    internal const ushort RawOperator = 0x8204;
    internal const ushort Legacy = 0x8205;
    internal const ushort Chain = 0x8206;
    internal const ushort Finished = 0x8207;
    internal const ushort Reference = 0x8208;
    internal const ushort InputChannel = 0x8209;
    internal const ushort OutputChannel = 0x820A;

    // Streams.
    internal const ushort File = 0x8301;
    internal const ushort RelativeFile = 0x8302;
    internal const ushort Bytes = 0x8303;
    internal const ushort AbsentStream = 0x8304;
    internal const ushort KeyGroupsStream = 0x8305;
    internal const ushort Segment = 0x8306;
    internal const ushort EmptySegment = 0x8307;

    // Keyed and operator state.
    internal const ushort KeyGroups = 0x8401;
    internal const ushort Incremental = 0x8402;
    internal const ushort OperatorState = 0x8403;
    internal const ushort Changelog = 0x8404;
    internal const ushort InMemoryChangelog = 0x8405;
    internal const ushort ChangelogFiles = 0x8406;

    // In keyed and operator state.
    internal const ushort MetaFile = 0x8501;
    internal const ushort SharedFiles = 0x8502;
    internal const ushort PrivateFiles = 0x8503;
    internal const ushort BackendText = 0x8504;
    internal const ushort HandleId = 0x8505;
    internal const ushort Savepoint = 0x8506;
    internal const ushort Materialized = 0x8507;
    internal const ushort Change = 0x8508;
    internal const ushort CheckpointOfChangelog = 0x8509;
    internal const ushort ChangelogStorage = 0x850A;
    internal const ushort MergedFiles = 0x850B;
}
