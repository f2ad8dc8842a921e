namespace Checkpointing.RocksDb;

/// <summary>The order of row keys: that of their bytes, unsigned.</summary>
internal static class KeyOrder
{
    /// <summary>For sorting.</summary>
    internal static Comparer<byte[]> Bytes { get; } =
        Comparer<byte[]>.Create(static (left, right) => left.AsSpan().SequenceCompareTo(right));
}
