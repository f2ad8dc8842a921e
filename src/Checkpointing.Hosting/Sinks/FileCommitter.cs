using System.Globalization;
using System.Text;
using Checkpointing.Hosting.Files;
using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Appends part files to the output when their checkpoint has completed.</summary>
/// <remarks>The place of each byte follows from the state alone, so committing again writes the same bytes to the same
/// place.</remarks>
internal sealed class FileCommitter(string outputPath, string? header) : SinkCommitter<PartFile>
{
    private static readonly OperatorListStateDescriptor<long> CommittedLength = new("committed-length");

    private readonly PartFolder _parts = new(outputPath);
    private SinkContext _context = null!;
    private OperatorListState<long> _state = null!;
    private OutputFile? _output;
    private long _committedBytes;

    public override IReadOnlyList<StateDescriptor> States => [CommittedLength];

    public override void Open(SinkContext context, IReadOnlyList<PartFile> pending)
    {
        _context = context;
        _state = context.State.GetState(CommittedLength);
        _output = OutputFile.Open(outputPath);
        if (_state.Items is [var restored])
        {
            Restore(restored, pending);
        }
        else
        {
            BeginAnew();
        }
    }

    public override void Commit(IReadOnlyList<PartFile> committables)
    {
        // Looked at once more right before the first byte: after a takeover the new owner commits.
        if (!_context.MayCommit)
        {
            return;
        }

        _committedBytes = Append(_committedBytes, committables, Locate(_committedBytes, committables));
        _parts.Delete(committables);
    }

    public override void SnapshotState() => _state.Replace([_committedBytes]);

    protected override void Dispose(bool disposing)
    {
        _output?.Dispose();
        _parts.DeleteIfEmpty();
        base.Dispose(disposing);
    }

    private void BeginAnew()
    {
        var head = header is null ? [] : Encoding.UTF8.GetBytes(header + "\n");
        _output!.Truncate(0);
        _output.Write(head, 0);
        _output.Sync();
        _committedBytes = head.Length;

        // What an earlier job left belongs to rows that are gone now.
        var own = PartName.Of(_context);
        _parts.DeleteWhere(name => name.LineageId != own.LineageId || name.IsGivenUpBy(own));
    }

    private void Restore(long committedBytes, IReadOnlyList<PartFile> pending)
    {
        if (_output!.LengthBytes < committedBytes)
        {
            throw new SinkOutputException(outputPath, Bytes(committedBytes, "at least "), Bytes(_output.LengthBytes));
        }

        // All is looked at before anything is changed: what was committed already is in the file and nowhere else.
        var inPlace = Locate(committedBytes, pending);
        _committedBytes = Append(committedBytes, pending, inPlace);
        _output.Truncate(_committedBytes);
        _output.Sync();
        _parts.Delete(pending);
        var own = PartName.Of(_context);
        _parts.DeleteWhere(name => name.IsGivenUpBy(own));
    }

    /// <summary>Finds where the bytes of each part are.</summary>
    /// <returns>For each part whether the output holds it already.</returns>
    /// <exception cref="SinkOutputException">The bytes of a part are nowhere.</exception>
    private bool[] Locate(long committedBytes, IReadOnlyList<PartFile> parts)
    {
        var inPlace = new bool[parts.Count];
        var offset = committedBytes;
        for (var i = 0; i < parts.Count; i++)
        {
            if (!_parts.Holds(parts[i]))
            {
                inPlace[i] = _output!.Holds(offset, parts[i]);
                if (!inPlace[i])
                {
                    throw new SinkOutputException(
                        outputPath,
                        $"the rows of part '{parts[i].Name}' ({Bytes(parts[i].LengthBytes)}, digest {parts[i].Digest}) "
                        + $"in its file or from byte {offset.ToString(CultureInfo.InvariantCulture)} on",
                        $"neither; the output has {Bytes(_output.LengthBytes)}");
                }
            }

            offset += parts[i].LengthBytes;
        }

        return inPlace;
    }

    private long Append(long committedBytes, IReadOnlyList<PartFile> parts, bool[] inPlace)
    {
        var offset = committedBytes;
        for (var i = 0; i < parts.Count; i++)
        {
            if (!inPlace[i])
            {
                _parts.CopyTo(parts[i], _output!, offset);
            }

            offset += parts[i].LengthBytes;
        }

        _output!.Sync();
        return offset;
    }

    private static string Bytes(long count, string before = "") =>
        string.Create(CultureInfo.InvariantCulture, $"{before}{count} bytes");
}
