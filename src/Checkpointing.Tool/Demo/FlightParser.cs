using System.Globalization;

namespace Checkpointing.Tool.Demo;

/// <summary>Reads rows <c>date,delay,distance,origin,destination</c>; no quoting.</summary>
internal sealed class FlightParser
{
    /// <summary>The first row of every file.</summary>
    public const string Header = "date,delay,distance,origin,destination";

    private const string DateFormat = "yyyy/MM/dd HH:mm";
    private const int ColumnCount = 5;
    private const int MaxAirportLength = 16;

    // A few hundred airports, millions of rows: one string an airport.
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _airports =
        new Dictionary<string, string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Reads one row.</summary>
    /// <param name="row">The text, without the line's end.</param>
    /// <param name="flight">The flight; default if there is a problem.</param>
    /// <returns>What is wrong with the row; null if nothing is.</returns>
    public string? TryParse(ReadOnlySpan<char> row, out Flight flight)
    {
        flight = default;
        Span<Range> columns = stackalloc Range[ColumnCount + 1];
        var count = row.Split(columns, ',');
        if (count != ColumnCount)
        {
            return $"it has {(count > ColumnCount ? "more than" : "fewer than")} {ColumnCount} columns";
        }

        if (!DateTime.TryParseExact(
            row[columns[0]], DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return $"its date is not of the form {DateFormat}";
        }

        if (!TryParseNumber(row[columns[1]], out var delay))
        {
            return "its delay is not a whole number";
        }

        if (!TryParseNumber(row[columns[2]], out var distance) || distance < 0)
        {
            return "its distance is not a whole number of at least 0";
        }

        if (!TryParseAirport(row[columns[3]], out var origin))
        {
            return "its origin is not the code of an airport";
        }

        if (!TryParseAirport(row[columns[4]], out var destination))
        {
            return "its destination is not the code of an airport";
        }

        flight = new(date, delay, distance, origin, destination);
        return null;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private bool TryParseAirport(ReadOnlySpan<char> text, out string airport)
    {
        airport = "";
        if (text.Length is 0 or > MaxAirportLength)
        {
            return false;
        }

        foreach (var character in text)
        {
            if (!char.IsAsciiLetterOrDigit(character))
            {
                return false;
            }
        }

        if (!_airports.TryGetValue(text, out airport!))
        {
            airport = text.ToString();
            _airports[text] = airport;
        }

        return true;
    }
}
