using Spectre.Console;

namespace Checkpointing.Tool.Metadata;

/// <summary>What a person, or a program, sees of each file, as soon as it is done.</summary>
internal abstract class MetadataView
{
    /// <summary>The view that fits: JSON where asked for, plain lines where the output is piped, else the
    /// terminal's.</summary>
    /// <param name="json">Whether JSON is asked for.</param>
    /// <param name="isFolder">Whether there are many files: then each gets one line.</param>
    public static MetadataView For(bool json, bool isFolder)
    {
        if (json)
        {
            return new JsonMetadataView(new(Console.OpenStandardOutput()));
        }

        var isPlain = isFolder || Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi;
        return new TextMetadataView(isFolder, isPlain ? null : AnsiConsole.Console);
    }

    /// <summary>A file was read.</summary>
    public abstract void Shown(MetadataFile file);

    /// <summary>A file was written again.</summary>
    public abstract void Rewritten(MetadataFile file, RewrittenFile rewritten);

    /// <summary>A file could not be read or written.</summary>
    public abstract void Failed(MetadataSource source, int? version, string error);
}

/// <summary>One JSON object a line, and nothing else.</summary>
internal sealed class JsonMetadataView(MetadataJson json) : MetadataView
{
    /// <inheritdoc/>
    public override void Shown(MetadataFile file) => json.Write(file, null);

    /// <inheritdoc/>
    public override void Rewritten(MetadataFile file, RewrittenFile rewritten) => json.Write(file, rewritten);

    /// <inheritdoc/>
    public override void Failed(MetadataSource source, int? version, string error) =>
        json.WriteFailure(source, version, error);
}

/// <summary>Lines for people; on a terminal with headings in bold. Failures go to standard error.</summary>
internal sealed class TextMetadataView(bool isFolder, IAnsiConsole? terminal) : MetadataView
{
    /// <inheritdoc/>
    public override void Shown(MetadataFile file)
    {
        foreach (var line in isFolder ? [MetadataText.Summary(file)] : MetadataText.All(file))
        {
            WriteLine(line);
        }
    }

    /// <inheritdoc/>
    public override void Rewritten(MetadataFile file, RewrittenFile rewritten)
    {
        WriteLine(MetadataText.Summary(file, rewritten));
        foreach (var line in rewritten.Losses.Select(static loss => loss.Sentence).Concat(rewritten.Warnings))
        {
            WriteLine($"  {PlainText.Clean(line)}");
        }
    }

    /// <inheritdoc/>
    public override void Failed(MetadataSource source, int? version, string error)
    {
        var sentence = error.Contains($"'{source.Shown}'", StringComparison.Ordinal)
            ? error : $"'{source.Shown}': {error}";
        Console.Error.WriteLine(PlainText.Clean(sentence.ReplaceLineEndings(" ").Trim()));
    }

    private void WriteLine(string line)
    {
        if (terminal is not null && line.Length > 0 && line[0] != ' ')
        {
            // Past the console's wrapping: a path that was broken at the terminal's width could not be copied.
            terminal.Profile.Out.Writer.WriteLine(
                terminal.Profile.Capabilities.ColorSystem == ColorSystem.NoColors ? line : $"\u001b[1m{line}\u001b[0m");
        }
        else
        {
            Console.Out.WriteLine(line);
        }
    }
}
