using System.Buffers.Binary;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Torture.States;

/// <summary>One declared state of a history. Each operation is carried out twice, on a typed state and on the model,
/// and answers with a text; the two are to be equal.</summary>
internal abstract class HistoryState
{
    private protected HistoryState(StateDescriptor descriptor) => Descriptor = descriptor;

    internal StateDescriptor Descriptor { get; }

    internal bool HasNamespace => Descriptor.Namespace is not null;

    private protected virtual bool IsMap => false;

    /// <summary>Makes a state; the same shape and name give the same state again, but for its time to live.</summary>
    internal static HistoryState Create(string name, StateKind kind, bool hasNamespace, TimeToLive? ttl)
    {
        var space = hasNamespace ? StateSerializer.Int32 : null;
        return kind switch
        {
            StateKind.Value => new ValueHistory(new(name) { Namespace = space, TimeToLive = ttl }),
            StateKind.List => new ListHistory(new(name) { Namespace = space, TimeToLive = ttl }),
            StateKind.Map => new MapHistory(new(name) { Namespace = space, TimeToLive = ttl }),
            StateKind.Reducing => new ReducingHistory(
                new(name, static (left, right) => left + right) { Namespace = space, TimeToLive = ttl }),
            StateKind.Aggregating => new AggregatingHistory(
                new(name, new Statistics()) { Namespace = space, TimeToLive = ttl }),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such state by key."),
        };
    }

    /// <summary>Does it on the typed state, within the scopes that it needs.</summary>
    internal string Apply(KeyedState<string> keyed, StateOperation operation)
    {
        using var scope = keyed.EnterKey(operation.Key);
        if (!HasNamespace)
        {
            return ApplyInScope(keyed, operation);
        }

        using var space = keyed.EnterNamespace(operation.Namespace);
        return ApplyInScope(keyed, operation);
    }

    /// <summary>Does it on the model.</summary>
    internal string Apply(ModelRows rows, StateOperation operation) =>
        Apply(rows, operation.RowOf(HasNamespace, IsMap), operation);

    /// <summary>All that a walk over the whole state shows, with its key group.</summary>
    internal abstract IEnumerable<(int KeyGroup, ModelRow Row, string Text)> ReadAll(KeyedState<string> keyed);

    private protected abstract string ApplyInScope(KeyedState<string> keyed, StateOperation operation);

    private protected abstract string Apply(ModelRows rows, ModelRow row, StateOperation operation);

    private protected static (int KeyGroup, ModelRow Row, string Text) RowOf<T>(
        KeyedStateEntry<string, T> entry, string text, int mapKey = 0) => (
            entry.KeyGroup,
            new(
                entry.Key,
                entry.Namespace.IsEmpty ? -1 : BinaryPrimitives.ReadInt32LittleEndian(entry.Namespace.Span), mapKey),
            text);

    private protected static string Join(IEnumerable<string> texts) => string.Join('\n', texts.Prepend("list"));

    private protected static string First(List<string> texts) => texts.Count > 0 ? texts[0] : "nothing";
}
