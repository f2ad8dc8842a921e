using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares one value a key into which elements of the same type are folded.</summary>
public sealed class ReducingStateDescriptor<T> : StateDescriptor
{
    private readonly StateSerializer<T>? _serializer;

    /// <summary>Folds by a function: adding an element reads the value and puts the new one.</summary>
    /// <param name="name">Name, unique within the operator.</param>
    /// <param name="reduce">Takes the value and an element, gives the new value. Pure and associative.</param>
    /// <param name="serializer">Null: the built-in one of exactly this type.</param>
    public ReducingStateDescriptor(string name, Func<T, T, T> reduce, StateSerializer<T>? serializer = null)
        : base(name, StateKind.Reducing)
    {
        Reduce = reduce ?? throw new ArgumentNullException(nameof(reduce));
        _serializer = serializer;
    }

    /// <summary>Folds by a built-in reduction: where the backend can, as RocksDB does, adding an element reads nothing,
    /// which pays for state that is larger than memory and added to more often than read. With a time to live it reads
    /// and puts all the same, as each value has one time.</summary>
    /// <param name="name">Name, unique within the operator.</param>
    /// <param name="reduction">For example <see cref="Reduction.SumOfInt64"/>.</param>
    public ReducingStateDescriptor(string name, Reduction<T> reduction)
        : base(name, StateKind.Reducing)
    {
        BuiltIn = reduction ?? throw new ArgumentNullException(nameof(reduction));
        Reduce = reduction.Fold;
    }

    /// <summary>Folds an element into the value.</summary>
    public Func<T, T, T> Reduce { get; }

    /// <inheritdoc/>
    public override StateSerializer Value => ValueSerializer;

    /// <inheritdoc/>
    internal override Reduction? BuiltIn { get; }

    internal StateSerializer<T> ValueSerializer => Resolve(_serializer);
}
