namespace Checkpointing.Metadata.Flink;

/// <summary>State that a version has no room for stops the writing; what only describes is left out.</summary>
internal static class FlinkRefusals
{
    /// <summary>Refuses what operators have from version 3 on.</summary>
    internal static void CheckNoLaterOperatorParts(FlinkOutput output, OperatorCheckpoint one)
    {
        if (one.CoordinatorState is { } state)
        {
            throw output.Refuse($"an operator coordinator's state of {state.SizeBytes} bytes", "states of subtasks");
        }

        if (one.IsFullyFinished)
        {
            throw output.Refuse("an operator that has finished", "operators that run");
        }
    }

    /// <summary>Refuses what subtasks have from version 3 on.</summary>
    internal static void CheckNoLaterSubtaskParts(FlinkOutput output, SubtaskCheckpoint subtask)
    {
        if (subtask.IsFinished)
        {
            throw output.Refuse("a subtask that has finished", "subtasks that run");
        }

        if (subtask.InputChannels.Count + subtask.OutputChannels.Count > 0)
        {
            throw output.Refuse(
                $"channel state ({subtask.InputChannels.Count} handles of input,"
                + $" {subtask.OutputChannels.Count} of output)",
                "aligned checkpoints");
        }

        CheckNoReference(output, subtask);
    }

    /// <summary>Refuses what is in version 1 only.</summary>
    internal static void CheckNoChain(FlinkOutput output, OperatorCheckpoint one)
    {
        if (one.ChainLength is { } length || one.Subtasks.Items.Any(static subtask => subtask.Chain is not null))
        {
            throw output.Refuse($"a task with {one.ChainLength ?? 0} chained operators", "an entry for each operator");
        }
    }

    /// <summary>Refuses what is in version 7 only.</summary>
    internal static void CheckNoReference(FlinkOutput output, SubtaskCheckpoint subtask)
    {
        if (subtask.ReferenceCheckpointId is { } reference)
        {
            throw output.Refuse($"state that checkpoint {reference} holds in part", "state that is whole");
        }
    }
}
