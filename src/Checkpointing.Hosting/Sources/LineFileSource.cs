using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>Reads a text file line by line, blank lines included. Its position, byte and line, is operator
/// state.</summary>
/// <remarks>Immutable. It runs as one subtask: lines have no numbers that several readers could jump to.</remarks>
public sealed class LineFileSource : ISource<string>
{
    private static readonly OperatorListStateDescriptor<long> Position = new("line-position");

    private readonly string _path;

    /// <summary>Makes a source.</summary>
    /// <param name="path">A file in UTF-8, with or without byte order mark; lines end in LF or CR LF. It may grow at
    /// its end between two runs, by whole lines, nothing else.</param>
    public LineFileSource(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
    }

    /// <inheritdoc/>
    /// <value>Default: true. False: the file is complete, and not needed any more once it has been read.</value>
    public bool MayGrow { get; init; } = true;

    /// <inheritdoc/>
    public SourceReader<string> CreateReader() => new RowFileReader<string>(_path, static line => line, Position);
}
