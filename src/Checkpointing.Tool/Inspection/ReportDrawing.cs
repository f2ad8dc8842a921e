using System.Globalization;
using System.Text;
using Checkpointing.Inspection;
using Checkpointing.Statistics;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>Bars of a report. What is new is filled and what is reused hatched, and every bar has its number beside it:
/// nothing is said by colour alone.</summary>
internal static class ReportDrawing
{
    private const int Left = 70;
    private const int Width = 620;
    private const int Right = 210;
    private const int RowHeight = 22;
    private const int BarHeight = 14;

    // One for each part of a checkpoint's time, in the order of HistoryJson.Phases: told apart without colours.
    private static readonly string[] s_fills =
        ["#fff", "url(#dots)", "#135", "url(#hatch)", "url(#lines)", "url(#grid)"];

    /// <summary>A bar a checkpoint: new and reused bytes.</summary>
    public static void AppendSizes(StringBuilder page, IReadOnlyList<CheckpointSizes> checkpoints)
    {
        var largest = checkpoints.Max(static one => Math.Max(1, one.NewBytes + one.ReusedBytes));
        Begin(page, checkpoints.Count + 1, "Bytes of each checkpoint: new, then reused");
        page.Append("<defs>");
        Pattern(page, "hatch", "<rect width=\"2\" height=\"6\" fill=\"#357\"/>", turned: true);
        page.Append("</defs>");
        foreach (var (row, one) in checkpoints.Index())
        {
            var (fresh, reused) = (Scale(one.NewBytes, largest), Scale(one.ReusedBytes, largest));
            Label(page, row, one.Id);
            Bar(page, row, Left, fresh, "#135");
            Bar(page, row, Left + fresh, reused, "url(#hatch)");
            Text(page, row, Left + fresh + reused + 6,
                $"{PlainText.Size(one.NewBytes)} + {PlainText.Size(one.ReusedBytes)}");
        }

        var key = checkpoints.Count;
        Bar(page, key, Left, 20, "#135");
        Text(page, key, Left + 26, "new");
        Bar(page, key, Left + 70, 20, "url(#hatch)");
        Text(page, key, Left + 96, "reused");
        page.Append("</svg>\n");
    }

    /// <summary>A bar a checkpoint: how long it took.</summary>
    public static void AppendDurations(
        StringBuilder page, IReadOnlyList<(CheckpointId Id, TimeSpan? Duration)> durations)
    {
        var longest = durations.Max(static one => Math.Max(1, one.Duration?.Ticks ?? 0));
        Begin(page, durations.Count, "Duration of each checkpoint");
        foreach (var (row, (id, duration)) in durations.Index())
        {
            var length = Scale(duration?.Ticks ?? 0, longest);
            Label(page, row, id);
            Bar(page, row, Left, length, "#135");
            Text(page, row, Left + length + 6, duration is { } time ? ToolOutput.Text(time) : "not known");
        }

        page.Append("</svg>\n");
    }

    /// <summary>A bar a checkpoint: the parts of its time, one after the other.</summary>
    public static void AppendPhases(
        StringBuilder page, IReadOnlyList<(CheckpointId Id, CheckpointPhases Phases)> checkpoints)
    {
        const int KeyWidth = 120;
        var longest = checkpoints.Max(static one => Math.Max(1, one.Phases.Total.Ticks));
        Begin(page, checkpoints.Count + 1, "Parts of the time of each checkpoint");
        page.Append("<defs>");
        Pattern(page, "dots", "<circle cx=\"3\" cy=\"3\" r=\"1.3\" fill=\"#135\"/>");
        Pattern(page, "lines", "<rect width=\"6\" height=\"2\" fill=\"#357\"/>");
        Pattern(page, "grid", "<path d=\"M0 0H6M0 0V6\" stroke=\"#135\" stroke-width=\"1.6\"/>");
        page.Append("</defs>");
        foreach (var (row, (id, phases)) in checkpoints.Index())
        {
            Label(page, row, id);
            var x = (double)Left;
            foreach (var (part, (_, _, of)) in HistoryJson.Phases.Index())
            {
                var length = Scale(of(phases).Ticks, longest);
                Bar(page, row, x, length, s_fills[part]);
                x += length;
            }

            Text(page, row, x + 6, ToolOutput.Text(phases.Total));
        }

        foreach (var (part, (_, title, _)) in HistoryJson.Phases.Index())
        {
            Bar(page, checkpoints.Count, Left + (part * KeyWidth), 20, s_fills[part]);
            Text(page, checkpoints.Count, Left + (part * KeyWidth) + 26, title);
        }

        page.Append("</svg>\n");
    }

    private static void Pattern(StringBuilder page, string name, string drawing, bool turned = false) => page.Append(
        CultureInfo.InvariantCulture,
        $"<pattern id=\"{name}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"")
        .Append(turned ? " patternTransform=\"rotate(45)\">" : ">")
        .Append("<rect width=\"6\" height=\"6\" fill=\"#fff\"/>").Append(drawing).Append("</pattern>");

    private static void Begin(StringBuilder page, int rows, string title) => page.Append(
        CultureInfo.InvariantCulture,
        $"<svg viewBox=\"0 0 {Left + Width + Right} {(rows * RowHeight) + 4}\" width=\"{Left + Width + Right}\" ")
        .Append(CultureInfo.InvariantCulture, $"role=\"img\"><title>{title}</title>");

    private static void Label(StringBuilder page, int row, CheckpointId id) => page.Append(
        CultureInfo.InvariantCulture,
        $"<text x=\"{Left - 8}\" y=\"{(row * RowHeight) + BarHeight}\" text-anchor=\"end\">{id.Value}</text>");

    private static void Bar(StringBuilder page, int row, double x, double length, string fill) => page.Append(
        CultureInfo.InvariantCulture,
        $"<rect x=\"{x:0.#}\" y=\"{(row * RowHeight) + 2}\" width=\"{Math.Max(0, length):0.#}\" ")
        .Append(CultureInfo.InvariantCulture, $"height=\"{BarHeight}\" fill=\"{fill}\" stroke=\"#135\"/>");

    private static void Text(StringBuilder page, int row, double x, string text) => page.Append(
        CultureInfo.InvariantCulture,
        $"<text x=\"{x:0.#}\" y=\"{(row * RowHeight) + BarHeight}\">{text}</text>");

    private static double Scale(long value, long largest) => Width * (double)value / largest;
}
