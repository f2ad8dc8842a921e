using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Checkpointing.KeyGroups;

namespace Checkpointing.RocksDb.Native;

/// <summary>Drops, whenever RocksDB compacts, what has expired of a state with a time to live: rows of one value, and
/// the oldest elements of lists. With an owned range also the rows that <see cref="OwnedRowsFilter"/> drops, for a
/// column family has one filter.</summary>
/// <remarks>
/// <para>A factory: each compaction reads the clock once, when it begins, and has a filter of its own.</para>
/// <para>RocksDB calls it whatever snapshots are open, so what it drops vanishes from their views too, and from
/// checkpoints that are being taken. It changes no answer: expired values are not returned to anybody, and a dropped
/// row hides older versions of it as a deletion does.</para>
/// <para>It sees one version of a row, which may not be the newest, and of a list perhaps the beginning only, without
/// the operands above. Both are harmless: an older version is hidden anyway, and each element has a stamp of its own.
/// Operands are not shown to it; they become a value in one compaction and are filtered by the next.</para>
/// <para>Static unmanaged callbacks over native memory, which do not throw; a value that has no stamp is kept, for the
/// reader to report.</para>
/// </remarks>
internal static unsafe class ExpiredRowsFilter
{
    private const int StampSize = sizeof(long);

    private static ReadOnlySpan<byte> NameBytes => "checkpointing.expired-rows\0"u8;

    /// <summary>A new factory; the options that it is set on own it.</summary>
    /// <param name="clock">Handle of an <see cref="ExpiryClock"/> that outlives the database.</param>
    /// <param name="duration">How long after its stamp a value has expired.</param>
    /// <param name="isList">Whether values are lists of stamped elements.</param>
    /// <param name="owned">Key groups whose rows stay; null: all.</param>
    internal static nint CreateFactory(nint clock, TimeSpan duration, bool isList, KeyGroupRange? owned)
    {
        // SAFETY: the memory passes to the factory, whose destructor frees it; callbacks as in OwnedRowsFilter.
        var state = (FactoryState*)NativeMemory.Alloc((nuint)sizeof(FactoryState));
        *state = new()
        {
            Clock = clock,
            DurationMs = (long)duration.TotalMilliseconds,
            Filter = new()
            {
                FirstOwned = owned?.First ?? 0, LastOwned = owned?.Last ?? ushort.MaxValue, IsList = isList ? 1 : 0,
            },
        };
        return RocksDbLibrary.rocksdb_compactionfilterfactory_create(state, &Destroy, &CreateFilter, &GetName);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Destroy(void* state) => NativeMemory.Free(state);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint CreateFilter(void* state, nint context)
    {
        // SAFETY: the state is CreateFactory's, alive as long as the factory; RocksDB frees the filter, and with it
        // the copy, when the compaction ends.
        var factory = (FactoryState*)state;
        FilterState* filter;
        try
        {
            filter = (FilterState*)NativeMemory.Alloc((nuint)sizeof(FilterState));
        }
        catch (OutOfMemoryException)
        {
            // No filter: this compaction drops nothing.
            return 0;
        }

        *filter = factory->Filter;
        filter->OldestLive = ExpiryClock.Read(factory->Clock) - factory->DurationMs + 1 ?? long.MinValue;
        return RocksDbLibrary.rocksdb_compactionfilter_create(filter, &Destroy, &Filter, &GetName);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte Filter(
        void* state, int level, byte* key, nuint keyLength, byte* value, nuint valueLength,
        byte** newValue, nuint* newValueLength, byte* isChanged)
    {
        // SAFETY: the state is CreateFilter's; key and value are RocksDB's during the call, which copies a new value
        // before it goes on with the old one.
        *isChanged = 0;
        var filter = (FilterState*)state;
        if (OwnedRowsFilter.IsForeign(filter->FirstOwned, filter->LastOwned, key, keyLength))
        {
            return 1;
        }

        if (filter->IsList == 0)
        {
            return valueLength >= StampSize && IsExpired(filter, value) ? (byte)1 : (byte)0;
        }

        if (FindLiveElements(filter, value, valueLength) is not { } live)
        {
            return 0;
        }

        if (live == valueLength)
        {
            return 1;
        }

        if (live > 0)
        {
            *newValue = value + live;
            *newValueLength = valueLength - live;
            *isChanged = 1;
        }

        return 0;
    }

    // Where the first element begins that has not expired; null if the bytes are no list, or none.
    private static nuint? FindLiveElements(FilterState* filter, byte* value, nuint valueLength)
    {
        for (nuint at = 0; at < valueLength;)
        {
            var element = at;
            if (!TryReadLength(value, valueLength, ref element, out var length)
                || length < StampSize || length > valueLength - element)
            {
                return null;
            }

            if (!IsExpired(filter, value + element))
            {
                return at;
            }

            at = element + length;
        }

        return valueLength > 0 ? valueLength : null;
    }

    private static bool TryReadLength(byte* value, nuint valueLength, ref nuint at, out nuint length)
    {
        length = 0;
        for (var shift = 0; shift <= 28 && at < valueLength; shift += 7)
        {
            var next = value[at++];
            length |= (nuint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsExpired(FilterState* filter, byte* stamp) =>
        BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(stamp, StampSize)) < filter->OldestLive;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetName(void* state) =>
        // SAFETY: the bytes are in the assembly's read-only data and never move.
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(NameBytes));

    private struct FactoryState
    {
        public nint Clock;
        public long DurationMs;
        public FilterState Filter;
    }

    private struct FilterState
    {
        public int FirstOwned;
        public int LastOwned;
        public int IsList;
        
        // Stamps from here on are live. The least number: all, also what may not be a stamp at all.
        public long OldestLive;
    }
}
