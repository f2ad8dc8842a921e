using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>Makes typed exceptions of RocksDB's error texts.</summary>
internal static unsafe class RocksDbError
{
    /// <summary>Throws if a call has left an error, and frees its text.</summary>
    /// <param name="error">What the call left; null if it succeeded.</param>
    /// <param name="path">Folder of the database.</param>
    /// <exception cref="CheckpointCorruptException">Bytes of a file are damaged.</exception>
    /// <exception cref="CheckpointStorageUnavailableException">The file system or RocksDB refused.</exception>
    internal static void ThrowIfSet(byte* error, string path)
    {
        if (error != null)
        {
            Throw(error, path);
        }
    }

    /// <summary>Whether a call was refused for now: writes are stopped. Throws for every other error.</summary>
    internal static bool IsTryAgain(byte* error, string path)
    {
        if (error == null)
        {
            return false;
        }

        // SAFETY: RocksDB hands over a zero-terminated text, read here and freed here or when it is thrown.
        if (!MemoryMarshal.CreateReadOnlySpanFromNullTerminated(error).StartsWith("Operation failed. Try again"u8))
        {
            Throw(error, path);
        }

        RocksDbLibrary.rocksdb_free(error);
        return true;
    }

    private static void Throw(byte* error, string path)
    {
        // SAFETY: RocksDB hands over a zero-terminated text from its own malloc; it is read once and freed once.
        var text = Marshal.PtrToStringUTF8((nint)error) ?? "";
        RocksDbLibrary.rocksdb_free(error);
        if (text.StartsWith("Corruption", StringComparison.Ordinal))
        {
            throw new CheckpointCorruptException(path, 0, "intact blocks in every file", $"RocksDB's '{text}'");
        }

        if (text.StartsWith("Not implemented", StringComparison.Ordinal)
            || text.StartsWith("Invalid argument", StringComparison.Ordinal)
            || text.StartsWith("Not supported", StringComparison.Ordinal))
        {
            throw new UnreachableException($"RocksDB refused a call of ours on '{path}': {text}");
        }

        throw new CheckpointStorageUnavailableException(path, $"cannot be used: RocksDB says '{text}'.");
    }
}
