using System.Buffers;
using System.Text;
using Checkpointing.Hosting.Files;
using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Appends rows of text to one file, exactly once: rows become visible when the checkpoint that they belong to
/// has completed.</summary>
/// <remarks>
/// <para>Rows of one checkpoint interval wait in part files in <c>&lt;output&gt;.parts</c>. A new job begins with an
/// empty file; a restored one takes the file back to the length that the checkpoint names.</para>
/// <para>A job that falls back, because its newest checkpoint cannot be read or it was told to start from an older one,
/// finds rows that were committed after its checkpoint. They are taken back, or the start is refused:
/// <see cref="FallBack"/>.</para>
/// <para>The order of rows is that of checkpoints, then of subtasks.</para>
/// </remarks>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class TwoPhaseFileSink<T> : ITwoPhaseSink<T, PartFile>
{
    private readonly string _path;
    private readonly Func<T, string> _format;

    /// <summary>Makes a sink.</summary>
    /// <param name="path">The output; its folder is made if absent.</param>
    /// <param name="format">Text of a row, without line end.</param>
    public TwoPhaseFileSink(string path, Func<T, string> format)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(format);
        _path = Path.GetFullPath(path);
        _format = format;
    }

    /// <summary>First line of the file, without line end; null: none. Default: null.</summary>
    public string? Header { get; init; }

    /// <summary>What happens to rows that were committed after the checkpoint that the job starts from. Default:
    /// <see cref="SinkFallBack.TakeBack"/>.</summary>
    public SinkFallBack FallBack { get; init; }

    /// <summary>For tests: where it may crash.</summary>
    internal FileStepHook? Hook { get; init; }

    /// <inheritdoc/>
    public StateSerializer<PartFile> CommittableSerializer => PartFile.Serializer;

    /// <inheritdoc/>
    public TwoPhaseWriter<T, PartFile> CreateWriter() => new RowWriter(_path, _format, Hook);

    /// <inheritdoc/>
    public SinkCommitter<PartFile> CreateCommitter() => new FileCommitter(_path, Header, FallBack, Hook);

    private sealed class RowWriter(string outputPath, Func<T, string> format, FileStepHook? hook)
        : TwoPhaseWriter<T, PartFile>
    {
        private readonly PartFolder _folder = new(outputPath, hook);
        private readonly ArrayBufferWriter<byte> _row = new(256);
        private SinkContext _context = null!;
        private PartFileWriter? _part;

        public override void Open(SinkContext context) => _context = context;

        public override void Write(T value, Timestamp time)
        {
            _part ??= _folder.Create(PartName.New(_context));
            _row.ResetWrittenCount();
            Encoding.UTF8.GetBytes(format(value), _row);
            _row.Write("\n"u8);
            _part.Append(_row.WrittenSpan);
        }

        public override IReadOnlyList<PartFile> Prepare(CheckpointId checkpoint)
        {
            if (_part is not { } part)
            {
                return [];
            }

            var finished = part.Complete();
            _part = null;
            _folder.Sync();
            return [finished];
        }

        protected override void Dispose(bool disposing)
        {
            _part?.Dispose();
            _part = null;
            base.Dispose(disposing);
        }
    }
}
