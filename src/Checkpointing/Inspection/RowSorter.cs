using System.Runtime.CompilerServices;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>Sorts any number of rows in bounded memory: what does not fit goes into sorted runs on the storage, which
/// are
/// merged, sixty-four at a time.</summary>
/// <remarks>One caller at a time. The runs lie in a folder of the caller's; <see cref="RemoveRunsAsync"/> deletes
/// them.</remarks>
internal sealed class RowSorter(ICheckpointStorage storage, Func<string> newPath, long maxBufferBytes)
{
    private const int MergeWidth = 64;

    private readonly List<SavepointRow> _buffer = [];

    // Runs of tier t hold 64^t times what fits into memory, so that each row is written a few times only.
    private readonly List<List<string>> _tiers = [];
    private long _bufferBytes;

    /// <summary>Runs that were written so far, merged ones too.</summary>
    internal int RunCount { get; private set; }

    /// <summary>Adds a row.</summary>
    internal ValueTask AddAsync(SavepointRow row, CancellationToken cancellationToken)
    {
        _buffer.Add(row);
        _bufferBytes += row.MemoryBytes;
        return _bufferBytes < maxBufferBytes ? ValueTask.CompletedTask : SpillAsync(cancellationToken);
    }

    /// <summary>All rows in order.</summary>
    internal IAsyncEnumerable<SavepointRow> ReadAsync(CancellationToken cancellationToken)
    {
        _buffer.Sort();
        return MergeAsync(
            [
                Enumerate(_buffer),
                .. _tiers.SelectMany(static tier => tier).Select(run =>
                    SortedRun.ReadAsync(storage, run, cancellationToken)),
            ],
            cancellationToken);
    }

    /// <summary>Deletes the runs; what cannot be deleted stays.</summary>
    internal async ValueTask RemoveRunsAsync()
    {
        foreach (var run in _tiers.SelectMany(static tier => tier))
        {
            await TryDeleteAsync(run).ConfigureAwait(false);
        }

        _tiers.Clear();
    }

    private async ValueTask SpillAsync(CancellationToken cancellationToken)
    {
        _buffer.Sort();
        await AddRunAsync(0, Enumerate(_buffer), cancellationToken).ConfigureAwait(false);
        _buffer.Clear();
        _bufferBytes = 0;
        for (var tier = 0; tier < _tiers.Count && _tiers[tier].Count == MergeWidth; tier++)
        {
            var merged = _tiers[tier].ToList();
            await AddRunAsync(
                tier + 1,
                MergeAsync(
                    [.. merged.Select(run => SortedRun.ReadAsync(storage, run, cancellationToken))], cancellationToken),
                cancellationToken).ConfigureAwait(false);
            _tiers[tier].Clear();
            foreach (var run in merged)
            {
                await TryDeleteAsync(run).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask AddRunAsync(
        int tier, IAsyncEnumerable<SavepointRow> rows, CancellationToken cancellationToken)
    {
        if (tier == _tiers.Count)
        {
            _tiers.Add([]);
        }

        var path = newPath();
        _tiers[tier].Add(path);
        RunCount++;
        await SortedRun.WriteAsync(storage, path, rows, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask TryDeleteAsync(string path)
    {
        try
        {
            await storage.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
        }
        catch (CheckpointingException)
        {
            // A run that stays is named by nothing.
        }
    }

    private static async IAsyncEnumerable<SavepointRow> MergeAsync(
        IReadOnlyList<IAsyncEnumerable<SavepointRow>> sources,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = new List<IAsyncEnumerator<SavepointRow>>();
        try
        {
            var heads = new PriorityQueue<IAsyncEnumerator<SavepointRow>, SavepointRow>();
            foreach (var source in sources)
            {
                var rows = source.GetAsyncEnumerator(cancellationToken);
                open.Add(rows);
                if (await rows.MoveNextAsync().ConfigureAwait(false))
                {
                    heads.Enqueue(rows, rows.Current);
                }
            }

            while (heads.TryDequeue(out var rows, out var row))
            {
                yield return row;
                if (await rows.MoveNextAsync().ConfigureAwait(false))
                {
                    heads.Enqueue(rows, rows.Current);
                }
            }
        }
        finally
        {
            foreach (var rows in open)
            {
                await rows.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

#pragma warning disable CS1998 // What is in memory is there already.
    private static async IAsyncEnumerable<SavepointRow> Enumerate(List<SavepointRow> rows)
#pragma warning restore CS1998
    {
        foreach (var row in rows)
        {
            yield return row;
        }
    }
}
