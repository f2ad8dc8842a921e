using Spectre.Console;

namespace Checkpointing.Tool.Demo;

/// <summary>A bar a job while it runs, then tables. Colours follow the terminal and NO_COLOR.</summary>
internal sealed class TerminalDemoView(IAnsiConsole console) : DemoView
{
    private ProgressContext? _progress;
    private ProgressTask? _bar;
    private long _first;

    /// <inheritdoc/>
    public override Task<DemoReport> RunAsync(Func<Task<DemoReport>> work) => console.Progress()
        .Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
        .StartAsync(context =>
        {
            _progress = context;
            return work();
        });

    /// <inheritdoc/>
    public override void Started(DemoOptions options, FlightInput input)
    {
        console.MarkupLineInterpolated($"[bold]{DemoText.StartOf(options, input)}[/]");
        console.WriteLine($"Folder: {options.Folder}");
    }

    /// <inheritdoc/>
    public override void GenerationStarted(string jobId, int parallelism, string? restoredFrom, long first, long target)
    {
        _first = first;
        var text = $"{jobId} [grey]{Markup.Escape(DemoText.BeginningOf(parallelism, restoredFrom))}[/]";
        _bar = _progress?.AddTask(text, maxValue: Math.Max(1, target - first));
    }

    /// <inheritdoc/>
    public override void Progressed(long position)
    {
        if (_bar is not null)
        {
            _bar.Value = position - _first;
        }
    }

    /// <inheritdoc/>
    public override void GenerationEnded(GenerationReport generation)
    {
        if (_bar is not null)
        {
            _bar.Value = _bar.MaxValue;
        }
    }

    /// <inheritdoc/>
    public override void Finish(DemoReport report)
    {
        console.Write(
            MakeTable(DemoText.GenerationColumns, report.Generations.Select(DemoText.RowOf), leftColumns: [1]));
        console.Write(MakeTable(DemoText.OriginColumns, DemoText.TopOrigins(report), leftColumns: [0]));

        // Past the console: a path that was broken at the terminal's width could not be copied.
        console.Profile.Out.Writer.WriteLine(DemoText.SummaryOf(report));
    }

    private static Table MakeTable(IReadOnlyList<string> columns, IEnumerable<string[]> rows, int[] leftColumns)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var (index, name) in columns.Index())
        {
            table.AddColumn(new TableColumn(new Text(name, new(decoration: Decoration.Bold)))
            {
                Alignment = leftColumns.Contains(index) ? Justify.Left : Justify.Right,
            });
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(static cell => new Text(cell))]);
        }

        return table;
    }
}
