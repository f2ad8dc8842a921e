using System.Globalization;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>A record of either input.</summary>
/// <param name="Key">An airport, or a made key.</param>
/// <param name="TimeMs">Event time, ms since 1970.</param>
/// <param name="Value">What is summed.</param>
internal readonly record struct FireRecord(string Key, long TimeMs, long Value);

/// <summary>The two inputs, in event-time order.</summary>
internal static class FireInput
{
    private const int GeneratedCount = 20_000;
    private const int ColumnCount = 5;

    /// <summary>Size of the windows: a day of flights, a second of made records.</summary>
    internal static TimeSpan WindowOf(FireInputKind kind) =>
        kind == FireInputKind.Flights ? TimeSpan.FromDays(1) : TimeSpan.FromSeconds(1);

    /// <summary>Whether the flights are there: they lie beside the repository.</summary>
    internal static bool HasFlights => FlightsPath is not null;

    private static string? FlightsPath =>
        RepositoryData.Files("flights", "flights-20k.csv") is [var path] ? path : null;

    /// <summary>Reads or makes an input.</summary>
    internal static IReadOnlyList<FireRecord> Load(FireInputKind kind, int seed) =>
        kind == FireInputKind.Flights ? LoadFlights() : Generate(seed);

    private static List<FireRecord> LoadFlights()
    {
        var flights = new List<FireRecord>();
        foreach (var line in File.ReadLines(FlightsPath!).Skip(1))
        {
            var columns = line.Split(',');
            if (columns.Length != ColumnCount)
            {
                throw new InvalidDataException($"'{line}' is no flight.");
            }

            var date = DateTime.ParseExact(
                columns[0], "yyyy/MM/dd HH:mm", CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
            flights.Add(new(
                columns[3], new DateTimeOffset(date).ToUnixTimeMilliseconds(),
                int.Parse(columns[1], CultureInfo.InvariantCulture)));
        }

        return flights;
    }

    private static List<FireRecord> Generate(int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, GeneratedCount).Select(i => new FireRecord(
                string.Create(CultureInfo.InvariantCulture, $"key-{random.Next(100)}"), i * 2L,
                random.Next(-1_000, 1_000))),
        ];
    }
}
