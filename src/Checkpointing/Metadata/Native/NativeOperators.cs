using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Records of operators in version 1001.</summary>
internal static class NativeOperators
{
    internal static OperatorCheckpoint Read(ref NativeInput body)
    {
        var id = body.ReadOperatorId();
        var offset = body.Position;
        var parallelism = body.ReadInt32("the parallelism");
        var maxParallelism = body.ReadInt32("the max parallelism");
        if (MetadataRules.ProblemWithParallelism(parallelism, maxParallelism) is { } problem)
        {
            throw body.Corrupt(offset, "parallelism and max parallelism", problem);
        }

        string? name = null;
        string? uid = null;
        List<StateDescription>? states = null;
        List<SubtaskCheckpoint>? subtasks = null;
        ByteStreamStateHandle? coordinatorState = null;
        var isFullyFinished = false;
        int? chainLength = null;
        List<OpaqueRecord>? unknown = null;
        while (body.TryReadRecord(out var tag, out var record))
        {
            switch (tag)
            {
                case NativeTags.OperatorName:
                    record.RefuseSecond(name is not null, "an operator's name");
                    name = record.ReadTextToEnd("an operator's name");
                    break;
                case NativeTags.OperatorUid:
                    record.RefuseSecond(uid is not null, "an operator's uid");
                    uid = record.ReadTextToEnd("an operator's uid");
                    break;
                case NativeTags.State:
                    (states ??= []).Add(NativeStates.Read(ref record));
                    break;
                case NativeTags.Subtask:
                    (subtasks ??= []).Add(NativeSubtasks.Read(ref record));
                    break;
                case NativeTags.CoordinatorState:
                    record.RefuseSecond(coordinatorState is not null, "an operator coordinator's state");
                    coordinatorState = NativeStreams.ReadInline(ref record, "an operator coordinator's state");
                    break;
                case NativeTags.FullyFinished:
                    record.RefuseSecond(isFullyFinished, "the mark of a finished operator");
                    isFullyFinished = true;
                    break;
                case NativeTags.ChainLength:
                    record.RefuseSecond(chainLength is not null, "the length of a chain");
                    chainLength = record.ReadInt32("the length of a chain");
                    break;
                default:
                    record.Keep(tag, "an operator", ref unknown);
                    break;
            }

            record.ExpectEnd("a part of an operator");
        }

        var list = subtasks.Own();
        if (MetadataRules.FindBadSubtask(list.Items.AsSpan(), parallelism) is { } bad)
        {
            throw body.Corrupt(offset, $"each subtask from 0 to {parallelism - 1} at most once", bad);
        }

        var one = new OperatorCheckpoint(id, parallelism, maxParallelism, list)
        {
            Name = name,
            Uid = uid,
            States = states.Own(),
            CoordinatorState = coordinatorState,
            IsFullyFinished = isFullyFinished,
            ChainLength = chainLength,
            UnknownRecords = unknown.Own(),
        };
        return MetadataRules.ProblemWithFinished(one) is { } finished
            ? throw body.Corrupt(offset, "finished operators and subtasks without state", finished)
            : one;
    }

    internal static void Write(NativeOutput output, OperatorCheckpoint one)
    {
        output.Enter(one);
        var begin = output.Begin(NativeTags.Operator);
        output.WriteOperatorId(one.Id);
        output.WriteInt32(one.Parallelism);
        output.WriteInt32(one.MaxParallelism);
        output.WriteTextRecord(NativeTags.OperatorName, one.Name);
        output.WriteTextRecord(NativeTags.OperatorUid, one.Uid);
        if (one.ChainLength is { } chainLength)
        {
            var chainBegin = output.Begin(NativeTags.ChainLength);
            output.WriteInt32(chainLength);
            output.End(chainBegin);
        }

        output.WriteMark(NativeTags.FullyFinished, one.IsFullyFinished);
        if (one.CoordinatorState is { } coordinatorState)
        {
            var stateBegin = output.Begin(NativeTags.CoordinatorState);
            NativeStreams.Write(output, coordinatorState, depth: 0);
            output.End(stateBegin);
        }

        foreach (var state in one.States)
        {
            NativeStates.Write(output, state);
        }

        foreach (var subtask in one.Subtasks)
        {
            output.Enter(one, subtask.Index);
            NativeSubtasks.Write(output, subtask);
        }

        output.WriteUnknown(one.UnknownRecords);
        output.End(begin);
    }
}
