using System.Diagnostics.CodeAnalysis;
using Checkpointing.Hosting.Files;
using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>Reads the rows of a text file. Its position, byte and row, is operator state.</summary>
internal sealed class RowFileReader<T>(
    string path, Func<string, T> parse, OperatorListStateDescriptor<long> position) : SourceReader<T>
{
    private OperatorListState<long> _position = null!;
    private RowReader? _rows;
    private long _rowNumber;

    public bool SkipsHeader { get; init; }

    public bool SkipsBlankRows { get; init; }

    public override IReadOnlyList<StateDescriptor> States => [position];

    public override void Open(SourceContext context)
    {
        _position = context.State.GetState(position);
        (var offset, _rowNumber) = _position.Items is [var bytes, var rows] ? (bytes, rows) : (0, 0);
        _rows = new(path, offset);
        if (_rowNumber == 0 && SkipsHeader && _rows.TryReadNext(out _))
        {
            _rowNumber = 1;
        }
    }

    public override bool TryReadNext([MaybeNullWhen(false)] out T value)
    {
        while (_rows!.TryReadNext(out var row))
        {
            _rowNumber++;
            if (row.Length > 0 || !SkipsBlankRows)
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
