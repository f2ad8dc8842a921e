using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>Reads a text file row by row. Its position, byte and row, is operator state.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class CsvFileSource<T> : ISource<T>
{
    private static readonly OperatorListStateDescriptor<long> Position = new("csv-position");

    private readonly string _path;
    private readonly Func<string, T> _parse;

    /// <summary>Makes a source.</summary>
    /// <param name="path">A file in UTF-8; it may grow at its end between two runs, nothing else.</param>
    /// <param name="parse">Turns a row into a record; throws what it likes for a malformed one.</param>
    public CsvFileSource(string path, Func<string, T> parse)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parse);
        _path = path;
        _parse = parse;
    }

    /// <summary>Whether the first line holds names and no record. Default: false.</summary>
    public bool HasHeader { get; init; }

    /// <inheritdoc/>
    /// <value>Default: true. False: the file is complete, and not needed any more once it has been read.</value>
    public bool MayGrow { get; init; } = true;

    /// <inheritdoc/>
    public SourceReader<T> CreateReader() => new RowFileReader<T>(_path, _parse, Position)
    {
        SkipsHeader = HasHeader,
        SkipsBlankRows = true,
    };
}
