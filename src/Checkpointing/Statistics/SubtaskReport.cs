using Checkpointing.StateHandles;

namespace Checkpointing.Statistics;

/// <summary>What one subtask did for one checkpoint.</summary>
/// <param name="Operator">Name of the operator.</param>
/// <param name="Index">The subtask, from 0.</param>
/// <param name="AcknowledgedAfter">From the trigger to the coordinator's receipt of the acknowledgement.</param>
/// <param name="Times">What its parts took.</param>
/// <param name="StateSizeBytes">Bytes of its state in the checkpoint, what is used again included.</param>
/// <param name="Cost">What was stored, what was used again, and how files got to their place.</param>
public sealed record SubtaskReport(
    string Operator, int Index, TimeSpan AcknowledgedAfter, SnapshotTimes Times, long StateSizeBytes, SnapshotCost Cost)
{
    /// <summary>For example <c>totals[1]</c>.</summary>
    public override string ToString() => $"{Operator}[{Index}]";
}
