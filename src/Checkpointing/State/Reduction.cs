namespace Checkpointing.State;

/// <summary>A built-in way to fold elements into one value, which a backend may do without reading.</summary>
/// <remarks>Values are stored as the built-in serializer of their type stores them, as if each sum were put; so a state
/// may change between a reduction and a function of the program, or another reduction, between two runs. Integers wrap
/// around. Doubles are folded in the order in which they were added, to the last bit.</remarks>
public abstract class Reduction
{
    private protected Reduction(string id) => Id = id;

    /// <summary>Stable name, for example <c>int64.sum</c>; backends know reductions by it.</summary>
    public string Id { get; }

    /// <summary>Sum; wraps around.</summary>
    public static Reduction<int> SumOfInt32 { get; } = new("int32.sum", static (sum, next) => unchecked(sum + next));

    /// <summary>Sum; wraps around. For counting add 1.</summary>
    public static Reduction<long> SumOfInt64 { get; } = new("int64.sum", static (sum, next) => unchecked(sum + next));

    /// <summary>Sum, in the order of adding.</summary>
    public static Reduction<double> SumOfDouble { get; } = new("double.sum", static (sum, next) => sum + next);

    /// <summary>Smallest.</summary>
    public static Reduction<int> MinOfInt32 { get; } = new("int32.min", Math.Min);

    /// <summary>Smallest.</summary>
    public static Reduction<long> MinOfInt64 { get; } = new("int64.min", Math.Min);

    /// <summary>Smallest; NaN if any is, and -0 before 0.</summary>
    public static Reduction<double> MinOfDouble { get; } = new("double.min", Math.Min);

    /// <summary>Largest.</summary>
    public static Reduction<int> MaxOfInt32 { get; } = new("int32.max", Math.Max);

    /// <summary>Largest.</summary>
    public static Reduction<long> MaxOfInt64 { get; } = new("int64.max", Math.Max);

    /// <summary>Largest; NaN if any is, and 0 before -0.</summary>
    public static Reduction<double> MaxOfDouble { get; } = new("double.max", Math.Max);

    /// <summary>Every bit that is set in any.</summary>
    public static Reduction<long> OrOfInt64 { get; } = new("int64.or", static (bits, next) => bits | next);
}

/// <summary>A built-in reduction of values of one type.</summary>
public sealed class Reduction<T> : Reduction
{
    internal Reduction(string id, Func<T, T, T> fold)
        : base(id) => Fold = fold;

    /// <summary>Takes the value and an element, gives the new value.</summary>
    public Func<T, T, T> Fold { get; }
}
