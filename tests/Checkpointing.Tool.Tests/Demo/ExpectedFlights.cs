using System.Globalization;
using Checkpointing.Tool.Demo;

namespace Checkpointing.Tool.Tests.Demo;

/// <summary>What the demo must give, counted from the CSV by other code than the product's.</summary>
internal sealed class ExpectedFlights
{
    private ExpectedFlights(IReadOnlyList<OriginReport> origins, IReadOnlyList<string> sortedRows)
    {
        Origins = origins;
        SortedRows = sortedRows;
    }

    /// <summary>The CSV that the tool brings along.</summary>
    public static string InputPath { get; } = Path.Combine(AppContext.BaseDirectory, "Data", "flights-20k.csv");

    /// <summary>Airports by name (ordinal).</summary>
    public IReadOnlyList<OriginReport> Origins { get; }

    /// <summary>Rows of the output, sorted (ordinal).</summary>
    public IReadOnlyList<string> SortedRows { get; }

    public static ExpectedFlights Of(string path, int replays)
    {
        var rows = File.ReadAllLines(path).Skip(1).Select(static line => line.Split(',')).Select(static fields =>
            (Day: DateOnly.ParseExact(fields[0][..10], "yyyy/MM/dd", CultureInfo.InvariantCulture),
            Delay: int.Parse(fields[1], CultureInfo.InvariantCulture), Origin: fields[3])).ToList();
        var all = Enumerable.Range(0, replays).SelectMany(replay =>
            rows.Select(row => row with { Day = row.Day.AddDays(90 * replay) })).ToList();
        var origins = all.GroupBy(static row => row.Origin)
            .Select(static group => new OriginReport(
                group.Key, group.Count(), group.Sum(static row => (long)row.Delay), group.Max(static row => row.Delay)))
            .OrderBy(static origin => origin.Origin, StringComparer.Ordinal);

        // 90 days hold the whole input, so a day and an origin belong to one replay.
        var days = all.GroupBy(static row => (row.Day, row.Origin)).Select(static group => string.Create(
            CultureInfo.InvariantCulture,
            $"{group.Key.Day:yyyy-MM-dd},{group.Key.Origin},{group.Count()},"
            + $"{group.Average(static row => row.Delay):F3}"));
        return new([.. origins], [.. days.Order(StringComparer.Ordinal)]);
    }

    /// <summary>Rows of a file that the demo wrote, sorted (ordinal).</summary>
    public static IReadOnlyList<string> SortedRowsOf(string output) =>
        [.. File.ReadAllLines(output).Order(StringComparer.Ordinal)];
}
