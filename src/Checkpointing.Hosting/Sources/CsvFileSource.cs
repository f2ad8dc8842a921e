using System.Diagnostics.CodeAnalysis;
using Checkpointing.Hosting.Files;
using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>Reads a text file row by row. Its position, byte and row, is operator state.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class CsvFileSource<T> : ISource<T>
{
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
    public SourceReader<T> CreateReader() => new Reader(_path, _parse, HasHeader);

    private sealed class Reader(string path, Func<string, T> parse, bool hasHeader) : SourceReader<T>
    {
        private static readonly OperatorListStateDescriptor<long> Position = new("csv-position");

        private OperatorListState<long> _position = null!;
        private RowReader? _rows;
        private long _rowNumber;

        public override IReadOnlyList<StateDescriptor> States => [Position];

        public override void Open(SourceContext context)
        {
            _position = context.State.GetState(Position);
            (var offset, _rowNumber) = _position.Items is [var bytes, var rows] ? (bytes, rows) : (0, 0);
            _rows = new(path, offset);
            if (_rowNumber == 0 && hasHeader && _rows.TryReadNext(out _))
            {
                _rowNumber = 1;
            }
        }

        public override bool TryReadNext([MaybeNullWhen(false)] out T value)
        {
            while (_rows!.TryReadNext(out var row))
            {
                _rowNumber++;
                if (row.Length > 0)
                {
                    value = Parse(row);
                    return true;
                }
            }

            value = default;
            return false;
        }

        public override void SnapshotPosition() => _position.Replace([_rows!.Offset, _rowNumber]);

        protected override void Dispose(bool disposing)
        {
            _rows?.Dispose();
            base.Dispose(disposing);
        }

        private T Parse(string row)
        {
            try
            {
                return parse(row);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new MalformedRowException(path, _rowNumber, row, e);
            }
        }
    }
}
