using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Records of subtasks in version 1001.</summary>
internal static class NativeSubtasks
{
    internal static SubtaskCheckpoint Read(ref NativeInput body)
    {
        var parts = new Parts();
        var index = body.ReadInt32("the index of a subtask");
        while (body.TryReadRecord(out var tag, out var record))
        {
            parts.Read(tag, ref record);
            record.ExpectEnd("a part of a subtask");
        }

        return new(index)
        {
            ManagedKeyed = parts.ManagedKeyed,
            RawKeyed = parts.RawKeyed,
            ManagedOperator = parts.ManagedOperator,
            RawOperator = parts.RawOperator,
            Legacy = parts.Legacy,
            Chain = parts.Chain,
            IsFinished = parts.IsFinished,
            ReferenceCheckpointId = parts.Reference,
            InputChannels = parts.Input.Own(),
            OutputChannels = parts.Output.Own(),
            UnknownRecords = parts.Unknown.Own(),
        };
    }

    internal static void Write(NativeOutput output, SubtaskCheckpoint subtask)
    {
        var begin = output.Begin(NativeTags.Subtask);
        output.WriteInt32(subtask.Index);
        WriteKeyed(output, NativeTags.ManagedKeyed, subtask.ManagedKeyed);
        WriteKeyed(output, NativeTags.RawKeyed, subtask.RawKeyed);
        WriteOperator(output, NativeTags.ManagedOperator, subtask.ManagedOperator);
        WriteOperator(output, NativeTags.RawOperator, subtask.RawOperator);
        if (subtask.Legacy is { } legacy)
        {
            var legacyBegin = output.Begin(NativeTags.Legacy);
            NativeStreams.Write(output, legacy, depth: 0);
            output.End(legacyBegin);
        }

        if (subtask.Chain is { } chain)
        {
            NativeChains.Write(output, chain);
        }

        output.WriteMark(NativeTags.Finished, subtask.IsFinished);
        if (subtask.ReferenceCheckpointId is { } reference)
        {
            var referenceBegin = output.Begin(NativeTags.Reference);
            output.WriteInt64(reference.Value);
            output.End(referenceBegin);
        }

        NativeChannels.Write(output, NativeTags.InputChannel, subtask.InputChannels);
        NativeChannels.Write(output, NativeTags.OutputChannel, subtask.OutputChannels);
        output.WriteUnknown(subtask.UnknownRecords);
        output.End(begin);
    }

    private static void WriteKeyed(NativeOutput output, ushort tag, KeyedStateHandle? handle)
    {
        if (handle is not null)
        {
            var begin = output.Begin(tag);
            NativeKeyedState.Write(output, handle);
            output.End(begin);
        }
    }

    private static void WriteOperator(NativeOutput output, ushort tag, OperatorStateHandle? handle)
    {
        if (handle is not null)
        {
            var begin = output.Begin(tag);
            NativeOperatorState.Write(output, handle);
            output.End(begin);
        }
    }

    /// <summary>What was read of a subtask so far.</summary>
    private struct Parts
    {
        public KeyedStateHandle? ManagedKeyed;
        public KeyedStateHandle? RawKeyed;
        public OperatorStateHandle? ManagedOperator;
        public OperatorStateHandle? RawOperator;
        public StreamStateHandle? Legacy;
        public ChainState? Chain;
        public bool IsFinished;
        public CheckpointId? Reference;
        public List<ChannelStateHandle>? Input;
        public List<ChannelStateHandle>? Output;
        public List<OpaqueRecord>? Unknown;

        internal void Read(ushort tag, ref NativeInput record)
        {
            switch (tag)
            {
                case NativeTags.ManagedKeyed:
                    record.RefuseSecond(ManagedKeyed is not null, "managed keyed state");
                    ManagedKeyed = NativeKeyedState.Read(ref record);
                    break;
                case NativeTags.RawKeyed:
                    record.RefuseSecond(RawKeyed is not null, "raw keyed state");
                    RawKeyed = NativeKeyedState.Read(ref record);
                    break;
                case NativeTags.ManagedOperator:
                    record.RefuseSecond(ManagedOperator is not null, "managed operator state");
                    ManagedOperator = NativeOperatorState.Read(ref record);
                    break;
                case NativeTags.RawOperator:
                    record.RefuseSecond(RawOperator is not null, "raw operator state");
                    RawOperator = NativeOperatorState.Read(ref record);
                    break;
                case NativeTags.Legacy:
                    record.RefuseSecond(Legacy is not null, "legacy state");
                    Legacy = NativeStreams.Read(ref record, depth: 0);
                    break;
                case NativeTags.Chain:
                    record.RefuseSecond(Chain is not null, "the states of a chain");
                    Chain = NativeChains.Read(ref record);
                    break;
                case NativeTags.Finished:
                    record.RefuseSecond(IsFinished, "the mark of a finished subtask");
                    IsFinished = true;
                    break;
                case NativeTags.Reference:
                    record.RefuseSecond(Reference is not null, "a reference to a checkpoint");
                    Reference = new(record.ReadInt64("the checkpoint referred to"));
                    break;
                case NativeTags.InputChannel:
                    (Input ??= []).Add(NativeChannels.Read(ref record));
                    break;
                case NativeTags.OutputChannel:
                    (Output ??= []).Add(NativeChannels.Read(ref record));
                    break;
                default:
                    record.Keep(tag, "a subtask", ref Unknown);
                    break;
            }
        }
    }
}
