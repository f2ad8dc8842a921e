using System.Globalization;
using Checkpointing.Diagnostics;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Working;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Writes what the straddling files of one column family say of the state at the cut into new
/// files.</summary>
/// <remarks>
/// <para>A key outside the straddling files' intervals has all its rows of before the cut in kept files. Inside,
/// the exported rows must give what the view gives, whatever the kept files say.</para>
/// <para>Where no kept file meets the intervals the rows go to the deepest level with sequence number 0. Else a patch
/// lies over the kept files: the view is walked beside a database made of the kept files alone, and the patch puts what
/// differs and deletes what only the kept files have. Its sequence number is the cut's plus one, above every kept row;
/// the live database uses that number for something else, which no file of the snapshot holds.</para>
/// <para>So kept files stay as they are and the next snapshot need not send them again.</para>
/// </remarks>
internal sealed class StraddleExport
{
    private const long MaxFileBytes = 64 << 20;
    private const int RowsBetweenChecks = 1_000;

    private readonly RocksDbBackendScope _scope;
    private readonly MemtableBarrier _barrier;
    private readonly ColumnFamily _family;
    private readonly IReadOnlyList<KeyInterval> _intervals;
    private readonly List<LiveFile> _base;
    private readonly string _folder;
    private readonly int _index;

    /// <summary>Says which rows are concerned.</summary>
    /// <param name="scope">The backend.</param>
    /// <param name="barrier">The barrier.</param>
    /// <param name="family">The column family.</param>
    /// <param name="straddling">Its straddling files, at least one.</param>
    /// <param name="kept">All files that the snapshot keeps.</param>
    /// <param name="folder">Where to write: a folder of the snapshot alone.</param>
    internal StraddleExport(
        RocksDbBackendScope scope, MemtableBarrier barrier, ColumnFamily family, IEnumerable<LiveFile> straddling,
        IEnumerable<LiveFile> kept, string folder)
    {
        _scope = scope;
        _barrier = barrier;
        _family = family;
        _folder = folder;
        _index = scope.ColumnFamilies.TakeWhile(other => other != family).Count();
        _intervals = KeyInterval.Union(straddling
            .Where(file => RowBounds.Meet(file.SmallestKey, file.LargestKey, scope.Range))
            .Select(file => KeyInterval.Of(file, scope.Range)));
        _base = [.. kept.Where(file =>
            file.ColumnFamily == family.Name && _intervals.Any(interval => interval.Meets(file)))];
    }

    private bool IsPatch => _base.Count > 0;

    private string BaseFolder => Path.Combine(_folder, $"base-{_index}");

    /// <summary>Gives the kept files concerned names of their own; file deletions are disabled.</summary>
    internal void LinkBase()
    {
        if (IsPatch)
        {
            WorkingFolder.CreateFolder(BaseFolder);
            foreach (var file in _base)
            {
                WorkingFolder.LinkOrCopy(
                    Path.Combine(_barrier.Database.Path, file.Name), Path.Combine(BaseFolder, file.Name));
            }
        }
    }

    /// <summary>Writes the files, synced.</summary>
    /// <param name="cancellationToken">Observed every few rows.</param>
    /// <returns>The files; none if the state has no rows there, and needs no deletions.</returns>
    internal IReadOnlyList<LiveFile> Write(CancellationToken cancellationToken)
    {
        using var target = new Target(this, cancellationToken);
        if (!IsPatch)
        {
            foreach (var interval in _intervals)
            {
                using var rows = _barrier.View.NewIterator(_family, interval.First, interval.End);
                while (rows.MoveNext())
                {
                    target.Put(rows.Key, rows.Value);
                }
            }
        }
        else
        {
            _scope.Counters.AddPatch();
            WritePatch(target, cancellationToken);
        }

        return target.Finish();
    }

    private void WritePatch(Target target, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_folder, $"base-{_index}-db");
        try
        {
            using var database = RocksDatabase.Create(path, _scope.Options);
            database.PauseBackgroundWork();
            database.SetMergeOperator(_family.Name, _scope.Database.MergeOperatorOf(_family.Name));
            var family = database.ImportColumnFamily(_family.Name, _base, BaseFolder);
            var count = database.GetLiveFiles().Count;
            Invariant.Holds(count == _base.Count, $"{count} of {_base.Count} files of '{path}' were imported.");
            var rows = new PatchRows(target, _base);
            foreach (var interval in _intervals)
            {
                using var full = _barrier.View.NewIterator(_family, interval.First, interval.End);
                using var kept = database.NewIterator(family, interval.First, interval.End, fillCache: false);
                RowDifference.Write(full, kept, rows, cancellationToken);
            }
        }
        finally
        {
            WorkingFolder.RemoveFolder(path);
            WorkingFolder.RemoveFolder(BaseFolder);
        }
    }

    /// <summary>The files being written.</summary>
    private sealed class Target(StraddleExport owner, CancellationToken cancellationToken) : IRowTarget, IDisposable
    {
        private readonly List<LiveFile> _files = [];
        private SstWriter? _writer;
        private long _rowCount;

        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Next().Put(key, value);

        public void Delete(ReadOnlySpan<byte> key) => Next().Delete(key);

        internal List<LiveFile> Finish()
        {
            EndFile();
            return _files;
        }

        public void Dispose() => _writer?.Dispose();

        private SstWriter Next()
        {
            if (_rowCount++ % RowsBetweenChecks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            // A patch is one file: level 0 has one order for all its files.
            if (!owner.IsPatch && _writer?.SizeBytes >= MaxFileBytes)
            {
                EndFile();
            }

            return _writer ??= owner._barrier.Database.NewSstWriter(Path.Combine(owner._folder, NextName()));
        }

        // The name of the folder is unique in this database's life, so the file's name is too.
        private string NextName() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(owner._folder)}-{owner._index}-{_files.Count:D6}.sst");

        private void EndFile()
        {
            if (_writer is null)
            {
                return;
            }

            var (level, sequence) = owner.IsPatch
                ? (0, owner._barrier.Sequence + 1)
                : (DatabaseOptions.LevelCount - 1, 0UL);
            if (_writer.Finish(owner._family.Name, NextName(), level, sequence) is { } file)
            {
                _files.Add(file);
                owner._scope.Counters.AddExport(file.SizeBytes);
            }

            _writer.Dispose();
            _writer = null;
        }
    }
}
