using System.IO.Hashing;
using System.Numerics;

namespace Checkpointing.KeyGroups;

/// <summary>Which key group a key has, and which subtask owns a key group. Formulas of ranges follow Apache
/// Flink.</summary>
public static class KeyGroupAssignment
{
    /// <summary>Largest allowed max parallelism.</summary>
    public const int MaxParallelismLimit = 32_768;

    /// <summary>Key group of a key: XxHash32 of its serialized bytes modulo
    /// <paramref name="maxParallelism"/>.</summary>
    /// <param name="keyBytes">The key as its canonical serializer writes it.</param>
    /// <param name="maxParallelism">1 to 32,768; fixed for a job's life.</param>
    public static int KeyGroupOf(ReadOnlySpan<byte> keyBytes, int maxParallelism) =>
        (int)(XxHash32.HashToUInt32(keyBytes) % (uint)maxParallelism);

    /// <summary>Range of subtask <paramref name="subtaskIndex"/> of <paramref name="parallelism"/>:
    /// first = i = 0 ? 0 : (i·max - 1) / p + 1; last = ((i + 1)·max - 1) / p.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static KeyGroupRange RangeOf(int subtaskIndex, int parallelism, int maxParallelism)
    {
        CheckMaxParallelism(maxParallelism);
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parallelism, maxParallelism);
        ArgumentOutOfRangeException.ThrowIfNegative(subtaskIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(subtaskIndex, parallelism);
        var first = subtaskIndex == 0 ? 0 : (((subtaskIndex * maxParallelism) - 1) / parallelism) + 1;
        return new(first, (((subtaskIndex + 1) * maxParallelism) - 1) / parallelism);
    }

    /// <summary>The subtask that owns a key group: group · p / max.</summary>
    public static int SubtaskIndexOf(int keyGroup, int parallelism, int maxParallelism) =>
        keyGroup * parallelism / maxParallelism;

    /// <summary>Max parallelism for a job that names none: the power of two at or above 1.5 p, between 128 and
    /// 32,768.</summary>
    public static int DefaultMaxParallelism(int parallelism)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parallelism, MaxParallelismLimit);
        var wanted = (int)BitOperations.RoundUpToPowerOf2((uint)(parallelism + (parallelism / 2)));
        return Math.Clamp(wanted, 128, MaxParallelismLimit);
    }

    internal static void CheckMaxParallelism(int maxParallelism)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxParallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxParallelism, MaxParallelismLimit);
    }
}
