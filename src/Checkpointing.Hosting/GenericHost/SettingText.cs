using System.Globalization;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>Reads values of settings from texts. Looks at no members of the values, so it can be
/// trimmed.</summary>
internal static class SettingText
{
    /// <summary>Whether settings of this type can be written as a text.</summary>
    public static bool IsReadable(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain.IsEnum || plain == typeof(string) || plain == typeof(bool) || plain == typeof(int)
            || plain == typeof(long) || plain == typeof(double) || plain == typeof(TimeSpan);
    }

    /// <summary>Reads a value. An empty text is null where null is a value.</summary>
    /// <param name="type">Of the setting; see <see cref="IsReadable"/>.</param>
    /// <param name="text">What somebody wrote.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether the text is one of this type.</returns>
    public static bool TryRead(Type type, string text, out object? value)
    {
        if (type == typeof(string))
        {
            value = text;
            return true;
        }

        var plain = Nullable.GetUnderlyingType(type);
        if (plain is not null && text.Length == 0)
        {
            value = null;
            return true;
        }

        value = Read(plain ?? type, text.Trim());
        return value is not null;
    }

    /// <summary>What a text of this type must be; goes on from "it must be".</summary>
    public static string Describe(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain.IsEnum ? string.Join(", ", Enum.GetNames(plain)[..^1]) + " or " + Enum.GetNames(plain)[^1]
            : plain == typeof(bool) ? "true or false"
            : plain == typeof(TimeSpan) ? "a time such as 00:00:10"
            : plain == typeof(double) ? "a number"
            : plain == typeof(int) ? "a whole number of at most 2,147,483,647"
            : "a whole number";
    }

    private static object? Read(Type type, string text) => type switch
    {
        { IsEnum: true } => ReadName(type, text),
        _ when type == typeof(bool) => bool.TryParse(text, out var flag) ? flag : null,
        _ when type == typeof(int) => int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null,
        _ when type == typeof(long) => long.TryParse(text, CultureInfo.InvariantCulture, out var number)
            ? number
            : null,
        _ when type == typeof(double) => double.TryParse(text, CultureInfo.InvariantCulture, out var number)
            ? number
            : null,

        // A bare number would be days, which nobody means.
        _ => text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null,
    };

    // Numbers and lists of names are values of an enum as well, but no setting means them.
    private static object? ReadName(Type type, string text) =>
        Array.Exists(Enum.GetNames(type), name => name.Equals(text, StringComparison.OrdinalIgnoreCase))
            ? Enum.Parse(type, text, ignoreCase: true)
            : null;
}
