using System.Buffers;
using System.Text;

namespace Checkpointing.Metadata.Flink;

/// <summary>Java's modified UTF-8: U+0000 takes two bytes, each half of a surrogate pair three.</summary>
internal static class ModifiedUtf8
{
    /// <summary>Most bytes of one text: the length before it has 16 bits.</summary>
    internal const int MaxBytes = ushort.MaxValue;

    /// <summary>Reads a text as Java does: over-long forms and raw zero bytes are accepted.</summary>
    /// <param name="source">The bytes, without the length.</param>
    /// <param name="isUsual">Whether <see cref="Encode"/> gives the same bytes again.</param>
    /// <param name="badOffset">Offset of the first byte that begins no character; -1 if there is none.</param>
    internal static string? Decode(ReadOnlySpan<byte> source, out bool isUsual, out int badOffset)
    {
        badOffset = -1;
        isUsual = true;
        if (Ascii.IsValid(source) && !source.Contains((byte)0))
        {
            return Encoding.Latin1.GetString(source);
        }

        var units = ArrayPool<char>.Shared.Rent(source.Length);
        try
        {
            var count = 0;
            for (var i = 0; i < source.Length;)
            {
                var length = DecodeUnit(source[i..], out units[count]);
                if (length == 0)
                {
                    badOffset = i;
                    return null;
                }

                isUsual &= length == LengthOf(units[count]);
                count++;
                i += length;
            }

            return new(units, 0, count);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(units);
        }
    }

    /// <summary>Number of bytes that <see cref="Encode"/> writes.</summary>
    internal static long CountBytes(string text)
    {
        if (Ascii.IsValid(text) && !text.Contains('\0'))
        {
            return text.Length;
        }

        long count = 0;
        foreach (var unit in text)
        {
            count += LengthOf(unit);
        }

        return count;
    }

    /// <summary>Writes a text; <paramref name="target"/> has exactly the room that <see cref="CountBytes"/>
    /// says.</summary>
    internal static void Encode(string text, Span<byte> target)
    {
        if (target.Length == text.Length)
        {
            // As many bytes as units: each is plain ASCII.
            Encoding.Latin1.GetBytes(text, target);
            return;
        }

        var at = 0;
        foreach (var unit in text)
        {
            switch (LengthOf(unit))
            {
                case 1:
                    target[at++] = (byte)unit;
                    break;
                case 2:
                    target[at++] = (byte)(0xC0 | (unit >> 6));
                    target[at++] = (byte)(0x80 | (unit & 0x3F));
                    break;
                default:
                    target[at++] = (byte)(0xE0 | (unit >> 12));
                    target[at++] = (byte)(0x80 | ((unit >> 6) & 0x3F));
                    target[at++] = (byte)(0x80 | (unit & 0x3F));
                    break;
            }
        }
    }

    private static int LengthOf(char unit) => unit switch
    {
        >= '\u0001' and <= '\u007F' => 1,
        <= '\u07FF' => 2,
        _ => 3,
    };

    private static int DecodeUnit(ReadOnlySpan<byte> source, out char unit)
    {
        switch (source)
        {
            case [<= 0x7F and var only, ..]:
                unit = (char)only;
                return 1;
            case [>= 0xC0 and <= 0xDF and var first, >= 0x80 and <= 0xBF and var second, ..]:
                unit = (char)(((first & 0x1F) << 6) | (second & 0x3F));
                return 2;
            case [>= 0xE0 and <= 0xEF and var first, >= 0x80 and <= 0xBF and var second,
                >= 0x80 and <= 0xBF and var third, ..]:
                unit = (char)(((first & 0x0F) << 12) | ((second & 0x3F) << 6) | (third & 0x3F));
                return 3;
            default:
                unit = default;
                return 0;
        }
    }
}
