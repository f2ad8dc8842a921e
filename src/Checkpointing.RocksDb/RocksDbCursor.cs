using Checkpointing.RocksDb.Native;
using Checkpointing.State;

namespace Checkpointing.RocksDb;

/// <summary>A cursor over an iterator that it owns.</summary>
internal sealed class RocksDbCursor(RocksIterator iterator) : KeyedStateCursor
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Key => iterator.Key;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Value => iterator.Value;

    /// <inheritdoc/>
    public override bool MoveNext() => iterator.MoveNext();

    /// <inheritdoc/>
    public override void Dispose() => iterator.Dispose();
}
