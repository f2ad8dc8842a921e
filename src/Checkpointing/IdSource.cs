using System.Security.Cryptography;

namespace Checkpointing;

/// <summary>The one source of random ids and names. A simulation passes a seeded one.</summary>
/// <remarks>Safe for concurrent calls.</remarks>
public abstract class IdSource
{
    /// <summary>Ids from the operating system's random generator.</summary>
    public static IdSource System { get; } = new SystemIdSource();

    /// <summary>A source that gives the same ids for the same seed, in the order of the calls.</summary>
    public static IdSource FromSeed(ulong seed) => new SeededIdSource(seed);

    /// <summary>A new id; 122 random bits, version 4.</summary>
    public abstract Guid NewGuid();

    private sealed class SystemIdSource : IdSource
    {
        public override Guid NewGuid()
        {
            Span<byte> bytes = stackalloc byte[16];
            RandomNumberGenerator.Fill(bytes);
            return MakeVersion4(bytes);
        }
    }

    // SplitMix64 (Steele, Lea, Flood 2014): tiny, and every seed gives a different sequence.
    private sealed class SeededIdSource(ulong seed) : IdSource
    {
        private readonly Lock _lock = new();
        private ulong _state = seed;

        public override Guid NewGuid()
        {
            Span<byte> bytes = stackalloc byte[16];
            lock (_lock)
            {
                BitConverter.TryWriteBytes(bytes, Next());
                BitConverter.TryWriteBytes(bytes[8..], Next());
            }

            return MakeVersion4(bytes);
        }

        private ulong Next()
        {
            var z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    private static Guid MakeVersion4(Span<byte> bytes)
    {
        bytes[7] = (byte)((bytes[7] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes);
    }
}
