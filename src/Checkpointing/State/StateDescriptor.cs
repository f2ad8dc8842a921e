using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares a state: name, kind, serializers. Immutable, does no I/O, shared by all subtasks.</summary>
public abstract class StateDescriptor
{
    private protected StateDescriptor(string name, StateKind kind)
    {
        Name = NameRules.Check(name, "A state name", nameof(name));
        Kind = kind;
    }

    /// <summary>Name, unique within the operator; its identity across versions of the program.</summary>
    public string Name { get; }

    /// <summary>The kind.</summary>
    public StateKind Kind { get; }

    /// <summary>Serializer of the namespace (for example a window); null: the state has none. Set it for state that is
    /// kept a window.</summary>
    public StateSerializer? Namespace { get; init; }

    /// <summary>How long what is written lives; null, the default: until it is removed. May be set, taken away and
    /// changed between two runs: on restore, stored values get the time of the restore as their stamp, or lose
    /// it.</summary>
    /// <exception cref="InvalidOperationException">Operator state does not expire.</exception>
    public TimeToLive? TimeToLive
    {
        get;
        init => field = value is null || StateExpiry.IsPossible(Kind)
            ? value
            : throw new InvalidOperationException($"State '{Name}' is operator state, which has no time to live.");
    }

    /// <summary>Serializer of values, elements or accumulators.</summary>
    /// <exception cref="InvalidOperationException">None was given, and there is no built-in one of the
    /// type.</exception>
    public abstract StateSerializer Value { get; }

    /// <summary>Serializer of a map's keys; null for other kinds.</summary>
    public virtual StateSerializer? UserKey => null;

    /// <summary>Whether it belongs to the operator, and to no key.</summary>
    internal bool IsOfOperator => IsKindOfOperator(Kind);

    /// <summary>The built-in reduction that folds values; null: another kind, or a function of the program.</summary>
    internal virtual Reduction? BuiltIn => null;

    /// <summary>What is stored about the state.</summary>
    /// <param name="key">The key's serializer; null for operator state.</param>
    /// <exception cref="InvalidOperationException">A serializer is missing.</exception>
    public StateDescription Describe(StateSerializer? key) => new(
        Name, Kind, IsOfOperator ? null : key?.Identity, Namespace?.Identity, UserKey?.Identity,
        Kind == StateKind.Timer ? null : Value.Identity)
    {
        IsStamped = TimeToLive is not null,
    };

    /// <summary>Whether states of a kind belong to the operator, and to no key.</summary>
    internal static bool IsKindOfOperator(StateKind kind) => kind is StateKind.OperatorList or StateKind.Broadcast;

    private protected StateSerializer<T> Resolve<T>(StateSerializer<T>? given) =>
        given is not null || StateSerializer.TryGetBuiltIn(out given)
            ? given
            : throw new InvalidOperationException(
                $"State '{Name}' has no serializer of {typeof(T)}, and there is no built-in one. Pass one to the "
                + "descriptor.");
}
