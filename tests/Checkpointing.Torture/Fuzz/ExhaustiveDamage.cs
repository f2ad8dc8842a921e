using Checkpointing.Metadata;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Every cut and every flipped bit of a file.</summary>
internal static class ExhaustiveDamage
{
    /// <summary>What the damage to a file led to.</summary>
    /// <param name="Checked">Cuts and flips.</param>
    /// <param name="Accepted">Those that read as other content; none in our own format.</param>
    internal readonly record struct Counts(long Checked, long Accepted);

    /// <summary>Checks a file; each violation is told.</summary>
    /// <remarks>A part of a file that can be read is never one itself, in no format. A flipped bit may give other
    /// content in Flink's formats, which have no digest.</remarks>
    internal static Counts Check(FuzzSeed seed, Action<string> fail)
    {
        var counts = default(Counts);
        var bytes = (byte[])seed.Bytes.Clone();
        var isGood = MetadataOracle.Check(bytes).Outcome == FuzzOutcome.Accepted;
        for (var length = 0; length < bytes.Length; length++)
        {
            counts = CheckOne(bytes[..length], seed, $"cut to {length} bytes", isGood, counts, fail);
        }

        var hasDigest = seed.Version == (int)MetadataFormat.NativeV1;

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            counts = CheckOne(bytes, seed, $"with bit {bit % 8} of byte {bit / 8} flipped", hasDigest, counts, fail);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        return counts;
    }

    private static Counts CheckOne(
        byte[] bytes, FuzzSeed seed, string what, bool mustBeCorrupt, Counts counts, Action<string> fail)
    {
        var verdict = MetadataOracle.Check(bytes);
        var isAccepted = verdict.Outcome == FuzzOutcome.Accepted;
        if (verdict.Problem is { } problem)
        {
            fail($"{seed.Name} {what}: {problem}");
        }
        else if (mustBeCorrupt && verdict.Outcome != FuzzOutcome.Corrupt)
        {
            fail($"{seed.Name} {what} is {verdict.Outcome}, but must be found corrupt");
        }

        return new(counts.Checked + 1, counts.Accepted + (isAccepted ? 1 : 0));
    }
}
