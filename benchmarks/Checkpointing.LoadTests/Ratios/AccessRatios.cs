using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Typed state ÷ the raw binding: throughput of reads, writes and scans of the same rows.</summary>
internal static class AccessRatios
{
    private const double AtLeast = 0.95;
    internal const int Operations = 200_000;

    /// <summary>Both sides are compacted first: a read looks into every file that could have the row, and how many
    /// those are is chance, 0 to 3 of the first level on either side.</summary>
    internal static Task<Ratio> GetAsync(LiveState live, CancellationToken cancellationToken)
    {
        live.Ours.Compact();
        live.Raw.Compact();
        return RunAsync("get", live, Get, Get, cancellationToken);
    }

    internal static Task<Ratio> PutAsync(LiveState live, CancellationToken cancellationToken) =>
        RunAsync("put", live, Put, Put, cancellationToken);

    internal static async Task<Ratio> IterateAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        const int Entries = 100_000;
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var ours = await OurState.OpenAsync(folder, storage, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await using var closing = ours.ConfigureAwait(false);
        using var theirs = new RawDatabase(folder, "raw");
        var value = new byte[Rows.ValueBytes];
        var owner = Rows.Key(0);
        using (ours.State.Keyed.EnterKey(owner))
        {
            for (var row = 0; row < Entries; row++)
            {
                Rows.Value(row, 0, value);
                ours.Maps.Set(Rows.Key(row), value);
            }
        }

        theirs.Put(0, Entries, 0);
        await ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        theirs.FlushAndLink(folder.NewPath("linked"));
        var pairs = await folder.PairsAsync(
            _ => Task.FromResult(Rate(Entries, () =>
            {
                var count = 0;
                using var scope = ours.State.Keyed.EnterKey(owner);
                foreach (var (_, bytes) in ours.Maps)
                {
                    count += bytes.Length;
                }

                return count;
            })),
            _ => Task.FromResult(Rate(Entries, () =>
            {
                // What a user of the binding would have: key and value as objects, as the typed map gives them.
                var count = 0;
                using var rows = theirs.Database.NewIterator();
                for (rows.SeekToFirst(); rows.Valid(); rows.Next())
                {
                    var key = new Guid(rows.GetKeySpan().Slice(3, Rows.KeyBytes));
                    count += key == Guid.Empty ? 0 : rows.GetValueSpan().ToArray().Length;
                }

                return count;
            })),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("iterate", pairs, "rows/s", atLeast: AtLeast);
    }

    private static async Task<Ratio> RunAsync(
        string name, LiveState live, Func<OurState, int, int, int> oursRun, Func<RawDatabase, int, int, int> theirsRun,
        CancellationToken cancellationToken)
    {
        // Once unmeasured: code is compiled and blocks are read.
        var rows = live.RowCount;
        oursRun(live.Ours, rows, -1);
        theirsRun(live.Raw, rows, -1);
        var pairs = await live.Folder.PairsAsync(
            run => Task.FromResult(Rate(Operations, () => oursRun(live.Ours, rows, run))),
            run => Task.FromResult(Rate(Operations, () => theirsRun(live.Raw, rows, run))),
            cancellationToken, mayEndEarly: false).ConfigureAwait(false);
        return Ratio.Of(name, pairs, "operations/s", atLeast: AtLeast);
    }

    internal static double Rate(int operations, Func<int> run)
    {
        var found = 0;
        var milliseconds = LoadTestFolder.Time(() => found = run());
        return found > 0
            ? operations / milliseconds * 1000
            : throw new InvalidOperationException("Nothing was found: the rows are not there.");
    }

    internal static int Get(OurState state, int rows, int run)
    {
        var random = new Random(run);
        var found = 0;
        for (var i = 0; i < Operations; i++)
        {
            using var scope = state.State.Keyed.EnterKey(Rows.Key(random.Next(rows)));
            found += state.Values.TryGetBytes(out _) ? 1 : 0;
        }

        return found;
    }

    private static int Get(RawDatabase database, int rows, int run)
    {
        var random = new Random(run);
        var found = 0;
        for (var i = 0; i < Operations; i++)
        {
            found += database.Get(database.KeyOf(Rows.Key(random.Next(rows)))) ? 1 : 0;
        }

        return found;
    }

    internal static int Put(OurState state, int rows, int run)
    {
        var random = new Random(run);
        Span<byte> value = stackalloc byte[Rows.ValueBytes];
        for (var i = 0; i < Operations; i++)
        {
            var row = random.Next(rows);
            Rows.Value(row, run, value);
            using var scope = state.State.Keyed.EnterKey(Rows.Key(row));
            state.Values.SetBytes(value);
        }

        return Operations;
    }

    private static int Put(RawDatabase database, int rows, int run)
    {
        var random = new Random(run);
        Span<byte> value = stackalloc byte[Rows.ValueBytes];
        for (var i = 0; i < Operations; i++)
        {
            var row = random.Next(rows);
            Rows.Value(row, run, value);
            database.Put(database.KeyOf(Rows.Key(row)), value);
        }

        return Operations;
    }
}
