using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>Rows to be put at once. One caller at a time.</summary>
internal sealed unsafe class RocksWriteBatch : SafeHandle
{
    internal RocksWriteBatch()
        : base(0, ownsHandle: true) => SetHandle(RocksDbLibrary.rocksdb_writebatch_create());

    public override bool IsInvalid => handle == 0;

    /// <summary>Bytes of keys and values in it.</summary>
    internal long SizeBytes { get; private set; }

    internal void Put(ColumnFamily columnFamily, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);

        // SAFETY: both spans are pinned during the call, which copies them.
        fixed (byte* keyBytes = key, valueBytes = value)
        {
            RocksDbLibrary.rocksdb_writebatch_put_cf(
                handle, columnFamily.Handle, keyBytes, (nuint)key.Length, valueBytes, (nuint)value.Length);
        }

        SizeBytes += key.Length + value.Length;
    }

    internal void Clear()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        RocksDbLibrary.rocksdb_writebatch_clear(handle);
        SizeBytes = 0;
    }

    protected override bool ReleaseHandle()
    {
        RocksDbLibrary.rocksdb_writebatch_destroy(handle);
        return true;
    }
}
