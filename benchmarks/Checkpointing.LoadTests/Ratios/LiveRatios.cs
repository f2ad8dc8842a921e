using System.Runtime.CompilerServices;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Everything that is measured over a state that is being written and read.</summary>
internal static class LiveRatios
{
    internal static readonly string[] Names =
    [
        "empty-checkpoint", "checkpoint", "stored-bytes", "get", "put", "blocked", "throughput", "backup-engine",
    ];

    private static readonly TimeSpan SettleAfterFilling = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SettleBetween = TimeSpan.FromSeconds(10);

    internal static async IAsyncEnumerable<Ratio> RunAsync(
        LoadTestFolder folder, IReadOnlySet<string> wanted,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var live = await LiveState.FillAsync(folder, cancellationToken).ConfigureAwait(false);
        await using var closing = live.ConfigureAwait(false);
        await LoadTestFolder.SettleAsync(SettleAfterFilling, cancellationToken).ConfigureAwait(false);
        if (wanted.Contains("empty-checkpoint"))
        {
            yield return await CheckpointRatios.EmptyAsync(live, cancellationToken).ConfigureAwait(false);
        }

        if (wanted.Contains("checkpoint") || wanted.Contains("stored-bytes"))
        {
            var (time, bytes) = await CheckpointRatios.RunAsync(live, cancellationToken).ConfigureAwait(false);
            foreach (var ratio in new[] { time, bytes }.Where(ratio => wanted.Contains(ratio.Name)))
            {
                yield return ratio;
            }
        }

        (string Name, Func<LiveState, CancellationToken, Task<Ratio>> Run)[] others =
        [
            ("get", AccessRatios.GetAsync), ("put", AccessRatios.PutAsync), ("blocked", BlockedRatio.RunAsync),
            ("throughput", ThroughputRatio.RunAsync), ("backup-engine", CheckpointRatios.BackupEngineAsync),
        ];
        foreach (var (name, run) in others.Where(one => wanted.Contains(one.Name)))
        {
            await LoadTestFolder.SettleAsync(SettleBetween, cancellationToken).ConfigureAwait(false);
            yield return await run(live, cancellationToken).ConfigureAwait(false);
        }
    }
}
