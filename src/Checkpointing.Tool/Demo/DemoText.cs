using System.Globalization;

namespace Checkpointing.Tool.Demo;

/// <summary>Rows and words that the views for people share.</summary>
internal static class DemoText
{
    private const int ShownOrigins = 10;

    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Columns of the table of jobs: one row each. It fits a terminal of 80 columns.</summary>
    public static IReadOnlyList<string> GenerationColumns { get; } =
        ["Id", "Checkpoint", "ms", "New (files)", "Reused (files)", "Restore ms"];

    /// <summary>Columns of the table of airports.</summary>
    public static IReadOnlyList<string> OriginColumns { get; } =
        ["Origin", "Flights", "Mean delay (min)", "Max delay (min)"];

    /// <summary>One row of the table of jobs.</summary>
    public static string[] RowOf(GenerationReport generation) =>
    [
        Count(generation.CheckpointId),
        generation.CheckpointPath,
        Milliseconds(generation.CheckpointMs),
        Files(generation.NewBytes, generation.NewFiles),
        Files(generation.ReusedBytes, generation.ReusedFiles),
        generation.RestoredFrom is null ? "-" : Milliseconds(generation.RestoreMs),
    ];

    /// <summary>Rows of the airports with the most flights; equals by name.</summary>
    public static IEnumerable<string[]> TopOrigins(DemoReport report) => report.Origins
        .OrderByDescending(static origin => origin.Flights).ThenBy(
            static origin => origin.Origin, StringComparer.Ordinal)
        .Take(ShownOrigins)
        .Select(static origin => new[]
        {
            origin.Origin,
            Count(origin.Flights),
            ((double)origin.TotalDelayMinutes / origin.Flights).ToString("F1", CultureInfo.InvariantCulture),
            Count(origin.MaxDelayMinutes),
        });

    /// <summary>The job's first line: what it does and how.</summary>
    public static string StartOf(DemoOptions options, FlightInput input) =>
        $"{Count((long)input.Count * options.Replays)} flights, {options.Generations} generations, "
        + (options.Backend == DemoBackend.Heap
            ? "heap"
            : options.IsIncremental ? "RocksDB, incremental" : "RocksDB, full");

    /// <summary>How a job runs, and where it began.</summary>
    public static string BeginningOf(int parallelism, string? restoredFrom) =>
        $"{Count(parallelism)} {(parallelism == 1 ? "subtask" : "subtasks")} from {restoredFrom ?? "the beginning"}";

    /// <summary>The last line.</summary>
    public static string SummaryOf(DemoReport report) =>
        $"{Count(report.Events)} flights from {Count(report.Origins.Count)} origins, "
        + $"{Count(report.Windows)} daily means in {report.Output}";

    /// <summary>A whole number with thousands marked.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Files(long bytes, int files) => files == 0
        ? bytes == 0 ? "-" : Bytes(bytes)
        : $"{Bytes(bytes)} ({Count(files)})";

    private static string Milliseconds(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Bytes(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < Units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? $"{bytes}" : $"{value:F1}")} {Units[unit]}");
    }
}
