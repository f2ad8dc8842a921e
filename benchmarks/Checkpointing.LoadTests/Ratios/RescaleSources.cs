using System.Diagnostics;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Checkpoints to restore from, and the two ways of restoring them whose times are compared.</summary>
internal static class RescaleSources
{
    internal static readonly KeyGroupRange Lower = new(0, (OurState.MaxParallelism / 2) - 1);
    internal static readonly KeyGroupRange Upper = new(OurState.MaxParallelism / 2, OurState.MaxParallelism - 1);
    internal static readonly KeyGroupRange All = KeyGroupRange.All(OurState.MaxParallelism);

    /// <summary>One checkpoint a range, of the rows that are in it.</summary>
    internal static async Task<List<OurCheckpoint>> FillAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, int rows, IReadOnlyList<KeyGroupRange> ranges,
        CancellationToken cancellationToken)
    {
        var taken = new List<OurCheckpoint>();
        foreach (var range in ranges)
        {
            var state = await OurState.OpenAsync(folder, storage, range, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            await using var closing = state.ConfigureAwait(false);
            state.Put(0, rows, 0);
            taken.Add(await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false));
        }

        return taken;
    }

    /// <summary>Ours beside every row read and put.</summary>
    internal static Task<List<(double Ours, double Theirs)>> PairsAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, IReadOnlyList<OurCheckpoint> sources, KeyGroupRange to,
        CancellationToken cancellationToken) =>
        folder.PairsAsync(
            _ => OursAsync(folder, storage, sources, to, cancellationToken),
            _ => RawRestore.ScanAndPutAsync(folder, storage, sources, to, cancellationToken),
            cancellationToken);

    /// <summary>Time to restore with sizes verified only: the other side reads no file for its digest either.</summary>
    /// <param name="use">Also timed; false: the rows are not there.</param>
    internal static async Task<double> OursAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, IReadOnlyList<OurCheckpoint> sources, KeyGroupRange to,
        CancellationToken cancellationToken, Func<OurState, bool>? use = null)
    {
        LoadTestFolder.Collect();
        var start = Stopwatch.GetTimestamp();
        var state = await OurState.OpenAsync(
            folder, storage, to, sources, verification: RestoreVerification.Sizes,
            cancellationToken: cancellationToken).ConfigureAwait(false);
        var isThere = use?.Invoke(state) ?? true;
        var milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        await state.DisposeAsync().ConfigureAwait(false);
        return isThere
            ? milliseconds
            : throw new InvalidOperationException("The rows are not there.");
    }
}
