using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>The merge operator of all column families: a value is the concatenation of what was appended to
/// it.</summary>
/// <remarks>Static unmanaged callbacks without state: RocksDB's threads call them, and there is nothing that could be
/// collected. Concatenation is associative, so operands may be merged among themselves.</remarks>
internal static unsafe class ConcatenationOperator
{
    /// <summary>Its name, stored in catalogues: files with its operands need it.</summary>
    internal const string Name = "checkpointing.concatenation";

    private static ReadOnlySpan<byte> NameBytes => "checkpointing.concatenation\0"u8;

    /// <summary>A new operator; the options that it is set on own it.</summary>
    internal static nint Create() =>
        // SAFETY: the callbacks are static, have the signatures of c.h, and do not throw.
        RocksDbLibrary.rocksdb_mergeoperator_create(null, &Destroy, &FullMerge, &PartialMerge, &DeleteValue, &GetName);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Destroy(void* state)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* FullMerge(
        void* state, byte* key, nuint keyLength, byte* existing, nuint existingLength,
        byte** operands, nuint* operandLengths, int operandCount, byte* success, nuint* length) =>
        Concatenate(
            existing, existing == null ? 0 : existingLength, operands, operandLengths, operandCount, success, length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* PartialMerge(
        void* state, byte* key, nuint keyLength,
        byte** operands, nuint* operandLengths, int operandCount, byte* success, nuint* length) =>
        Concatenate(null, 0, operands, operandLengths, operandCount, success, length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void DeleteValue(void* state, byte* value, nuint length) => NativeMemory.Free(value);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetName(void* state) =>
        // SAFETY: the bytes are in the assembly's read-only data and never move.
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(NameBytes));

    private static byte* Concatenate(
        byte* first, nuint firstLength, byte** operands, nuint* lengths, int count, byte* success, nuint* length)
    {
        var total = firstLength;
        for (var i = 0; i < count; i++)
        {
            total += lengths[i];
        }

        byte* result;
        try
        {
            result = (byte*)NativeMemory.Alloc(Math.Max(total, 1));
        }
        catch (OutOfMemoryException)
        {
            // An exception must not leave a callback: it would end the process. RocksDB reports the merge as failed.
            *success = 0;
            *length = 0;
            return null;
        }

        // SAFETY: the result has room for the sum of all lengths; sources are RocksDB's and do not overlap it.
        var at = result;
        NativeMemory.Copy(first, at, firstLength);
        at += firstLength;
        for (var i = 0; i < count; i++)
        {
            NativeMemory.Copy(operands[i], at, lengths[i]);
            at += lengths[i];
        }

        *success = 1;
        *length = total;
        return result;
    }
}
