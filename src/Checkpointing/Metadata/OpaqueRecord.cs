using Checkpointing.StateHandles;

namespace Checkpointing.Metadata;

/// <summary>A record of our own format that is kept as bytes.</summary>
/// <param name="Tag">Its tag; the high bit is clear, so a reader may skip it.</param>
/// <param name="Body">Its bytes, without tag and length.</param>
public sealed record OpaqueRecord(ushort Tag, ValueList<byte> Body);
