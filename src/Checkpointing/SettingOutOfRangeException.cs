using System.Globalization;

namespace Checkpointing;

/// <summary>A setting is missing or outside its range: a mistake of whoever wrote it, found before anything
/// happens.</summary>
public sealed class SettingOutOfRangeException(string setting, string value, string range)
    : ArgumentOutOfRangeException(setting, $"{setting} is {value}; it must be {range}.")
{
    /// <summary>Name of the setting: of a property of an options class.</summary>
    public string Setting { get; } = setting;

    /// <summary>What it is.</summary>
    public string Value { get; } = value;

    /// <summary>What it must be; goes on from "it must be".</summary>
    public string Range { get; } = range;

    /// <summary>One sentence: setting, value, range.</summary>
    public override string Message => $"{Setting} is {Value}; it must be {Range}.";

    /// <summary>Refuses a setting.</summary>
    /// <param name="holds">Whether it is within its range.</param>
    /// <param name="setting">Its name.</param>
    /// <param name="value">What it is.</param>
    /// <param name="range">What it must be; goes on from "it must be".</param>
    /// <exception cref="SettingOutOfRangeException">It is not.</exception>
    public static void ThrowUnless(bool holds, string setting, object? value, string range)
    {
        if (!holds)
        {
            throw new SettingOutOfRangeException(setting, Text(value), range);
        }
    }

    /// <summary>Writes a value as a person would write the setting.</summary>
    private static string Text(object? value) => value switch
    {
        null => "not set",
        "" => "empty",
        TimeSpan time => Text(time),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    // "c" writes seven decimals, or none.
    private static string Text(TimeSpan time)
    {
        var text = time.ToString("c", CultureInfo.InvariantCulture);
        return text.LastIndexOf('.') > text.LastIndexOf(':') ? text.TrimEnd('0') : text;
    }
}
