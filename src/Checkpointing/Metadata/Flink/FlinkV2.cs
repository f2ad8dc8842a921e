using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Version 2: Flink 1.3 to 1.10. What is accepted is written again byte for byte.</summary>
/// <remarks>Stricter than Flink where Flink ignores what it reads: fixed fields must have the value that Flink
/// writes, and nothing may follow the last operator. A range of no key groups is written with start 0, as Flink
/// does.</remarks>
internal static class FlinkV2
{
    private const int Version = (int)MetadataFormat.FlinkV2;

    // Each field was the length of something in version 1.
    private const int ChainLength = 1;
    private const long Duration = -1;

    private const int SmallestSubtaskBytes = sizeof(int) + sizeof(long) + (3 * sizeof(int)) + 2;
    private const int SmallestOperatorBytes = OperatorId.Size + (4 * sizeof(int));

    internal static CheckpointMetadata Read(ReadOnlySpan<byte> source, int start, string path)
    {
        var bytes = new MetadataInput(source, path);
        _ = bytes.Take(start, "the header");
        var input = new FlinkInput(bytes, Version);
        var id = input.ReadInt64("the checkpoint's id");
        if (id < 0)
        {
            throw input.Corrupt(start, "a checkpoint's id from 0", $"{id}");
        }

        var masterStates = FlinkMasterStates.Read(ref input);
        var operators = new OperatorCheckpoint[input.ReadCount(SmallestOperatorBytes, "operators")];
        for (var i = 0; i < operators.Length; i++)
        {
            operators[i] = ReadOperator(ref input);
        }

        input.ExpectEnd("the file");
        return new(new(id), masterStates, MetadataInput.Own(operators)) { Spellings = input.Spellings };
    }

    internal static void Write(CheckpointMetadata metadata, MetadataOutput bytes, string path)
    {
        var output = new FlinkOutput(bytes, Version, metadata.Spellings, path);
        output.WriteInt64(metadata.CheckpointId.Value);
        FlinkMasterStates.Write(output, metadata.MasterStates);
        output.WriteInt32(metadata.Operators.Count);
        foreach (var one in metadata.Operators)
        {
            output.WriteOperatorId(one.Id);
            output.WriteInt32(one.Parallelism);
            output.WriteInt32(one.MaxParallelism);
            output.WriteInt32(ChainLength);
            output.WriteInt32(one.Subtasks.Count);
            foreach (var subtask in one.Subtasks)
            {
                WriteSubtask(output, subtask);
            }
        }
    }

    private static OperatorCheckpoint ReadOperator(ref FlinkInput input)
    {
        var id = input.ReadOperatorId();
        var offset = input.Position;
        var parallelism = input.ReadInt32("the parallelism");
        var maxParallelism = input.ReadInt32("the max parallelism");
        if (MetadataRules.ProblemWithParallelism(parallelism, maxParallelism) is { } problem)
        {
            throw input.Corrupt(offset, "parallelism and max parallelism", problem);
        }

        input.Expect(ChainLength, "the length of the chain");
        var subtasks = new SubtaskCheckpoint[input.ReadCount(SmallestSubtaskBytes, "subtasks")];
        for (var i = 0; i < subtasks.Length; i++)
        {
            subtasks[i] = ReadSubtask(ref input);
        }

        return MetadataRules.FindBadSubtask(subtasks, parallelism) is { } bad
            ? throw input.Corrupt(offset, $"each subtask from 0 to {parallelism - 1} at most once", bad)
            : new(id, parallelism, maxParallelism, MetadataInput.Own(subtasks));
    }

    private static SubtaskCheckpoint ReadSubtask(ref FlinkInput input)
    {
        var index = input.ReadInt32("the index of a subtask");
        var offset = input.Position;
        var duration = input.ReadInt64("the duration");
        if (duration != Duration)
        {
            throw input.Corrupt(offset, $"{Duration} for the duration", $"{duration}");
        }

        return new(index)
        {
            Legacy = input.ReadFlag("legacy state") ? FlinkStreamHandles.Read(ref input, "legacy state") : null,
            ManagedOperator = input.ReadFlag("managed operator state") ? FlinkOperatorHandles.Read(ref input) : null,
            RawOperator = input.ReadFlag("raw operator state") ? FlinkOperatorHandles.Read(ref input) : null,
            ManagedKeyed = FlinkKeyedHandles.Read(ref input),
            RawKeyed = FlinkKeyedHandles.Read(ref input),
        };
    }

    private static void WriteSubtask(FlinkOutput output, SubtaskCheckpoint subtask)
    {
        output.WriteInt32(subtask.Index);
        output.WriteInt64(Duration);
        output.WriteInt32(subtask.Legacy is null ? 0 : 1);
        if (subtask.Legacy is { } legacy)
        {
            FlinkStreamHandles.Write(output, legacy);
        }

        WriteOperatorState(output, subtask.ManagedOperator);
        WriteOperatorState(output, subtask.RawOperator);
        FlinkKeyedHandles.Write(output, subtask.ManagedKeyed);
        FlinkKeyedHandles.Write(output, subtask.RawKeyed);
    }

    private static void WriteOperatorState(FlinkOutput output, OperatorStateHandle? handle)
    {
        output.WriteInt32(handle is null ? 0 : 1);
        if (handle is not null)
        {
            FlinkOperatorHandles.Write(output, handle);
        }
    }
}
