using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>Merge operators that fold numbers of fixed size: the built-in reductions of states.</summary>
/// <remarks>
/// <para>Static unmanaged callbacks; the state that RocksDB passes to them is the number of the reduction. Operands
/// and values are what the built-in serializers write, so a folded row looks as if it had been put.</para>
/// <para>A value or operand of another length makes the merge fail, which RocksDB reports as corruption: an exception
/// must not leave a callback.</para>
/// <para>Integers may be folded among themselves, in any grouping. Doubles may not: their sum depends on it, and what
/// is read shall be what reading and putting would have given.</para>
/// </remarks>
internal static unsafe class ReductionOperator
{
    private const string Prefix = "checkpointing.";

    // The names are stored in catalogues and never change; their order does not matter.
    private static readonly (string Name, byte[] ZeroTerminated)[] s_names = [.. new[]
    {
        "int32.sum", "int32.min", "int32.max", "int64.sum", "int64.min", "int64.max", "int64.or",
        "double.sum", "double.min", "double.max",
    }.Select(static id => (Prefix + id, Pinned(Prefix + id)))];

    /// <summary>Name of the operator of a reduction.</summary>
    internal static string NameOf(string reductionId) => Prefix + reductionId;

    /// <summary>Number of the reduction that an operator does; null if it is none.</summary>
    internal static int? Find(string name) =>
        Array.FindIndex(s_names, one => one.Name == name) is var index and >= 0 ? index : null;

    /// <summary>A new operator; the options that it is set on own it.</summary>
    internal static nint Create(int reduction) =>
        // SAFETY: the callbacks are static, have the signatures of c.h, and do not throw; the state is no address.
        RocksDbLibrary.rocksdb_mergeoperator_create(
            (void*)(nint)reduction, &Destroy, &FullMerge, &PartialMerge, &DeleteValue, &GetName);

    private static int SizeOf(int reduction) => reduction < 3 ? sizeof(int) : sizeof(long);

    private static bool IsOfDoubles(int reduction) => reduction >= 7;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Destroy(void* state)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* FullMerge(
        void* state, byte* key, nuint keyLength, byte* existing, nuint existingLength,
        byte** operands, nuint* operandLengths, int operandCount, byte* success, nuint* length)
    {
        var reduction = (int)(nint)state;
        if (existing != null && existingLength != (nuint)SizeOf(reduction))
        {
            return Fail(success, length);
        }

        return Fold(reduction, existing, operands, operandLengths, operandCount, success, length);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* PartialMerge(
        void* state, byte* key, nuint keyLength,
        byte** operands, nuint* operandLengths, int operandCount, byte* success, nuint* length)
    {
        var reduction = (int)(nint)state;
        return IsOfDoubles(reduction)
            ? Fail(success, length)
            : Fold(reduction, null, operands, operandLengths, operandCount, success, length);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void DeleteValue(void* state, byte* value, nuint length) => NativeMemory.Free(value);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetName(void* state) =>
        // SAFETY: the array is on the pinned heap and lives as long as the process.
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(s_names[(int)(nint)state].ZeroTerminated));

    private static byte* Fail(byte* success, nuint* length)
    {
        *success = 0;
        *length = 0;
        return null;
    }

    private static byte* Fold(
        int reduction, byte* existing, byte** operands, nuint* lengths, int count, byte* success, nuint* length)
    {
        var size = SizeOf(reduction);
        for (var i = 0; i < count; i++)
        {
            if (lengths[i] != (nuint)size)
            {
                return Fail(success, length);
            }
        }

        byte* result;
        try
        {
            result = (byte*)NativeMemory.Alloc((nuint)size);
        }
        catch (OutOfMemoryException)
        {
            return Fail(success, length);
        }

        // SAFETY: every source was found to have the size; without a value the first operand is one, and there is one.
        var value = Load(existing != null ? existing : operands[0], size);
        for (var i = existing != null ? 0 : 1; i < count; i++)
        {
            value = Fold(reduction, value, Load(operands[i], size));
        }

        Store(result, size, value);
        *success = 1;
        *length = (nuint)size;
        return result;
    }

    private static long Load(byte* source, int size) => size == sizeof(int)
        ? BinaryPrimitives.ReadInt32LittleEndian(new(source, size))
        : BinaryPrimitives.ReadInt64LittleEndian(new(source, size));

    private static void Store(byte* target, int size, long value)
    {
        if (size == sizeof(int))
        {
            BinaryPrimitives.WriteInt32LittleEndian(new(target, size), unchecked((int)value));
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(new(target, size), value);
        }
    }

    private static long Fold(int reduction, long value, long operand) => reduction switch
    {
        0 or 3 => unchecked(value + operand),
        1 or 4 => Math.Min(value, operand),
        2 or 5 => Math.Max(value, operand),
        6 => value | operand,
        7 => Bits(Double(value) + Double(operand)),
        8 => Bits(Math.Min(Double(value), Double(operand))),
        _ => Bits(Math.Max(Double(value), Double(operand))),
    };

    private static double Double(long bits) => BitConverter.Int64BitsToDouble(bits);

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);

    private static byte[] Pinned(string name)
    {
        var text = Utf8.ZeroTerminated(name);
        var pinned = GC.AllocateUninitializedArray<byte>(text.Length, pinned: true);
        text.CopyTo(pinned, 0);
        return pinned;
    }
}
