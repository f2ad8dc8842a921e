using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>A record that an operator has emitted.</summary>
/// <param name="Value">The record.</param>
/// <param name="Time">Its event time.</param>
public readonly record struct EmittedRecord<T>(T Value, Timestamp Time);
