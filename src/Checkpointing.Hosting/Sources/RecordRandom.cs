namespace Checkpointing.Hosting.Sources;

/// <summary>Random numbers of one generated record: given by seed and number of the record alone, so that every replay
/// makes the same record.</summary>
/// <remarks>A mutable value: pass it on by reference. SplitMix64, whose stream is the same on every machine; not for
/// secrets.</remarks>
public struct RecordRandom
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <summary>The numbers of a record.</summary>
    /// <param name="seed">Of the whole input.</param>
    /// <param name="record">Number of the record.</param>
    public RecordRandom(long seed, long record) => _state = Mix((ulong)seed) ^ Mix((ulong)record * Step);

    /// <summary>A number from 0 on.</summary>
    /// <param name="exclusiveMax">At least 1.</param>
    public long NextInt64(long exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusiveMax, 1);

        // The high half of the product: the bias is below exclusiveMax / 2^64.
        return (long)Math.BigMul(NextUInt64(), (ulong)exclusiveMax, out _);
    }

    /// <summary>A number from 0 on.</summary>
    /// <param name="exclusiveMax">At least 1.</param>
    public int NextInt32(int exclusiveMax) => (int)NextInt64(exclusiveMax);

    /// <summary>A number from 0 (inclusive) to 1 (exclusive), of 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64() => Mix(_state += Step);

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
