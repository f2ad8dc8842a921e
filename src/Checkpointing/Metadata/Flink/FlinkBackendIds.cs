using System.Security.Cryptography;
using System.Text;

namespace Checkpointing.Metadata.Flink;

/// <summary>Ids of backends: a GUID since July 2017, a description of the operator before.</summary>
internal static class FlinkBackendIds
{
    private static readonly Encoding JavaUtf8 =
        Encoding.GetEncoding("utf-8", new EncoderReplacementFallback("?"), DecoderFallback.ExceptionFallback);

    /// <summary>The id that a text names: itself if it is a GUID, else Java's name-based one (MD5, version 3), as
    /// Flink does.</summary>
    /// <param name="text">The id as it is stored.</param>
    /// <param name="isUsual">Whether the id's lower-case form gives the text again.</param>
    internal static Guid FromText(string text, out bool isUsual)
    {
        const int Length = 36;
        if (text.Length == Length && Guid.TryParseExact(text, "D", out var id))
        {
            // .NET reads signs and "0x" in places of digits; such a text is no GUID.
            Span<char> usual = stackalloc char[Length];
            id.TryFormat(usual, out _, "D");
            isUsual = usual.SequenceEqual(text);
            if (isUsual || text.AsSpan().Equals(usual, StringComparison.OrdinalIgnoreCase))
            {
                return id;
            }
        }

        isUsual = false;
        Span<byte> hash = stackalloc byte[MD5.HashSizeInBytes];

        // MD5 is what Java's nameUUIDFromBytes is defined by; nothing rests on its strength.
#pragma warning disable CA5351
        MD5.HashData(JavaUtf8.GetBytes(text), hash);
#pragma warning restore CA5351
        hash[6] = (byte)((hash[6] & 0x0F) | 0x30);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new(hash, bigEndian: true);
    }
}
