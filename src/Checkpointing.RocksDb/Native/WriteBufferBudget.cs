using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>Counts the rows in memory of several databases against one limit.</summary>
/// <remarks>Never makes writers wait: a database that is not written to would not end their wait.</remarks>
internal sealed class WriteBufferBudget : SafeHandle
{
    internal WriteBufferBudget(long limitBytes)
        : base(0, ownsHandle: true) =>
        SetHandle(RocksDbLibrary.rocksdb_write_buffer_manager_create((nuint)limitBytes, allowStall: 0));

    public override bool IsInvalid => handle == 0;

    /// <summary>Bytes of rows that are not in files yet.</summary>
    internal long UsedBytes
    {
        get
        {
            var holds = false;
            DangerousAddRef(ref holds);
            try
            {
                return (long)RocksDbLibrary.rocksdb_write_buffer_manager_memory_usage(handle);
            }
            finally
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>Makes a database count here. The database shares the native object, so it may outlive this
    /// handle.</summary>
    internal void AddTo(nint databaseOptions)
    {
        var holds = false;
        DangerousAddRef(ref holds);
        RocksDbLibrary.rocksdb_options_set_write_buffer_manager(databaseOptions, handle);
        DangerousRelease();
    }

    protected override bool ReleaseHandle()
    {
        RocksDbLibrary.rocksdb_write_buffer_manager_destroy(handle);
        return true;
    }
}
