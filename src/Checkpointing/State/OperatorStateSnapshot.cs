using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>Writes the states of an operator as they were when the snapshot was prepared.</summary>
internal sealed class OperatorStateSnapshot
{
    /// <summary>Largest stream that is kept in the metadata itself, in bytes.</summary>
    internal const int MaxInlineSize = 20 * 1024;

    private readonly IReadOnlyList<(StateDescription State, OperatorStateMode Mode, IOperatorStateSnapshot Items)>
        _states;

    /// <summary>The synchronous part.</summary>
    internal OperatorStateSnapshot(OperatorState state) => _states =
    [
        .. state.States.Select(static one => (one.Descriptor.Describe(null), one.Mode, one.TakeSnapshot())),
    ];

    /// <summary>The file that was made, if one was.</summary>
    internal string? Path { get; private set; }

    /// <returns>Null if there are no items.</returns>
    internal async ValueTask<OperatorStateHandle?> WriteAsync(
        SubtaskStateContext context, SnapshotRequest request, CancellationToken cancellationToken)
    {
        if (_states.All(static one => one.Items.Count == 0))
        {
            return null;
        }

        var (stream, partitions) = OperatorStateFormat.Write(_states);
        if (stream.Length <= MaxInlineSize)
        {
            return new(
                partitions, new ByteStreamStateHandle($"{context.Operator}[{context.SubtaskIndex}]", [.. stream]));
        }

        var path = request.NewExclusivePath(context.Ids);
        Path = path;
        using var span = CheckpointingSpans.StartTransfer(path, stream.Length);
        var digest = await context.Storage.WriteAllAsync(path, stream, cancellationToken).ConfigureAwait(false);
        return new(partitions, request.NewExclusiveHandle(path, stream.Length, digest));
    }
}
