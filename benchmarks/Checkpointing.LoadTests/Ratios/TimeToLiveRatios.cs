using Checkpointing.State;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Typed state with a time to live ÷ without: throughput of reads and writes of the same rows.</summary>
internal static class TimeToLiveRatios
{
    // What a stamp costs does not depend on the size; filling does.
    private const int MaxRows = 1_000_000;

    internal static Task<Ratio> GetAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        RunAsync("ttl-get", folder, TimeToLiveRefresh.OnWrite, AccessRatios.Get, cancellationToken);

    internal static Task<Ratio> PutAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        RunAsync("ttl-put", folder, TimeToLiveRefresh.OnWrite, AccessRatios.Put, cancellationToken);

    internal static Task<Ratio> RefreshAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        RunAsync("ttl-refresh", folder, TimeToLiveRefresh.OnReadAndWrite, AccessRatios.Get, cancellationToken);

    private static async Task<Ratio> RunAsync(
        string name, LoadTestFolder folder, TimeToLiveRefresh refresh, Func<OurState, int, int, int> access,
        CancellationToken cancellationToken)
    {
        var rows = Math.Min(folder.Settings.RowCount, MaxRows);
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var stamped = await OurState.OpenAsync(
            folder, storage, timeToLive: new(TimeSpan.FromDays(1)) { Refresh = refresh },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        await using var closing = stamped.ConfigureAwait(false);
        var plain = await OurState.OpenAsync(folder, storage, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await using var closingToo = plain.ConfigureAwait(false);
        foreach (var state in new[] { stamped, plain })
        {
            state.Put(0, rows, 0);
            await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            access(state, rows, -1);
        }

        var pairs = await folder.PairsAsync(
            run => Task.FromResult(AccessRatios.Rate(AccessRatios.Operations, () => access(stamped, rows, run))),
            run => Task.FromResult(AccessRatios.Rate(AccessRatios.Operations, () => access(plain, rows, run))),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of(name, pairs, "operations/s");
    }
}
