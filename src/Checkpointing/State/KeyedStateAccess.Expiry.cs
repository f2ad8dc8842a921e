using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

// States with a time to live: stamps are put on here and taken off here.
internal sealed partial class KeyedStateAccess
{
    private readonly StateExpiry? _expiry = descriptor.TimeToLive is { } ttl ? new(ttl.Duration, time) : null;
    private readonly bool _refreshesOnRead = descriptor.TimeToLive?.Refresh == TimeToLiveRefresh.OnReadAndWrite;

    /// <summary>Writes the stamp of now, if the state has stamps.</summary>
    internal void WriteStamp(IBufferWriter<byte> target)
    {
        if (_expiry is not null)
        {
            StateExpiry.WriteStamp(_expiry.Now, target);
        }
    }

    /// <summary>Takes the stamp off a value that a cursor stands at.</summary>
    /// <returns>False if it has expired.</returns>
    internal bool TryTakeLive(ref ReadOnlySpan<byte> value) =>
        _expiry is null || TryTakeLive(_expiry, ref value, _expiry.Now, out _);

    /// <summary>Copies what of a row's value is live, without stamps.</summary>
    /// <returns>False if nothing is.</returns>
    internal bool TryCopyLive(ReadOnlySpan<byte> stored, [NotNullWhen(true)] out byte[]? live)
    {
        live = null;
        if (_expiry is not null && descriptor.Kind == StateKind.List)
        {
            var elements = new ArrayBufferWriter<byte>();
            CopyElements(LiveElements(_expiry, stored.ToArray(), _expiry.Now), elements);
            live = elements.WrittenCount > 0 ? elements.WrittenSpan.ToArray() : null;
        }
        else if (TryTakeLive(ref stored))
        {
            live = stored.ToArray();
        }

        return live is not null;
    }

    /// <summary>Whether a list has a live element. Begins no time anew.</summary>
    internal bool HasElements(ReadOnlySpan<byte> row)
    {
        _value.ResetWrittenCount();
        return table.TryGet(row, _value)
            && (_expiry is null || !LiveElements(_expiry, WrittenValue(), _expiry.Now).IsEmpty);
    }

    private bool TryTakeLive(StateExpiry expiry, ReadOnlySpan<byte> row, ref ReadOnlySpan<byte> value, bool refresh)
    {
        var now = expiry.Now;
        if (!TryTakeLive(expiry, ref value, now, out var stamp))
        {
            return false;
        }

        if (refresh && MayRefresh(stamp, now))
        {
            BinaryPrimitives.WriteInt64LittleEndian(WrittenValue(), now);
            table.Put(row, _value.WrittenSpan);
        }

        return true;
    }

    private bool TryTakeLive(StateExpiry expiry, ref ReadOnlySpan<byte> value, long now, out long stamp)
    {
        stamp = StateExpiry.ReadStamp(StoredValue.CheckStamped(value, current.OperatorName, descriptor.Name));
        value = value[StateExpiry.StampSize..];
        return !expiry.IsExpired(stamp, now);
    }

    private void ReadElements(StateExpiry expiry, ReadOnlySpan<byte> row, ArrayBufferWriter<byte> target)
    {
        _value.ResetWrittenCount();
        if (!table.TryGet(row, _value))
        {
            return;
        }

        var now = expiry.Now;
        var (length, oldest) = expiry.KeepLive(
            WrittenValue(), now, _refreshesOnRead, current.OperatorName, descriptor.Name);
        var live = _value.WrittenSpan[..length];
        if (length > 0 && MayRefresh(oldest, now))
        {
            table.Put(row, live);
        }

        CopyElements(live, target);
    }

    private ReadOnlySpan<byte> LiveElements(StateExpiry expiry, Span<byte> stored, long now) =>
        stored[..expiry.KeepLive(stored, now, restamp: false, current.OperatorName, descriptor.Name).Length];

    private void CopyElements(ReadOnlySpan<byte> stamped, ArrayBufferWriter<byte> target)
    {
        while (!stamped.IsEmpty)
        {
            KeyedRowKey.WritePart(TakePart(ref stamped)[StateExpiry.StampSize..], target);
        }
    }

    // Not while the state is enumerated: a cursor does not bear writes.
    private bool MayRefresh(long stamp, long now) => _refreshesOnRead && stamp < now && _openScans == 0;

    // The buffer is this object's, so what was written to it may be changed in place.
    private Span<byte> WrittenValue() => MemoryMarshal.AsMemory(_value.WrittenMemory).Span;
}
