using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink.V1;

/// <summary>Version 1: Flink 1.2. An entry is a task, not an operator: its subtasks hold one slot for each operator
/// chained in it.</summary>
/// <remarks>
/// Which operators these were is not in the file: slot i belongs to operator i of the job's graph, last one first, and
/// keyed state to the first operator of the chain. So the entries are kept as tasks, and other versions of Flink's
/// refuse them.
/// </remarks>
internal static class FlinkV1
{
    private const int Version = (int)MetadataFormat.FlinkV1;

    // Always the same in real files: nobody measured it.
    private const long Duration = -1;

    private const int SmallestSubtaskBytes = sizeof(int) + sizeof(long) + (3 * sizeof(int)) + 2;
    private const int SmallestTaskBytes = OperatorId.Size + (4 * sizeof(int));

    internal static CheckpointMetadata Read(ReadOnlySpan<byte> source, int start, string path)
    {
        var input = FlinkInput.Open(source, start, Version, path);
        var id = input.ReadCheckpointId();
        var tasks = new OperatorCheckpoint[input.ReadCount(SmallestTaskBytes, "tasks")];
        for (var i = 0; i < tasks.Length; i++)
        {
            tasks[i] = ReadTask(ref input);
        }

        input.ExpectEnd("the file");
        return new(id, default, MetadataInput.Own(tasks)) { Spellings = input.Spellings };
    }

    internal static void Write(CheckpointMetadata metadata, MetadataOutput bytes, string path)
    {
        var output = new FlinkOutput(bytes, Version, metadata.Spellings, path);
        if (metadata.MasterStates is [var hook, ..])
        {
            throw output.Refuse($"state of the coordinator's hook '{hook.Name}'", "states of tasks");
        }

        output.WriteInt64(metadata.CheckpointId.Value);
        output.WriteInt32(metadata.Operators.Count);
        foreach (var task in metadata.Operators)
        {
            output.Enter(task);
            if (task.ChainLength is not { } chainLength)
            {
                throw output.Refuse("an operator without the task it is in", "tasks with their chained operators");
            }

            FlinkRefusals.CheckNoLaterOperatorParts(output, task);
            output.WriteOperatorId(task.Id);
            output.WriteInt32(task.Parallelism);
            output.WriteInt32(task.MaxParallelism);
            output.WriteInt32(chainLength);
            output.WriteInt32(task.Subtasks.Count);
            foreach (var subtask in task.Subtasks)
            {
                output.Enter(task, subtask.Index);
                WriteSubtask(output, subtask);
            }
        }
    }

    private static OperatorCheckpoint ReadTask(ref FlinkInput input)
    {
        var id = input.ReadOperatorId();
        var (parallelism, maxParallelism) = input.ReadParallelism(out var offset);
        var chainLength = input.ReadInt32("the length of the chain");
        var subtasks = new SubtaskCheckpoint[input.ReadCount(SmallestSubtaskBytes, "subtasks")];
        for (var i = 0; i < subtasks.Length; i++)
        {
            subtasks[i] = ReadSubtask(ref input);
        }

        input.CheckSubtasks(subtasks, parallelism, offset);
        return new(id, parallelism, maxParallelism, MetadataInput.Own(subtasks)) { ChainLength = chainLength };
    }

    private static SubtaskCheckpoint ReadSubtask(ref FlinkInput input)
    {
        var index = input.ReadInt32("the index of a subtask");
        input.Expect(Duration, "the duration");
        var legacy = new StreamStateHandle?[input.ReadCount(FlinkStreamHandles.SmallestBytes, "legacy states")];
        for (var i = 0; i < legacy.Length; i++)
        {
            legacy[i] = FlinkStreamHandles.ReadOptional(ref input, "legacy state");
        }

        var managed = ReadOperatorStates(ref input);
        var raw = ReadOperatorStates(ref input);
        return new(index)
        {
            Chain = new(MetadataInput.Own(legacy), managed, raw),
            ManagedKeyed = FlinkKeyedHandles.Read(ref input),
            RawKeyed = FlinkKeyedHandles.Read(ref input),
        };
    }

    private static void WriteSubtask(FlinkOutput output, SubtaskCheckpoint subtask)
    {
        if (subtask.Chain is not { } chain)
        {
            throw output.Refuse("state without the chain it is of", "states of chained operators");
        }

        if ((subtask.Legacy ?? (object?)subtask.ManagedOperator ?? subtask.RawOperator) is not null)
        {
            throw output.Refuse("state of one operator beside that of a chain", "states of chained operators");
        }

        FlinkRefusals.CheckNoLaterSubtaskParts(output, subtask);
        output.WriteInt32(subtask.Index);
        output.WriteInt64(Duration);
        output.WriteInt32(chain.Legacy.Count);
        foreach (var legacy in chain.Legacy)
        {
            FlinkStreamHandles.Write(output, legacy);
        }

        WriteOperatorStates(output, chain.ManagedOperator);
        WriteOperatorStates(output, chain.RawOperator);
        FlinkKeyedHandles.Write(output, subtask.ManagedKeyed);
        FlinkKeyedHandles.Write(output, subtask.RawKeyed);
    }

    private static ValueList<OperatorStateHandle?> ReadOperatorStates(ref FlinkInput input)
    {
        var handles = new OperatorStateHandle?[input.ReadCount(1, "operator states")];
        for (var i = 0; i < handles.Length; i++)
        {
            handles[i] = FlinkOperatorHandles.ReadSlot(ref input);
        }

        return MetadataInput.Own(handles);
    }

    private static void WriteOperatorStates(FlinkOutput output, ValueList<OperatorStateHandle?> handles)
    {
        output.WriteInt32(handles.Count);
        foreach (var handle in handles)
        {
            FlinkOperatorHandles.WriteSlot(output, handle);
        }
    }
}
