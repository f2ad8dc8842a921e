using Checkpointing.RocksDb.Native;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>What a state costs beside its rows when a backend is opened: one column family a state.</summary>
internal static class ColumnFamilyRatios
{
    private const int Count = 16;
    private const int RowCount = 2_000;

    private static readonly string[] s_names = [.. Enumerable.Range(0, Count).Select(static i => $"s:{i}")];

    /// <summary>Importing 16 column families ÷ importing one, two files each; opening apart.</summary>
    internal static Task<Ratio> ImportAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        using var source = RocksDatabase.Create(folder.NewPath("source"), OurState.Options(folder));
        var families = source.CreateColumnFamilies(s_names);
        for (var round = 0; round < 2; round++)
        {
            foreach (var family in families)
            {
                for (var row = 0; row < RowCount; row++)
                {
                    source.Put(family, BitConverter.GetBytes((row * 2) + round), new byte[Rows.ValueBytes]);
                }
            }

            source.Flush(families);
        }

        return MeasureAsync(
            folder, "import-states",
            database => Import(folder, source, database, s_names),
            database => Import(folder, source, database, s_names[..1]), cancellationToken);
    }

    /// <summary>Making 16 empty column families at once ÷ one by one; opening apart.</summary>
    internal static Task<Ratio> CreateAsync(LoadTestFolder folder, CancellationToken cancellationToken) => MeasureAsync(
        folder, "create-states",
        static database => LoadTestFolder.Time(() => database.CreateColumnFamilies(s_names)),
        static database => LoadTestFolder.Time(() => Array.ForEach(s_names, name => database.CreateColumnFamily(name))),
        cancellationToken);

    private static async Task<Ratio> MeasureAsync(
        LoadTestFolder folder, string name, Func<RocksDatabase, double> ours, Func<RocksDatabase, double> theirs,
        CancellationToken cancellationToken)
    {
        Task<double> Run(Func<RocksDatabase, double> side)
        {
            using var database = RocksDatabase.Create(folder.NewPath("db"), OurState.Options(folder));
            return Task.FromResult(side(database));
        }

        var pairs = await folder.PairsAsync(_ => Run(ours), _ => Run(theirs), cancellationToken).ConfigureAwait(false);
        return Ratio.Of(name, pairs, "ms");
    }

    private static double Import(
        LoadTestFolder folder, RocksDatabase source, RocksDatabase target, IReadOnlyList<string> names)
    {
        var stage = Directory.CreateDirectory(folder.NewPath("stage")).FullName;
        var files = source.GetLiveFiles().Where(file => names.Contains(file.ColumnFamily)).ToList();
        files.ForEach(file => FileSystem.Link(Path.Combine(source.Path, file.Name), Path.Combine(stage, file.Name)));
        return LoadTestFolder.Time(() =>
        {
            foreach (var family in files.GroupBy(static file => file.ColumnFamily))
            {
                target.ImportColumnFamily(family.Key, family, stage);
            }
        });
    }
}
