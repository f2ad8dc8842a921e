namespace Checkpointing.Tool.Demo;

/// <summary>Plain lines for a pipe or a file: no colour, no bar, nothing is wrapped or drawn over.</summary>
internal sealed class PlainDemoView(TextWriter output) : DemoView
{
    /// <inheritdoc/>
    public override void Started(DemoOptions options, FlightInput input)
    {
        output.WriteLine(DemoText.StartOf(options, input));
        output.WriteLine($"Folder: {options.Folder}");
    }

    /// <inheritdoc/>
    public override void GenerationStarted(
        string jobId, int parallelism, string? restoredFrom, long first, long target) =>
        output.WriteLine(
            $"{jobId}: {DemoText.BeginningOf(parallelism, restoredFrom)}, "
            + $"flights {DemoText.Count(first)} to {DemoText.Count(target)}");

    /// <inheritdoc/>
    public override void Progressed(long position)
    {
    }

    /// <inheritdoc/>
    public override void GenerationEnded(GenerationReport generation) =>
        output.WriteLine($"{generation.JobId}: checkpoint {generation.CheckpointPath} taken, cancelled");

    /// <inheritdoc/>
    public override void Finish(DemoReport report)
    {
        output.WriteLine();
        WriteTable(DemoText.GenerationColumns, report.Generations.Select(DemoText.RowOf));
        output.WriteLine();
        WriteTable(DemoText.OriginColumns, DemoText.TopOrigins(report));
        output.WriteLine();
        output.WriteLine(DemoText.SummaryOf(report));
    }

    private void WriteTable(IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        string[][] table = [[.. columns], .. rows];
        var widths = columns.Select((_, column) => table.Max(row => row[column].Length)).ToArray();
        foreach (var row in table)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }
}
