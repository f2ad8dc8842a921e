using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Metadata;

/// <summary>A handle, and whether an operator wrote its state itself.</summary>
internal readonly record struct MarkedHandle<T>(T Handle, bool IsRaw);

/// <summary>The handles of a subtask by kind, those of Flink's chains among them.</summary>
/// <param name="Subtask">The subtask.</param>
internal sealed record SubtaskHandles(SubtaskCheckpoint Subtask)
{
    /// <summary>Keyed state, the backend's first.</summary>
    public IEnumerable<MarkedHandle<KeyedStateHandle>> Keyed
    {
        get
        {
            if (Subtask.ManagedKeyed is { } managed)
            {
                yield return new(managed, IsRaw: false);
            }

            if (Subtask.RawKeyed is { } raw)
            {
                yield return new(raw, IsRaw: true);
            }
        }
    }

    /// <summary>Operator state, the backend's first; a chain has a slot for each of its operators, empty or
    /// not.</summary>
    public IEnumerable<MarkedHandle<OperatorStateHandle?>> Operator
    {
        get
        {
            var chain = Subtask.Chain;
            var managed = Subtask.ManagedOperator is { } one ? [one] : chain?.ManagedOperator ?? [];
            var raw = Subtask.RawOperator is { } other ? [other] : chain?.RawOperator ?? [];
            return managed.Select(static handle => new MarkedHandle<OperatorStateHandle?>(handle, IsRaw: false))
                .Concat(raw.Select(static handle => new MarkedHandle<OperatorStateHandle?>(handle, IsRaw: true)));
        }
    }

    /// <summary>State of the interface before Flink 1.2; of a chain with its empty slots.</summary>
    public IReadOnlyList<StreamStateHandle?> Legacy =>
        Subtask.Legacy is { } one ? [one] : Subtask.Chain is { } chain ? [.. chain.Legacy] : [];
}
