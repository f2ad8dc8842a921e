using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

internal static unsafe partial class RocksDbLibrary
{
    /// <summary>No callback may be missing: RocksDB calls all of them. Each gets the state first.</summary>
    [LibraryImport(Name)]
    internal static partial nint rocksdb_eventlistener_create(
        void* state,
        delegate* unmanaged[Cdecl]<void*, void> destructor,
        delegate* unmanaged[Cdecl]<void*, nint, nint, void> flushBegin,
        delegate* unmanaged[Cdecl]<void*, nint, nint, void> flushCompleted,
        delegate* unmanaged[Cdecl]<void*, nint, nint, void> compactionBegin,
        delegate* unmanaged[Cdecl]<void*, nint, nint, void> compactionCompleted,
        delegate* unmanaged[Cdecl]<void*, nint, void> subcompactionBegin,
        delegate* unmanaged[Cdecl]<void*, nint, void> subcompactionCompleted,
        delegate* unmanaged[Cdecl]<void*, nint, nint, void> externalFileIngested,
        delegate* unmanaged[Cdecl]<void*, uint, nint, void> backgroundError,
        delegate* unmanaged[Cdecl]<void*, nint, void> stallConditionsChanged,
        delegate* unmanaged[Cdecl]<void*, nint, void> memtableSealed);

    /// <summary>Takes ownership of the listener.</summary>
    [LibraryImport(Name)]
    internal static partial void rocksdb_options_add_eventlistener(nint options, nint listener);

    /// <returns>A text of that length without a zero behind it; the info's.</returns>
    [LibraryImport(Name)]
    internal static partial byte* rocksdb_memtableinfo_cf_name(nint info, nuint* length);

    [LibraryImport(Name)]
    internal static partial ulong rocksdb_memtableinfo_first_seqno(nint info);

    /// <returns>0 if the property exists.</returns>
    [LibraryImport(Name)]
    internal static partial int rocksdb_property_int_cf(nint db, nint columnFamily, byte* name, ulong* value);

    [LibraryImport(Name)]
    internal static partial ulong rocksdb_snapshot_get_sequence_number(nint snapshot);
}
