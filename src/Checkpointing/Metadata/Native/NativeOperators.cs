using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Records of operators, their states and their subtasks in version 1001.</summary>
internal static class NativeOperators
{
    private const byte HasKey = 1;
    private const byte HasNamespace = 2;
    private const byte HasUserKey = 4;
    private const byte HasValue = 8;

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
        List<StateDescription>? states = null;
        List<SubtaskCheckpoint>? subtasks = null;
        while (body.TryReadRecord(out var tag, out var record))
        {
            switch (tag)
            {
                case NativeTags.OperatorName when name is null:
                    name = record.ReadTextToEnd("an operator's name");
                    break;
                case NativeTags.State:
                    (states ??= []).Add(ReadState(ref record));
                    break;
                case NativeTags.Subtask:
                    (subtasks ??= []).Add(ReadSubtask(ref record));
                    break;
                case NativeTags.OperatorName:
                    throw record.Corrupt(record.Position, "one name an operator", "a second one");
                default:
                    record.RefuseIfRequired(tag, "an operator");
                    break;
            }
        }

        ValueList<SubtaskCheckpoint> list = subtasks?.ToValueList() ?? default;
        if (MetadataRules.FindBadSubtask(list.Items.AsSpan(), parallelism) is { } bad)
        {
            throw body.Corrupt(offset, $"each subtask from 0 to {parallelism - 1} at most once", bad);
        }

        return new(id, parallelism, maxParallelism, list) { Name = name, States = states?.ToValueList() ?? default };
    }

    internal static void Write(NativeOutput output, OperatorCheckpoint one)
    {
        var begin = output.Begin(NativeTags.Operator);
        output.WriteOperatorId(one.Id);
        output.WriteInt32(one.Parallelism);
        output.WriteInt32(one.MaxParallelism);
        if (one.Name is { } name)
        {
            var nameBegin = output.Begin(NativeTags.OperatorName);
            output.WriteTextOnly(name);
            output.End(nameBegin);
        }

        foreach (var state in one.States)
        {
            WriteState(output, state);
        }

        foreach (var subtask in one.Subtasks)
        {
            WriteSubtask(output, subtask);
        }

        output.End(begin);
    }

    private static StateDescription ReadState(ref NativeInput body)
    {
        var name = body.ReadText("a state's name");
        var offset = body.Position;
        var kind = (StateKind)body.ReadByte("a state's kind");
        if (kind is < StateKind.Value or > StateKind.OperatorList)
        {
            throw body.Unsupported($"state '{name}' of kind {(int)kind} at byte {offset}",
                "kinds 1 to 7; use a newer library");
        }

        var parts = body.ReadByte("which serializers a state has");
        if (parts >= 2 * HasValue)
        {
            throw body.Unsupported(
                $"state '{name}' with serializers 0x{parts:x2} at byte {offset + 1}",
                "bits 0 to 3; use a newer library");
        }

        var state = new StateDescription(
            name,
            kind,
            ReadSerializer(ref body, (parts & HasKey) != 0),
            ReadSerializer(ref body, (parts & HasNamespace) != 0),
            ReadSerializer(ref body, (parts & HasUserKey) != 0),
            ReadSerializer(ref body, (parts & HasValue) != 0));
        body.ExpectEnd("a state");
        return state;
    }

    private static void WriteState(NativeOutput output, StateDescription state)
    {
        var begin = output.Begin(NativeTags.State);
        output.WriteText(state.Name);
        output.WriteCode((int)state.Kind, (int)StateKind.Value, (int)StateKind.OperatorList, "kind of state");
        output.WriteByte((byte)((state.Key is null ? 0 : HasKey) | (state.Namespace is null ? 0 : HasNamespace)
            | (state.UserKey is null ? 0 : HasUserKey) | (state.Value is null ? 0 : HasValue)));
        WriteSerializer(output, state.Key);
        WriteSerializer(output, state.Namespace);
        WriteSerializer(output, state.UserKey);
        WriteSerializer(output, state.Value);
        output.End(begin);
    }

    private static SerializerIdentity? ReadSerializer(ref NativeInput body, bool isThere) => isThere
        ? new(
            body.ReadText("a serializer's id"),
            body.ReadInt32("a serializer's version"),
            body.ReadInt64("a fingerprint"))
        : null;

    private static void WriteSerializer(NativeOutput output, SerializerIdentity? serializer)
    {
        if (serializer is not null)
        {
            output.WriteText(serializer.Id);
            output.WriteInt32(serializer.Version);
            output.WriteInt64(serializer.SchemaFingerprint);
        }
    }

    private static SubtaskCheckpoint ReadSubtask(ref NativeInput body)
    {
        var subtask = new SubtaskCheckpoint(body.ReadInt32("the index of a subtask"));
        var seen = 0;
        while (body.TryReadRecord(out var tag, out var record))
        {
            if (tag is < NativeTags.ManagedKeyed or > NativeTags.Legacy)
            {
                record.RefuseIfRequired(tag, "a subtask");
                continue;
            }

            var bit = 1 << (tag - NativeTags.ManagedKeyed);
            if ((seen & bit) != 0)
            {
                throw record.Corrupt(record.Position, "each kind of state of a subtask once",
                    $"a second record 0x{tag:x4}");
            }

            seen |= bit;
            subtask = tag switch
            {
                NativeTags.ManagedKeyed => subtask with { ManagedKeyed = NativeKeyedState.Read(ref record) },
                NativeTags.RawKeyed => subtask with { RawKeyed = NativeKeyedState.Read(ref record) },
                NativeTags.ManagedOperator => subtask with { ManagedOperator = NativeOperatorState.Read(ref record) },
                NativeTags.RawOperator => subtask with { RawOperator = NativeOperatorState.Read(ref record) },
                _ => subtask with { Legacy = NativeStreams.Read(ref record, depth: 0) },
            };
            record.ExpectEnd("a subtask's state");
        }

        return subtask;
    }

    private static void WriteSubtask(NativeOutput output, SubtaskCheckpoint subtask)
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
}
