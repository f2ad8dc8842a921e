using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Checkpointing.Tool.Metadata;

/// <summary>Texts of metadata in JSON. Java's texts may hold halves of surrogate pairs, which UTF-8 cannot: they are
/// written as escapes.</summary>
internal static class JsonText
{
    /// <summary>Writes a text, or null.</summary>
    public static void Write(Utf8JsonWriter json, string name, string? text)
    {
        json.WritePropertyName(name);
        WriteValue(json, text);
    }

    /// <summary>Writes a text without a name, or null.</summary>
    public static void WriteValue(Utf8JsonWriter json, string? text)
    {
        if (text is null)
        {
            json.WriteNullValue();
        }
        else if (HasHalfPair(text))
        {
            json.WriteRawValue(Escape(text), skipInputValidation: true);
        }
        else
        {
            json.WriteStringValue(text);
        }
    }

    private static bool HasHalfPair(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]))
            {
                if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                {
                    return true;
                }

                i++;
            }
        }

        return false;
    }

    // All that is not plain ASCII as an escape: right for every unit, whatever stands beside it.
    private static string Escape(string text)
    {
        var result = new StringBuilder(text.Length + 16).Append('"');
        foreach (var unit in text)
        {
            if (unit is >= ' ' and < '\u007f' and not ('"' or '\\'))
            {
                result.Append(unit);
            }
            else
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            }
        }

        return result.Append('"').ToString();
    }
}
