using System.Globalization;
using System.Text;
using Checkpointing.Hosting.Files;
using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Appends part files to the output when their checkpoint has completed.</summary>
/// <remarks>The place of each byte follows from the state alone, so committing again writes the same bytes to the same
/// place.</remarks>
internal sealed class FileCommitter(string outputPath, string? header, SinkFallBack fallBack, FileStepHook? hook)
    : SinkCommitter<PartFile>
{
    private static readonly OperatorListStateDescriptor<long> CommittedLength = new("committed-length");

    private readonly PartFolder _parts = new(outputPath, hook);
    private SinkContext _context = null!;
    private OperatorListState<long> _state = null!;
    private OutputFile? _output;
    private long _committedBytes;

    public override IReadOnlyList<StateDescriptor> States => [CommittedLength];

    private byte[] Head => header is null ? [] : Encoding.UTF8.GetBytes(header + "\n");

    public override void Check(SinkContext context, IReadOnlyList<PartFile> pending)
    {
        using var output = OutputFile.OpenToLook(outputPath);
        if (context.State.GetState(CommittedLength).Items is [var restored])
        {
            Locate(output, restored, pending);
            CheckFallBack(output?.LengthBytes ?? 0, restored + pending.Sum(static part => part.LengthBytes));
        }
        else if (fallBack == SinkFallBack.Refuse && output?.IsBeginningOf(Head) == false)
        {
            throw new SinkOutputException(
                outputPath, "no rows, for the job starts anew", Bytes(output.LengthBytes),
                "Move the file away, or let the sink take rows back.");
        }
    }

    public override void Open(SinkContext context, IReadOnlyList<PartFile> pending)
    {
        _context = context;
        _state = context.State.GetState(CommittedLength);
        _output = OutputFile.Open(outputPath, hook);
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

        _committedBytes = Append(
            _committedBytes, committables, Locate(_output, _committedBytes, committables));
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
        var head = Head;
        _output!.Cut(0);
        _output.Write(head, 0);
        _output.Sync();
        _committedBytes = head.Length;

        // What an earlier job left belongs to rows that are gone now.
        var own = PartName.Of(_context);
        _parts.DeleteWhere(name => name.LineageId != own.LineageId || name.IsGivenUpBy(own));
    }

    private void Restore(long committedBytes, IReadOnlyList<PartFile> pending)
    {
        // All is looked at before anything is changed: what was committed already is in the file and nowhere else.
        var inPlace = Locate(_output, committedBytes, pending);
        _committedBytes = Append(committedBytes, pending, inPlace);
        if (_output!.LengthBytes > _committedBytes)
        {
            _output.Cut(_committedBytes);
            _output.Sync();
        }

        _parts.Delete(pending);
        var own = PartName.Of(_context);
        _parts.DeleteWhere(name => name.IsGivenUpBy(own));
    }

    private void CheckFallBack(long lengthBytes, long expectedBytes)
    {
        if (fallBack == SinkFallBack.Refuse && lengthBytes > expectedBytes)
        {
            throw new SinkOutputException(
                outputPath, Bytes(expectedBytes, "at most "),
                Bytes(lengthBytes) + ": rows were committed after the checkpoint",
                "Start from a newer checkpoint, move the file away, or let the sink take rows back.");
        }
    }

    /// <summary>Finds where the bytes of each part are.</summary>
    /// <returns>For each part whether the output holds it already.</returns>
    /// <exception cref="SinkOutputException">The output is too short, or the bytes of a part are nowhere.</exception>
    private bool[] Locate(OutputFile? output, long committedBytes, IReadOnlyList<PartFile> parts)
    {
        var lengthBytes = output?.LengthBytes ?? 0;
        if (lengthBytes < committedBytes)
        {
            throw new SinkOutputException(outputPath, Bytes(committedBytes, "at least "), Bytes(lengthBytes));
        }

        var inPlace = new bool[parts.Count];
        var offset = committedBytes;
        for (var i = 0; i < parts.Count; i++)
        {
            if (!_parts.Holds(parts[i]))
            {
                inPlace[i] = output?.Holds(offset, parts[i]) == true;
                if (!inPlace[i])
                {
                    throw new SinkOutputException(
                        outputPath,
                        $"the rows of part '{parts[i].Name}' ({Bytes(parts[i].LengthBytes)}, digest {parts[i].Digest}) "
                        + $"in its file or from byte {offset.ToString(CultureInfo.InvariantCulture)} on",
                        $"neither; the output has {Bytes(lengthBytes)}");
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
