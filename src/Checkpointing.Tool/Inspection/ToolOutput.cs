using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Checkpointing.Tool.Metadata;
using Spectre.Console;

namespace Checkpointing.Tool.Inspection;

/// <summary>What a command prints: one JSON object a line, or lines and tables for people.</summary>
/// <param name="json">Whether JSON is asked for.</param>
internal sealed class ToolOutput(bool json)
{
    /// <summary>Version of the JSON; a field may be added without a new one, none is removed or changes its
    /// meaning.</summary>
    public const int Schema = 1;

    private readonly Stream _output = Console.OpenStandardOutput();

    /// <summary>Whether JSON is asked for.</summary>
    public bool IsJson => json;

    /// <summary>Writes one JSON object on one line; its first field says the schema.</summary>
    public void Json(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("schema", Schema);
            fields(writer);
            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        _output.Write(buffer.WrittenSpan);
    }

    /// <summary>Writes a line for people; control characters become visible.</summary>
    public void Line(string text = "") =>
        _output.Write(Encoding.UTF8.GetBytes(PlainText.Clean(text) + Environment.NewLine));

    /// <summary>Writes rows below headings, in columns; an empty list gives one line that says so.</summary>
    /// <param name="empty">That line.</param>
    /// <param name="columns">Headings; one with a leading <c>#</c> is of numbers, at the right.</param>
    /// <param name="rows">Cells.</param>
    public void Table(string empty, string[] columns, IEnumerable<string[]> rows)
    {
        var cells = rows.Select(static row => row.Select(PlainText.Clean).ToArray()).ToList();
        if (cells.Count == 0)
        {
            Line(empty);
            return;
        }

        var isNumber = columns.Select(static one => one[0] == '#').ToArray();
        cells.Insert(0, [.. columns.Select(static one => one.TrimStart('#'))]);
        var widths = columns.Select((_, i) => cells.Max(row => row[i].Length)).ToArray();
        foreach (var row in cells)
        {
            Line(string.Join("  ", row.Select((cell, i) =>
                isNumber[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
        }
    }

    /// <summary>Runs long work, with a bar on a terminal.</summary>
    public async Task<T> RunAsync<T>(string title, Func<IProgress<(int Done, int Of)>, Task<T>> work)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        if (json || Console.IsOutputRedirected || Console.IsErrorRedirected || !console.Profile.Capabilities.Ansi)
        {
            return await work(new Ignored()).ConfigureAwait(false);
        }

        return await console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(context => work(new Bar(context.AddTask(Markup.Escape(title))))).ConfigureAwait(false);
    }

    /// <summary>A duration in short, for example <c>3 d</c>, <c>2.5 h</c>, <c>120 ms</c>.</summary>
    public static string Text(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => Text(time.TotalDays, "d"),
        { TotalHours: >= 2 } => Text(time.TotalHours, "h"),
        { TotalMinutes: >= 2 } => Text(time.TotalMinutes, "min"),
        { TotalSeconds: >= 2 } => Text(time.TotalSeconds, "s"),
        _ => Text(Math.Max(0, time.TotalMilliseconds), "ms"),
    };

    /// <summary>A time as it is printed: to the second, UTC.</summary>
    public static string Text(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    private static string Text(double number, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:0.#} {unit}");

    private sealed class Ignored : IProgress<(int Done, int Of)>
    {
        public void Report((int Done, int Of) value)
        {
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<(int Done, int Of)>
    {
        public void Report((int Done, int Of) value) =>
            (task.MaxValue, task.Value) = (Math.Max(1, value.Of), value.Done);
    }
}
