using System.Diagnostics;
using System.Runtime.CompilerServices;
using Checkpointing.StateHandles;
using Checkpointing.Storage.Local;
using FASTER.core;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>An incremental checkpoint of ours beside one of FASTER over the same rows and the same change.</summary>
internal static class FasterRatios
{
    internal static readonly string[] Names =
        ["faster-snapshot", "faster-bytes", "faster-blocked", "faster-first-read", "faster-fold-over"];

    private const int DeltaRows = 50_000;
    private const double MegaByte = 1 << 20;

    private static readonly TimeSpan SettleTime = TimeSpan.FromMinutes(2);

    internal static async IAsyncEnumerable<Ratio> RunAsync(
        LoadTestFolder folder, IReadOnlySet<string> wanted,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var ours = await OurState.OpenAsync(folder, storage, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await using var closing = ours.ConfigureAwait(false);
        ours.Put(0, folder.Settings.RowCount, 0);
        var checkpoint = await ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        await LoadTestFolder.SettleAsync(SettleTime, cancellationToken).ConfigureAwait(false);
        var path = folder.NewPath("faster");
        if (wanted.Any(static name => name != "faster-fold-over"))
        {
            using (var theirs = await FillAsync(folder, path, CheckpointType.Snapshot, cancellationToken)
                .ConfigureAwait(false))
            {
                var (time, bytes) = await RunAsync(
                    "faster-snapshot", folder, ours, theirs, CheckpointType.Snapshot, cancellationToken)
                    .ConfigureAwait(false);
                foreach (var ratio in new[] { time, bytes }.Where(ratio => wanted.Contains(ratio.Name)))
                {
                    yield return ratio;
                }

                if (wanted.Contains("faster-blocked"))
                {
                    yield return await BlockedAsync(folder, ours, theirs, cancellationToken).ConfigureAwait(false);
                }
            }

            if (wanted.Contains("faster-first-read"))
            {
                checkpoint = await ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
                yield return await FirstReadAsync(folder, storage, checkpoint, path, cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        if (wanted.Contains("faster-fold-over"))
        {
            using var theirs = await FillAsync(
                folder, folder.NewPath("fold-over"), CheckpointType.FoldOver, cancellationToken).ConfigureAwait(false);
            yield return (await RunAsync(
                "faster-fold-over", folder, ours, theirs, CheckpointType.FoldOver, cancellationToken)
                .ConfigureAwait(false)).Time;
        }
    }

    private static async Task<FasterState> FillAsync(
        LoadTestFolder folder, string path, CheckpointType type, CancellationToken cancellationToken)
    {
        var state = new FasterState(path, folder.Settings.StateBytes);
        state.Put(0, folder.Settings.RowCount, 0);
        await state.CheckpointAsync(type, isIncremental: false, cancellationToken).ConfigureAwait(false);
        return state;
    }

    /// <summary>Time and bytes of checkpoints of the same change.</summary>
    private static async Task<(Ratio Time, Ratio Bytes)> RunAsync(
        string name, LoadTestFolder folder, OurState ours, FasterState theirs, CheckpointType type,
        CancellationToken cancellationToken)
    {
        var (ourBytes, theirBytes) = (new List<double>(), new List<double>());
        double kept = 0;
        var pairs = await folder.PairsAsync(
            async run =>
            {
                ours.Put(FirstOf(folder, run), DeltaOf(folder), run + 1);
                var taken = await ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
                ourBytes.Add(taken.Cost.NewBytes / MegaByte);
                kept = ((IncrementalKeyedStateHandle)taken.Handle).SharedFiles
                    .Sum(static file => file.Handle.SizeBytes) / MegaByte;
                return taken.TotalMs;
            },
            async run =>
            {
                theirs.Put(FirstOf(folder, run), DeltaOf(folder), run + 1);
                var before = theirs.StoredBytes;
                var milliseconds = await LoadTestFolder.TimeAsync(
                    () => theirs.CheckpointAsync(type, type == CheckpointType.Snapshot, cancellationToken))
                    .ConfigureAwait(false);
                theirBytes.Add((theirs.StoredBytes - before) / MegaByte);
                return milliseconds;
            },
            cancellationToken).ConfigureAwait(false);
        return (
            Ratio.Of(name, pairs, "ms", atMost: type == CheckpointType.Snapshot ? 1 : null),
            Ratio.Of("faster-bytes", [.. ourBytes.Zip(theirBytes)], "MB") with
            {
                Note = FormattableString.Invariant(
                    $"kept after {pairs.Count}: ours {kept:F0} MB, theirs {theirs.StoredBytes / MegaByte:F0} MB"),
            });
    }

    /// <summary>The longest time that a writer waits for one row while a checkpoint is taken.</summary>
    private static async Task<Ratio> BlockedAsync(
        LoadTestFolder folder, OurState ours, FasterState theirs, CancellationToken cancellationToken)
    {
        var pairs = await folder.PairsAsync(
            async run =>
            {
                var (first, count) = (FirstOf(folder, run), DeltaOf(folder));
                ours.Put(first, count, run + 1);
                LoadTestFolder.Collect();
                var longest = 0.0;
                var last = Stopwatch.GetTimestamp();
                var checkpoint = ours.CheckpointAsync(cancellationToken: cancellationToken);
                for (var row = first; !checkpoint.IsCompleted; row = first + ((row + 1 - first) % count))
                {
                    ours.Put(row, 1, run + 2);
                    longest = Math.Max(longest, Stopwatch.GetElapsedTime(last).TotalMilliseconds);
                    last = Stopwatch.GetTimestamp();
                }

                longest = Math.Max(longest, Stopwatch.GetElapsedTime(last).TotalMilliseconds);
                await checkpoint.ConfigureAwait(false);
                return longest;
            },
            run =>
            {
                var (first, count) = (FirstOf(folder, run), DeltaOf(folder));
                theirs.Put(first, count, run + 1);
                LoadTestFolder.Collect();
                return Task.FromResult(theirs.LongestWaitMs(first, count, run + 2));
            },
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("faster-blocked", pairs, "ms");
    }

    /// <summary>From nothing to the first row read. Ours verifies every file's digest in that time, FASTER reads all of
    /// its state into memory and verifies nothing.</summary>
    private static async Task<Ratio> FirstReadAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, OurCheckpoint checkpoint, string path,
        CancellationToken cancellationToken)
    {
        var pairs = await folder.PairsAsync(
            async _ =>
            {
                OurState? state = null;
                var milliseconds = await LoadTestFolder.TimeAsync(async () =>
                {
                    state = await OurState.OpenAsync(
                        folder, storage, from: [checkpoint], cancellationToken: cancellationToken)
                        .ConfigureAwait(false);
                    using var scope = state.State.Keyed.EnterKey(Rows.Key(0));
                    Expect(state.Values.TryGetBytes(out var value) && value.Length == Rows.ValueBytes);
                }).ConfigureAwait(false);
                await state!.DisposeAsync().ConfigureAwait(false);
                return milliseconds;
            },
            _ =>
            {
                FasterState? state = null;
                var milliseconds = LoadTestFolder.Time(() =>
                {
                    state = new(path, folder.Settings.StateBytes, recovers: true);
                    Expect(state.Get(0));
                });
                state!.Dispose();
                return Task.FromResult(milliseconds);
            },
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("faster-first-read", pairs, "ms");
    }

    private static void Expect(bool isThere)
    {
        if (!isThere)
        {
            throw new InvalidOperationException("The row is not there.");
        }
    }

    private static int DeltaOf(LoadTestFolder folder) => Math.Min(DeltaRows, folder.Settings.RowCount);

    private static int FirstOf(LoadTestFolder folder, int run) =>
        (int)((long)run * DeltaOf(folder) % Math.Max(folder.Settings.RowCount - DeltaOf(folder), 1));
}
