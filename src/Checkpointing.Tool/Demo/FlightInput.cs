// Reads the input of the demo, which a user names: this and the output file are all that it touches itself.
#pragma warning disable RS0030
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Checkpointing.Tool.Demo;

/// <summary>The flights of one file, in the file's order, checked row by row before anything starts.</summary>
/// <remarks>Immutable; any thread.</remarks>
internal sealed class FlightInput
{
    private const int MaxQuotedLength = 100;

    private readonly Flight[] _flights;

    private FlightInput(string path, Flight[] flights, string fingerprint)
    {
        Path = path;
        _flights = flights;
        Fingerprint = fingerprint;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Flights of one pass; at least one.</summary>
    public int Count => _flights.Length;

    /// <summary>XxHash128 of all flights, 32 hexadecimal digits; stored with the position, so that a resumed run cannot
    /// go on over another input.</summary>
    public string Fingerprint { get; }

    /// <summary>A flight of the replayed input.</summary>
    /// <param name="position">From 0; position ÷ <see cref="Count"/> is the pass.</param>
    public Flight this[long position] => _flights[position % Count].InReplay((int)(position / Count));

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="ToolException">It cannot be read, or a row is malformed; the message has the row's number and
    /// text.</exception>
    public static FlightInput Load(string path)
    {
        try
        {
            var flights = new List<Flight>();
            var hash = new XxHash128();
            var parser = new FlightParser();
            var row = 0;
            foreach (var line in File.ReadLines(path))
            {
                if (++row == 1)
                {
                    CheckHeader(path, line);
                }
                else if (line.Length > 0)
                {
                    flights.Add(ParseRow(path, row, line, parser));
                }

                hash.Append(MemoryMarshal.AsBytes(line.AsSpan()));
                hash.Append("\n"u8);
            }

            return flights.Count > 0
                ? new(path, [.. flights], Convert.ToHexStringLower(hash.GetCurrentHash()))
                : throw new ToolException($"'{path}' holds no flights; it needs rows '{FlightParser.Header}'.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException($"The input '{path}' does not exist.", ExitCodes.Usage, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(
                $"The input '{path}' cannot be read: {exception.Message}", ExitCodes.RunFailed, exception);
        }
    }

    /// <summary>How far a flight can lie behind the latest one before it, over all passes: the watermark waits that
    /// long, so that no flight is late, however the file is sorted.</summary>
    /// <exception cref="ToolException">The passes run beyond the year 9999.</exception>
    public TimeSpan MaxOutOfOrderness(int replays)
    {
        var latest = DateTime.MinValue;
        var most = TimeSpan.Zero;
        foreach (var flight in _flights)
        {
            latest = flight.Date > latest ? flight.Date : latest;
            most = latest - flight.Date > most ? latest - flight.Date : most;
        }

        var last = DateTime.MaxValue - latest - TimeSpan.FromDays(2);
        if (last < Flight.ReplayShift * (replays - 1))
        {
            throw new ToolException(
                $"{replays} replays of '{Path}' run beyond the year 9999; use fewer --replays.", ExitCodes.Usage);
        }

        var overlap = replays == 1
            ? TimeSpan.Zero
            : latest - (_flights.Min(static flight => flight.Date) + Flight.ReplayShift);
        return overlap > most ? overlap : most;
    }

    private static void CheckHeader(string path, string line)
    {
        if (line != FlightParser.Header)
        {
            throw Malformed(path, 1, line, $"it is not the header '{FlightParser.Header}'");
        }
    }

    private static Flight ParseRow(string path, int row, string line, FlightParser parser) =>
        parser.TryParse(line, out var flight) is { } problem ? throw Malformed(path, row, line, problem) : flight;

    private static ToolException Malformed(string path, int row, string line, string problem) =>
        new($"Row {row} of '{path}' (the header is row 1) is malformed, {problem}: '{Quote(line)}'.");

    private static string Quote(string line)
    {
        var text = string.Concat(line.Take(MaxQuotedLength).Select(static c => char.IsControl(c) ? '?' : c));
        return line.Length > MaxQuotedLength ? text + "…" : text;
    }
}
