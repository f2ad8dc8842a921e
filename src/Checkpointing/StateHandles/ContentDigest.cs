using System.Globalization;
using System.IO.Hashing;

namespace Checkpointing.StateHandles;

/// <summary>XxHash128 of the bytes of a stored file. It finds damage; it is no protection against forgery.</summary>
/// <param name="Value">The 128 bits.</param>
public readonly record struct ContentDigest(UInt128 Value)
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 16;

    /// <summary>Digest of bytes in memory.</summary>
    public static ContentDigest Of(ReadOnlySpan<byte> content) => new(XxHash128.HashToUInt128(content));

    /// <summary>Digest of what was appended to a running hash.</summary>
    public static ContentDigest Of(XxHash128 hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        return new(hash.GetCurrentHashAsUInt128());
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
