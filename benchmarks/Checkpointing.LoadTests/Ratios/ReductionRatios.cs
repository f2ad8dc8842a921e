using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.Storage.Local;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>A sum by the built-in reduction, which merges without reading, ÷ the same sum by a function, which reads
/// and puts: two states of one subtask, in one run.</summary>
internal static class ReductionRatios
{
    private static readonly ReducingStateDescriptor<long> Merged = new("merged", Reduction.SumOfInt64);

    private static readonly ReducingStateDescriptor<long> Folded = new("folded", static (sum, next) => sum + next);

    /// <summary>Adding, keys all over the state.</summary>
    internal static Task<Ratio> AddAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        RunAsync("reduce", folder, static rows => rows, Add, cancellationToken);

    /// <summary>Adding to a few keys, whose rows are in memory.</summary>
    internal static Task<Ratio> AddHotAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        RunAsync("reduce-hot", folder, static _ => 1_000, Add, cancellationToken);

    /// <summary>Reading a few keys that were added to since the last flush, again and again.</summary>
    internal static Task<Ratio> ReadAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        RunAsync("reduce-read", folder, static _ => 1_000, Read, cancellationToken);

    private static async Task<Ratio> RunAsync(
        string name, LoadTestFolder folder, Func<int, int> keysOf, Func<SubtaskState<Guid>, ReducingState<long>, int,
            int, int> run, CancellationToken cancellationToken)
    {
        var rows = folder.Settings.RowCount;
        var keys = keysOf(rows);
        var state = await SubtaskState.OpenAsync(
            new SubtaskStateContext
            {
                Job = "load",
                Operator = "load",
                SubtaskIndex = 0,
                Range = KeyGroups.KeyGroupRange.All(OurState.MaxParallelism),
                MaxParallelism = OurState.MaxParallelism,
                States = [Merged, Folded],
                Restore = SubtaskRestore.None,
                Backend = new RocksDbBackendFactory(OurState.Options(folder)),
                Storage = new LocalCheckpointStorage(RawRestore.RootOf(folder)),
                Ids = IdSource.System,
                Time = TimeProvider.System,
                Logger = NullLogger.Instance,
            },
            StateSerializer.Guid,
            cancellationToken).ConfigureAwait(false);
        await using var closing = state.ConfigureAwait(false);
        var (merged, folded) = (state.Keyed.GetState(Merged), state.Keyed.GetState(Folded));
        for (var row = 0; row < rows; row++)
        {
            using var scope = state.Keyed.EnterKey(Rows.Key(row));
            merged.Add(row);
            folded.Add(row);
        }

        Add(state, merged, keys, -1);
        Add(state, folded, keys, -1);
        var pairs = await folder.PairsAsync(
            turn => Task.FromResult(AccessRatios.Rate(
                AccessRatios.Operations, () => run(state, merged, keys, turn))),
            turn => Task.FromResult(AccessRatios.Rate(
                AccessRatios.Operations, () => run(state, folded, keys, turn))),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of(name, pairs, "operations/s");
    }

    private static int Add(SubtaskState<Guid> state, ReducingState<long> sum, int keys, int turn)
    {
        var random = new Random(turn);
        for (var i = 0; i < AccessRatios.Operations; i++)
        {
            using var scope = state.Keyed.EnterKey(Rows.Key(random.Next(keys)));
            sum.Add(i);
        }

        return AccessRatios.Operations;
    }

    private static int Read(SubtaskState<Guid> state, ReducingState<long> sum, int keys, int turn)
    {
        var random = new Random(turn);
        var found = 0;
        for (var i = 0; i < AccessRatios.Operations; i++)
        {
            using var scope = state.Keyed.EnterKey(Rows.Key(random.Next(keys)));
            found += sum.TryGet(out _) ? 1 : 0;
        }

        return found;
    }
}
