using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink.V2;

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
        var input = FlinkInput.Open(source, start, Version, path);
        var id = input.ReadCheckpointId();
        var masterStates = FlinkMasterStates.Read(ref input);
        var operators = new OperatorCheckpoint[input.ReadCount(SmallestOperatorBytes, "operators")];
        for (var i = 0; i < operators.Length; i++)
        {
            operators[i] = ReadOperator(ref input);
        }

        input.ExpectEnd("the file");
        return new(id, masterStates, MetadataInput.Own(operators)) { Spellings = input.Spellings };
    }

    internal static void Write(CheckpointMetadata metadata, MetadataOutput bytes, string path)
    {
        var output = new FlinkOutput(bytes, Version, metadata.Spellings, path);
        output.WriteInt64(metadata.CheckpointId.Value);
        FlinkMasterStates.Write(output, metadata.MasterStates);
        output.WriteInt32(metadata.Operators.Count);
        foreach (var one in metadata.Operators)
        {
            output.Enter(one);
            FlinkRefusals.CheckNoChain(output, one);
            FlinkRefusals.CheckNoLaterOperatorParts(output, one);
            output.WriteOperatorId(one.Id);
            output.WriteInt32(one.Parallelism);
            output.WriteInt32(one.MaxParallelism);
            output.WriteInt32(ChainLength);
            output.WriteInt32(one.Subtasks.Count);
            foreach (var subtask in one.Subtasks)
            {
                output.Enter(one, subtask.Index);
                WriteSubtask(output, subtask);
            }
        }
    }

    private static OperatorCheckpoint ReadOperator(ref FlinkInput input)
    {
        var id = input.ReadOperatorId();
        var (parallelism, maxParallelism) = input.ReadParallelism(out var offset);
        input.Expect(ChainLength, "the length of the chain");
        var subtasks = new SubtaskCheckpoint[input.ReadCount(SmallestSubtaskBytes, "subtasks")];
        for (var i = 0; i < subtasks.Length; i++)
        {
            subtasks[i] = ReadSubtask(ref input);
        }

        input.CheckSubtasks(subtasks, parallelism, offset);
        return new(id, parallelism, maxParallelism, MetadataInput.Own(subtasks));
    }

    private static SubtaskCheckpoint ReadSubtask(ref FlinkInput input)
    {
        var index = input.ReadInt32("the index of a subtask");
        input.Expect(Duration, "the duration");
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
        FlinkRefusals.CheckNoLaterSubtaskParts(output, subtask);
        output.WriteInt32(subtask.Index);
        output.WriteInt64(Duration);
        output.WriteFlag(subtask.Legacy is not null);
        if (subtask.Legacy is { } legacy)
        {
            FlinkStreamHandles.Write(output, legacy);
        }

        FlinkOperatorHandles.WriteFlagged(output, subtask.ManagedOperator);
        FlinkOperatorHandles.WriteFlagged(output, subtask.RawOperator);
        FlinkKeyedHandles.Write(output, subtask.ManagedKeyed);
        FlinkKeyedHandles.Write(output, subtask.RawKeyed);
    }
}
