using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>The body of version 3 with the additions of a later version. What is accepted is written again byte for
/// byte.</summary>
internal static class FlinkBody
{
    private const int FullyFinished = -1;

    // Id, two parallelisms, the tag of the coordinator's state, the number of subtasks.
    private const int SmallestOperatorBytes = OperatorId.Size + (3 * sizeof(int)) + 1;

    // A finished subtask is its index alone.
    private const int SmallestIndexedSubtaskBytes = sizeof(int);

    internal static CheckpointMetadata Read(ReadOnlySpan<byte> source, int start, FlinkLayout layout, string path)
    {
        var input = FlinkInput.Open(source, start, (int)layout.Format, path);
        try
        {
            return Read(ref input, layout);
        }
        catch (CheckpointCorruptException exception)
            when (input.HasChangelog && layout.Format == MetadataFormat.FlinkV3)
        {
            throw new CheckpointCorruptException(
                path,
                exception.Offset,
                exception.Expected,
                $"{exception.Actual} (the file holds a changelog: Flink 1.14 wrote those in a layout that no later"
                + " version reads)");
        }
    }

    internal static void Write(CheckpointMetadata metadata, MetadataOutput bytes, FlinkLayout layout, string path)
    {
        var output = new FlinkOutput(bytes, (int)layout.Format, metadata.Spellings, path);
        output.WriteInt64(metadata.CheckpointId.Value);
        FlinkMasterStates.Write(output, metadata.MasterStates);
        output.WriteInt32(metadata.Operators.Count);
        foreach (var one in metadata.Operators)
        {
            output.Enter(one);
            WriteOperator(output, one, layout);
        }

        if (layout.HasProperties)
        {
            output.WriteProperties(metadata.FlinkProperties);
        }
    }

    private static CheckpointMetadata Read(ref FlinkInput input, FlinkLayout layout)
    {
        var id = input.ReadCheckpointId();
        var masterStates = FlinkMasterStates.Read(ref input);
        var operators = new OperatorCheckpoint[input.ReadCount(SmallestOperatorBytes, "operators")];
        for (var i = 0; i < operators.Length; i++)
        {
            operators[i] = ReadOperator(ref input, layout);
        }

        var properties = layout.HasProperties ? input.ReadProperties() : null;
        input.ExpectEnd("the file");
        return new(id, masterStates, MetadataInput.Own(operators))
        {
            FlinkProperties = properties,
            Spellings = input.Spellings,
        };
    }

    private static OperatorCheckpoint ReadOperator(ref FlinkInput input, FlinkLayout layout)
    {
        var name = layout.HasNames ? input.ReadNullableText("an operator's name") : null;
        var uid = layout.HasNames ? input.ReadNullableText("an operator's uid") : null;
        var id = input.ReadOperatorId();
        var (parallelism, maxParallelism) = input.ReadParallelism(out var offset);
        var stateOffset = input.Position;
        var coordinatorState = FlinkStreamHandles.ReadOptionalBytes(ref input, "an operator coordinator's state");
        var subtasks = ReadSubtasks(ref input, layout, out var isFullyFinished);
        if (isFullyFinished && coordinatorState is not null)
        {
            throw input.Corrupt(stateOffset, "no coordinator state of an operator that has finished", "one");
        }

        input.CheckSubtasks(subtasks, parallelism, offset);
        return new(id, parallelism, maxParallelism, MetadataInput.Own(subtasks))
        {
            Name = name,
            Uid = uid,
            CoordinatorState = coordinatorState,
            IsFullyFinished = isFullyFinished,
        };
    }

    private static SubtaskCheckpoint[] ReadSubtasks(
        ref FlinkInput input, FlinkLayout layout, out bool isFullyFinished)
    {
        var count = input.ReadCountOr(FullyFinished, SmallestIndexedSubtaskBytes, "subtasks");
        isFullyFinished = count == FullyFinished;
        if (isFullyFinished)
        {
            return [];
        }

        var subtasks = new SubtaskCheckpoint[count];
        for (var i = 0; i < count; i++)
        {
            var index = input.ReadInt32("the index of a subtask");
            subtasks[i] = index < 0 ? new(~index) { IsFinished = true } : ReadSubtask(ref input, index, layout);
        }

        return subtasks;
    }

    private static SubtaskCheckpoint ReadSubtask(ref FlinkInput input, int index, FlinkLayout layout) => new(index)
    {
        ManagedOperator = input.ReadFlag("managed operator state") ? FlinkOperatorHandles.Read(ref input) : null,
        RawOperator = input.ReadFlag("raw operator state") ? FlinkOperatorHandles.Read(ref input) : null,
        ManagedKeyed = FlinkKeyedHandles.Read(ref input),
        RawKeyed = FlinkKeyedHandles.Read(ref input),
        InputChannels = FlinkChannelHandles.Read(ref input, layout.HasChannelKinds, isInput: true),
        OutputChannels = FlinkChannelHandles.Read(ref input, layout.HasChannelKinds, isInput: false),
        ReferenceCheckpointId = layout.HasReferences && input.ReadBoolean("whether a checkpoint is referred to")
            ? new CheckpointId(input.ReadInt64("the checkpoint referred to"))
            : null,
    };

    private static void WriteOperator(FlinkOutput output, OperatorCheckpoint one, FlinkLayout layout)
    {
        FlinkRefusals.CheckNoChain(output, one);
        if (layout.HasNames)
        {
            output.WriteNullableText(one.Name, "name of an operator");
            output.WriteNullableText(one.Uid, "uid of an operator");
        }

        output.WriteOperatorId(one.Id);
        output.WriteInt32(one.Parallelism);
        output.WriteInt32(one.MaxParallelism);
        FlinkStreamHandles.Write(output, one.CoordinatorState);
        output.WriteInt32(one.IsFullyFinished ? FullyFinished : one.Subtasks.Count);
        foreach (var subtask in one.Subtasks)
        {
            output.Enter(one, subtask.Index);
            WriteSubtask(output, subtask, layout);
        }
    }

    private static void WriteSubtask(FlinkOutput output, SubtaskCheckpoint subtask, FlinkLayout layout)
    {
        FlinkRefusals.CheckNoReference(output, subtask);
        if (subtask.Legacy is not null)
        {
            throw output.Refuse("state of the interface before Flink 1.2", "keyed, operator and channel state");
        }

        if (subtask.IsFinished)
        {
            output.WriteInt32(~subtask.Index);
            return;
        }

        output.WriteInt32(subtask.Index);
        FlinkOperatorHandles.WriteFlagged(output, subtask.ManagedOperator);
        FlinkOperatorHandles.WriteFlagged(output, subtask.RawOperator);
        FlinkKeyedHandles.Write(output, subtask.ManagedKeyed);
        FlinkKeyedHandles.Write(output, subtask.RawKeyed);
        FlinkChannelHandles.Write(output, subtask.InputChannels, layout.HasChannelKinds, isInput: true);
        FlinkChannelHandles.Write(output, subtask.OutputChannels, layout.HasChannelKinds, isInput: false);
    }
}
