namespace Checkpointing.Testing.Operators;

/// <summary>An operator gives something else after crashes than without, or does what it must not do. The message says
/// what the first difference is, what the run was, and how to replay it.</summary>
/// <param name="seed">The seed of the run.</param>
/// <param name="message">What happened.</param>
/// <param name="innerException">What the operator or the harness threw; null: the outcome differs.</param>
public sealed class ExactlyOnceException(int seed, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The seed of the run. To replay it: this as <see cref="ExactlyOnceOptions{TKey, TIn, TOut}.FirstSeed"/>,
    /// 1 as <see cref="ExactlyOnceOptions{TKey, TIn, TOut}.Seeds"/>, the other settings and the records as they
    /// were.</summary>
    public int Seed { get; } = seed;
}
