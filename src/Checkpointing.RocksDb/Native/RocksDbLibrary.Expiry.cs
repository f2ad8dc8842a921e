using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

internal static unsafe partial class RocksDbLibrary
{
    /// <summary>Takes ownership of the factory, and shares it with the column families made with the options.</summary>
    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_compaction_filter_factory(nint options, nint factory);

    /// <summary>Filters that <c>create</c> returns are RocksDB's to free; 0 is no filter.</summary>
    [LibraryImport(Name)]
    internal static partial nint rocksdb_compactionfilterfactory_create(
        void* state,
        delegate* unmanaged[Cdecl]<void*, void> destructor,
        delegate* unmanaged[Cdecl]<void*, nint, nint> create,
        delegate* unmanaged[Cdecl]<void*, byte*> name);
}
