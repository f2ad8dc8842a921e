namespace Checkpointing.State;

/// <summary>One stored value of one key.</summary>
/// <param name="KeyGroup">The key's group.</param>
/// <param name="Key">The key.</param>
/// <param name="Namespace">Bytes of the namespace; empty without.</param>
/// <param name="Value">The value; of a map, one entry.</param>
public readonly record struct KeyedStateEntry<TKey, TValue>(
    int KeyGroup, TKey Key, ReadOnlyMemory<byte> Namespace, TValue Value);
