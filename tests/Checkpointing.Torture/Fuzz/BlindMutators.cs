namespace Checkpointing.Torture.Fuzz;

/// <summary>Mutators that know nothing of the formats.</summary>
internal static class BlindMutators
{
    private const int MaxGarbageBytes = 2_000;
    private const int MaxFloodBytes = 100_000;

    /// <summary>One to eight bits.</summary>
    internal static byte[] FlipBits(FuzzRandom random, FuzzCorpus corpus)
    {
        var bytes = Copy(random, corpus);
        for (var flips = random.Between(1, 8); flips > 0; flips--)
        {
            bytes[random.Below(bytes.Length)] ^= (byte)(1 << random.Below(8));
        }

        return bytes;
    }

    /// <summary>One to six bytes of any or of telling values.</summary>
    internal static byte[] ChangeBytes(FuzzRandom random, FuzzCorpus corpus)
    {
        var bytes = Copy(random, corpus);
        for (var changes = random.Between(1, 6); changes > 0; changes--)
        {
            ref var target = ref bytes[random.Below(bytes.Length)];
            target = random.OneIn(2)
                ? (byte)random.Next()
                : random.Pick<byte>([0, 1, 0x7F, 0x80, 0xFF, (byte)(target + 1)]);
        }

        return bytes;
    }

    /// <summary>Cut anywhere.</summary>
    internal static byte[] Truncate(FuzzRandom random, FuzzCorpus corpus)
    {
        var bytes = Copy(random, corpus);
        return bytes[..random.Below(bytes.Length)];
    }

    /// <summary>A range twice, gone, moved or filled.</summary>
    internal static byte[] MoveRange(FuzzRandom random, FuzzCorpus corpus)
    {
        var bytes = Copy(random, corpus);
        var start = random.Below(bytes.Length);
        var count = random.OneIn(4) ? random.Below(bytes.Length) : random.Between(1, 40);
        count = Math.Min(count, bytes.Length - start);
        var range = bytes[start..(start + count)];
        switch (random.Below(4))
        {
            case 0:
                return [.. bytes[..(start + count)], .. range, .. bytes[(start + count)..]];
            case 1:
                return [.. bytes[..start], .. bytes[(start + count)..]];
            case 2:
                byte[] without = [.. bytes[..start], .. bytes[(start + count)..]];
                var target = random.Below(without.Length + 1);
                return [.. without[..target], .. range, .. without[target..]];
            default:
                bytes.AsSpan(start, count).Fill((byte)random.Next());
                return bytes;
        }
    }

    /// <summary>The start of one file and the end of another.</summary>
    internal static byte[] Splice(FuzzRandom random, FuzzCorpus corpus)
    {
        var first = Copy(random, corpus);
        var second = Copy(random, corpus);
        return [.. first.AsSpan(0, random.Below(first.Length)), .. second.AsSpan(random.Below(second.Length))];
    }

    /// <summary>Nothing but chance, mostly behind a right header.</summary>
    internal static byte[] Garbage(FuzzRandom random, FuzzCorpus corpus)
    {
        var bytes = random.Bytes(random.Below(random.OneIn(10) ? MaxGarbageBytes : 100));
        if (random.OneIn(3))
        {
            // Mostly zeros and small numbers: more of it reads as fields.
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = random.OneIn(4) ? (byte)(bytes[i] & 7) : (byte)0;
            }
        }

        var version = random.Between(0, 8);
        return random.OneIn(4) ? bytes : [0x49, 0x60, 0x67, 0x2D, 0, 0, 0, (byte)version, .. bytes];
    }

    /// <summary>A unit again and again, up to a length of chance.</summary>
    internal static byte[] Repeat(ReadOnlySpan<byte> unit, FuzzRandom random)
    {
        var result = new byte[unit.IsEmpty ? 0 : random.Between(0, MaxFloodBytes)];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = unit[i % unit.Length];
        }

        return result;
    }

    private static byte[] Copy(FuzzRandom random, FuzzCorpus corpus) =>
        (byte[])random.Pick<FuzzSeed>(corpus.Seeds).Bytes.Clone();
}
