namespace Checkpointing.StateHandles;

/// <summary>A record of our own metadata format that a newer library wrote and this one need not know: kept as bytes,
/// and written again at the end of what held it.</summary>
/// <param name="Tag">Its tag; the high bit is clear, so a reader may skip it.</param>
/// <param name="Body">Its bytes, without tag and length.</param>
public sealed record OpaqueRecord(ushort Tag, ValueList<byte> Body);
