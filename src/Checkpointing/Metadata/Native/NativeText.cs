using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Checkpointing.Metadata.Native;

/// <summary>Texts of version 1001: UTF-8, where half of a surrogate pair alone takes three bytes (WTF-8), so no text
/// is lost.</summary>
internal static class NativeText
{
    /// <summary>Most bytes that one UTF-16 unit takes.</summary>
    internal const int MaxBytesPerUnit = 3;

    /// <summary>Writes a text and returns the number of bytes; <paramref name="target"/> has room for three a
    /// unit.</summary>
    internal static int Encode(ReadOnlySpan<char> text, Span<byte> target)
    {
        var written = 0;
        while (true)
        {
            var status = Utf8.FromUtf16(text, target[written..], out var read, out var added,
                replaceInvalidSequences: false);
            written += added;
            text = text[read..];
            if (status == OperationStatus.Done)
            {
                return written;
            }

            // What stopped it is half of a surrogate pair.
            var half = text[0];
            target[written++] = (byte)(0xE0 | (half >> 12));
            target[written++] = (byte)(0x80 | ((half >> 6) & 0x3F));
            target[written++] = (byte)(0x80 | (half & 0x3F));
            text = text[1..];
        }
    }

    /// <summary>Reads a text; false if the bytes are not what <see cref="Encode"/> gives for any text.</summary>
    internal static bool TryDecode(ReadOnlySpan<byte> source, [NotNullWhen(true)] out string? text)
    {
        if (Ascii.IsValid(source))
        {
            text = Encoding.Latin1.GetString(source);
            return true;
        }

        text = Utf8.IsValid(source) ? Encoding.UTF8.GetString(source) : DecodeHalves(source);
        return text is not null;
    }

    private static string? DecodeHalves(ReadOnlySpan<byte> source)
    {
        var units = new char[source.Length];
        var count = 0;
        for (var rest = source; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var read) == OperationStatus.Done)
            {
                count += rune.EncodeToUtf16(units.AsSpan(count));
                rest = rest[read..];
            }
            else if (rest is [0xED, >= 0xA0 and <= 0xBF and var second, >= 0x80 and <= 0xBF and var third, ..])
            {
                units[count++] = (char)(0xD000 | ((second & 0x3F) << 6) | (third & 0x3F));
                rest = rest[3..];
            }
            else
            {
                return null;
            }
        }

        // A whole pair in two halves has a shorter form, so it is refused: one text, one encoding.
        var encoded = new byte[count * MaxBytesPerUnit];
        return encoded.AsSpan(0, Encode(units.AsSpan(0, count), encoded)).SequenceEqual(source)
            ? new(units, 0, count)
            : null;
    }
}
