namespace Checkpointing.State;

/// <summary>A timer that is due.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Namespace">Bytes of its namespace; empty without.</param>
/// <param name="Time">Its time.</param>
public readonly record struct DueTimer<TKey>(TKey Key, ReadOnlyMemory<byte> Namespace, Timestamp Time);
