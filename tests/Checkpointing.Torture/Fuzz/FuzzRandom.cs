namespace Checkpointing.Torture.Fuzz;

/// <summary>Random numbers of one input: all follow from the seed of the run and the input's index, so that each input
/// can be made again alone, on any machine and any version of .NET (SplitMix64).</summary>
internal sealed class FuzzRandom(ulong seed, ulong index)
{
    private ulong _state = Mix(seed + (0x9E37_79B9_7F4A_7C15 * (Mix(index) | 1)));

    /// <summary>64 random bits.</summary>
    internal ulong Next()
    {
        _state += 0x9E37_79B9_7F4A_7C15;
        return Mix(_state);
    }

    /// <summary>0 to <paramref name="bound"/> - 1; 0 if the bound is 0.</summary>
    internal int Below(int bound) => bound <= 0 ? 0 : (int)(Next() % (uint)bound);

    /// <summary>Both bounds included.</summary>
    internal int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>True once in so many times.</summary>
    internal bool OneIn(int times) => Below(times) == 0;

    /// <summary>One of these.</summary>
    internal T Pick<T>(ReadOnlySpan<T> items) => items[Below(items.Length)];

    /// <summary>A number near a bound of some type, or a small one.</summary>
    internal long Boundary()
    {
        long edge = Pick<long>(
        [
            0, 1, -1, 2, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, int.MaxValue, int.MinValue, 1L << 28,
            long.MaxValue, long.MinValue, 0x7FFF_FFF7, 0x7FFF_FFC7, uint.MaxValue,
        ]);
        return OneIn(3) ? edge + Between(-2, 2) : edge;
    }

    /// <summary>Random bytes.</summary>
    internal byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = (byte)Next();
        }

        return bytes;
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
