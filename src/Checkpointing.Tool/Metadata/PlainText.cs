using System.Globalization;
using System.Text;

namespace Checkpointing.Tool.Metadata;

/// <summary>Words for people. Texts come from files of strangers, so no control character of theirs reaches a
/// terminal.</summary>
internal static class PlainText
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>A text with everything that is no visible character as an escape.</summary>
    public static string Clean(string text)
    {
        if (!text.Any(NeedsEscape))
        {
            return text;
        }

        var result = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])
                && !IsInvisible(CharUnicodeInfo.GetUnicodeCategory(text, i)))
            {
                result.Append(text, i++, 2);
            }
            else if (NeedsEscape(text[i]))
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    /// <summary>A length, for example <c>1.5 MiB</c>.</summary>
    public static string Size(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; Math.Abs(value) >= 1024 && unit < s_units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(unit == 0 ? "F0" : "F1",
            CultureInfo.InvariantCulture)} {s_units[unit]}");
    }

    /// <summary>A number and what is counted, for example <c>1,234 files</c>.</summary>
    public static string Count(long number, string one, string? many = null) => string.Create(
        CultureInfo.InvariantCulture, $"{number:N0} {(number == 1 ? one : many ?? one + "s")}");

    // Controls, marks that turn the direction of writing, and surrogates, of which pairs are let through above.
    private static bool NeedsEscape(char unit) => char.IsSurrogate(unit) || IsInvisible(char.GetUnicodeCategory(unit));

    private static bool IsInvisible(UnicodeCategory category) => category is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
