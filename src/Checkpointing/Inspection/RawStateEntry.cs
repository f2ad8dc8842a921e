namespace Checkpointing.Inspection;

/// <summary>One stored row of a keyed state, as bytes.</summary>
/// <param name="KeyGroup">The key's group.</param>
/// <param name="Key">The key.</param>
/// <param name="Namespace">The namespace; empty without.</param>
/// <param name="UserKey">A map's key, or a timer's time (8 bytes, milliseconds, little-endian); empty
/// otherwise.</param>
/// <param name="Value">The value as it is stored: behind its stamp of 8 bytes where the state has a time to live; of a
/// list all elements, each behind its length; empty for a timer.</param>
public readonly record struct RawStateEntry(
    int KeyGroup,
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Namespace,
    ReadOnlyMemory<byte> UserKey,
    ReadOnlyMemory<byte> Value);
