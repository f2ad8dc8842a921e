namespace Checkpointing.RocksDb.Native;

/// <summary>A column family of an open database; freed with it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Handle">RocksDB's handle.</param>
internal sealed record ColumnFamily(string Name, nint Handle);
