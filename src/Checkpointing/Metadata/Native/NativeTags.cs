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

    // In an operator.
    internal const ushort OperatorName = 0x8101;
    internal const ushort State = 0x8102;
    internal const ushort Subtask = 0x8103;

    // In a subtask.
    internal const ushort ManagedKeyed = 0x8201;
    internal const ushort RawKeyed = 0x8202;
    internal const ushort ManagedOperator = 0x8203;
    internal const ushort RawOperator = 0x8204;
    internal const ushort Legacy = 0x8205;

    // Streams.
    internal const ushort File = 0x8301;
    internal const ushort RelativeFile = 0x8302;
    internal const ushort Bytes = 0x8303;
    internal const ushort AbsentStream = 0x8304;
    internal const ushort KeyGroupsStream = 0x8305;

    // Keyed and operator state.
    internal const ushort KeyGroups = 0x8401;
    internal const ushort Incremental = 0x8402;
    internal const ushort OperatorState = 0x8403;

    // In incremental keyed state.
    internal const ushort MetaFile = 0x8501;
    internal const ushort SharedFiles = 0x8502;
    internal const ushort PrivateFiles = 0x8503;
    internal const ushort BackendText = 0x8504;
}
