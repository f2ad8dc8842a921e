using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Checkpointing.KeyGroups;

namespace Checkpointing.RocksDb.Native;

/// <summary>Drops, whenever RocksDB compacts, the rows of key groups that the backend does not own.</summary>
/// <remarks>
/// <para>RocksDB calls a filter whatever snapshots are open, so what it drops vanishes from their views too. Here that
/// changes no answer: every read of a backend, at a snapshot or not, is bounded by the owned key groups
/// (<see cref="RowBounds"/>), and the filter never drops a row inside them.</para>
/// <para>Operands of a merge are not shown to a filter of the C interface: a foreign row made of operands becomes a
/// value in one compaction and is dropped by the next.</para>
/// <para>A static unmanaged callback over eight bytes of native memory: RocksDB's threads call it, nothing of it can be
/// collected, and it cannot throw.</para>
/// </remarks>
internal static unsafe class OwnedRowsFilter
{
    private static ReadOnlySpan<byte> NameBytes => "checkpointing.owned-rows\0"u8;

    /// <summary>A new filter; the caller destroys it after the last database that uses it is closed.</summary>
    internal static nint Create(KeyGroupRange owned)
    {
        // SAFETY: the memory passes to the filter, whose destructor frees it; the callbacks are static, have the
        // signatures of c.h, and do not throw.
        var state = (int*)NativeMemory.Alloc(2, sizeof(int));
        state[0] = owned.First;
        state[1] = owned.Last;
        return RocksDbLibrary.rocksdb_compactionfilter_create(state, &Destroy, &IsForeign, &GetName);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Destroy(void* state) => NativeMemory.Free(state);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte IsForeign(
        void* state, int level, byte* key, nuint keyLength, byte* value, nuint valueLength,
        byte** newValue, nuint* newValueLength, byte* isChanged)
    {
        // SAFETY: the state is Create's two numbers, alive as long as the filter; a key without a key group is kept.
        *isChanged = 0;
        var owned = (int*)state;
        return IsForeign(owned[0], owned[1], key, keyLength) ? (byte)1 : (byte)0;
    }

    /// <summary>Whether a row's key group lies outside an owned range.</summary>
    internal static bool IsForeign(int firstOwned, int lastOwned, byte* key, nuint keyLength)
    {
        if (keyLength < 2)
        {
            return false;
        }

        var keyGroup = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(key, 2));
        return keyGroup < firstOwned || keyGroup > lastOwned;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetName(void* state) =>
        // SAFETY: the bytes are in the assembly's read-only data and never move.
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(NameBytes));
}
