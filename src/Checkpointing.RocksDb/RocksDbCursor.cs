using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.State;

namespace Checkpointing.RocksDb;

/// <summary>A cursor that its table uses again: after the first scans a scan allocates no managed memory.</summary>
internal sealed class RocksDbCursor(RocksDbTable table, RocksScan scan) : KeyedStateCursor
{
    private bool _isOpen;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Key => scan.Key;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Value => scan.Value;

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        ObjectDisposedException.ThrowIf(!_isOpen, this);
        return scan.MoveNext();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_isOpen)
        {
            _isOpen = false;
            scan.End();
            table.GiveBack(this);
        }
    }

    /// <summary>Begins to walk over the rows that begin with a prefix and lie in a range of key groups.</summary>
    internal void Open(ReadOnlySpan<byte> prefix, KeyGroupRange range)
    {
        Span<byte> bounds = scan.Bounds(RowBounds.MaxLength(prefix));
        var (lowerLength, endLength) = RowBounds.Write(prefix, range, bounds);
        scan.Open(lowerLength, endLength);
        _isOpen = true;
    }

    /// <summary>Frees the native part of a cursor that is not open.</summary>
    internal void Free() => scan.Dispose();
}
