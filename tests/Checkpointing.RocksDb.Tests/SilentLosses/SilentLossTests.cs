using System.Globalization;
using Checkpointing.KeyGroups;
using RocksDbSharp;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.SilentLosses;

/// <summary>Where RocksDB loses rows without a word. Each case shows the loss in the obvious way of doing it, so that
/// it fails if a version of RocksDB mends it; and that ours has the rows, or says what is wrong.</summary>
public sealed class SilentLossTests : IDisposable
{
    private const int RowCount = 10_000;
    private readonly RocksDbTestBed _bed = new(writeBufferSizeBytes: 64 << 20);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Names_TwoBranchesOfOneCheckpoint_HaveOneNameAndLengthForOtherRows()
    {
        // A store of files by name and length, as one would write it: what is there already is not stored again.
        var stored = new Dictionary<(string Name, long Length), byte[]>();
        void Store(string folder)
        {
            foreach (var file in Directory.GetFiles(folder, "*.sst"))
            {
                stored.TryAdd((Path.GetFileName(file), new FileInfo(file).Length), File.ReadAllBytes(file));
            }
        }

        using (var first = new PlainRocksDb(NewPath("first")))
        {
            Fill(first, "old");
            first.Checkpoint(NewPath("checkpoint"));
        }

        Store(PathOf("checkpoint"));
        foreach (var value in new[] { "lft", "rgt" })
        {
            CopyFolder(PathOf("checkpoint"), NewPath(value));
            using var branch = new PlainRocksDb(PathOf(value));
            branch.Put("who", value);
            branch.Flush();
            branch.Checkpoint(NewPath(value + "-checkpoint"));
            Store(PathOf(value + "-checkpoint"));
        }

        // The second branch's checkpoint as this store gives it back: its own lists, and the files by name and length.
        CopyFolder(PathOf("rgt-checkpoint"), NewPath("back"));
        foreach (var file in Directory.GetFiles(PathOf("back"), "*.sst"))
        {
            File.WriteAllBytes(file, stored[(Path.GetFileName(file), new FileInfo(file).Length)]);
        }

        WhoIsBack().Should().NotBe("rgt", "the file that has it was taken for the other branch's");

        // Ours names a stored file by an id of its own, and a database that was restored knows no older name.
        await using (var backend = await _bed.OpenAsync())
        {
            Put(backend, "who", "old");
            var taken = await _bed.TakeAsync(backend);
            var branches = new List<RocksDbTestBed.Taken>();
            foreach (var value in new[] { "lft", "rgt" })
            {
                await using var branch = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);
                Put(branch, "who", value);
                branches.Add(await _bed.TakeAsync(branch, taken.Id));
            }

            await using var back = await _bed.OpenAsync([branches[1].Handle!], restoredCheckpoint: branches[1].Id);
            Get(back, "who").Should().Be("rgt");
        }

        string? WhoIsBack()
        {
            try
            {
                using var back = new PlainRocksDb(PathOf("back"));
                return back.Rows().GetValueOrDefault("who");
            }
            catch (RocksDbException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task Overlap_TwoHalvesWithLeftoversPutTogether_LoseRows()
    {
        using (var whole = new PlainRocksDb(NewPath("whole")))
        {
            Fill(whole, "old");
            whole.Checkpoint(NewPath("low"));
            whole.Checkpoint(NewPath("high"));
        }

        foreach (var (name, first, foreignFirst, foreignEnd) in new[]
        {
            ("low", 0, RowCount / 2, RowCount), ("high", RowCount / 2, 0, RowCount / 2),
        })
        {
            using var half = new PlainRocksDb(PathOf(name));
            half.DeleteRange(KeyOf(foreignFirst), KeyOf(foreignEnd));
            for (var row = first; row < first + RowCount / 2; row += 10)
            {
                half.Put(KeyOf(row), "new");
            }

            half.Flush();
            half.Checkpoint(NewPath(name + "-checkpoint"));
        }

        using (var merged = new PlainRocksDb(NewPath("merged")))
        {
            merged.IngestLiveFiles(new[] { "low-checkpoint", "high-checkpoint" }.SelectMany(
                name => Directory.GetFiles(PathOf(name), "*.sst").Order()));
            merged.Rows().Count.Should().BeLessThan(
                RowCount, "one half's range deletion covers the other half's rows, and nothing is reported");
        }

        // Ours, without any cleaning in between.
        _bed.Options.CleansUp = false;
        var expected = new Dictionary<string, string>();
        RocksDbTestBed.Taken taken;
        await using (var backend = await _bed.Factory.OpenAsync(_bed.Context(), default))
        {
            for (var row = 0; row < RowCount; row++)
            {
                Put(backend, KeyOf(row), "old");
            }

            taken = await _bed.TakeAsync(backend);
        }

        var halves = new List<RocksDbTestBed.Taken>();
        foreach (var range in new[] { new KeyGroupRange(0, 7), new KeyGroupRange(8, 15) })
        {
            await using var half = await OpenUncleanAsync(taken, range);
            foreach (var (row, index) in Rows(half).Keys.Select(static (row, index) => (row, index)).ToArray())
            {
                expected[row] = "6F6C64";
                if (index % 10 == 0)
                {
                    half.GetTable("counts").Put(Convert.FromHexString(row), "new"u8);
                    expected[row] = "6E6577";
                }
            }

            halves.Add(await _bed.TakeAsync(half, taken.Id));
        }

        await using var together = await _bed.OpenAsync(
            [.. halves.Select(static half => half.Handle!)], restoredCheckpoint: halves[1].Id);
        expected.Should().HaveCount(RowCount);
        Rows(together).Should().Equal(expected);
    }

    [Fact]
    public async Task IteratorErrors_FlippedBitInAnOpenDatabase_EndsTheScanEarly()
    {
        using (var database = new PlainRocksDb(NewPath("plain")))
        {
            Fill(database, "value");
            FlipInPlace(database.SstFiles.Single());
            database.Rows().Count.Should().BeLessThan(
                RowCount, "the loop ends at the damaged block as if it were the end");
        }

        await using var backend = await OpenFilledAsync();
        FlipInPlace(LiveFileOf(backend));
        ((Action)(() => Rows(backend))).Should().Throw<CheckpointCorruptException>().WithMessage("*checksum*");
    }

    [Fact]
    public async Task SharedCache_AnotherDatabaseHasTheGoodBlocks_HidesTheDamage()
    {
        using (var original = new PlainRocksDb(NewPath("original")))
        {
            Fill(original, "value");
            original.Checkpoint(NewPath("copy"));
        }

        FlipInPlace(Directory.GetFiles(PathOf("copy"), "*.sst").Single(), isOwnCopy: true);
        RowsOfCopy(shared: null).Should().BeLessThan(RowCount, "its own cache has no good block");
        RowsOfCopy(shared: Cache.CreateLru(64 << 20)).Should().Be(
            RowCount, "blocks are known by an id that copies share");

        // Ours: a cache for each database, so that the damage shows whatever else the process has read; and before
        // that, every file's digest.
        RocksDbTestBed.Taken taken;
        await using (var backend = await OpenFilledAsync())
        {
            taken = await _bed.TakeAsync(backend);
        }

        await using var good = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);
        await using var bad = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);
        Rows(good).Should().HaveCount(RowCount);
        FlipInPlace(LiveFileOf(bad));
        Rows(good).Should().HaveCount(RowCount, "its blocks are in its cache");
        ((Action)(() => Rows(bad))).Should().Throw<CheckpointCorruptException>();
        await ((Func<Task>)(async () => await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id)))
            .Should().ThrowAsync<CheckpointCorruptException>();

        int RowsOfCopy(Cache? shared)
        {
            using var original = new PlainRocksDb(PathOf("original"), shared);
            original.Rows().Should().HaveCount(RowCount);
            using var copy = new PlainRocksDb(PathOf("copy"), shared);
            return copy.Rows().Count;
        }
    }

    private static string KeyOf(int row) => row.ToString("D8", CultureInfo.InvariantCulture);

    private static void Fill(PlainRocksDb database, string value)
    {
        for (var row = 0; row < RowCount; row++)
        {
            database.Put(KeyOf(row), value);
        }

        database.Flush();
    }

    // In the middle of the rows, in the same file: whoever has it open or linked sees it.
    private static void FlipInPlace(string path, bool isOwnCopy = false)
    {
        if (isOwnCopy)
        {
            var bytes = File.ReadAllBytes(path);
            File.Delete(path);
            File.WriteAllBytes(path, bytes);
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = stream.Length / 3;
        var value = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(value ^ 1));
    }

    private static void CopyFolder(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    private async Task<State.KeyedStateBackend> OpenFilledAsync()
    {
        var backend = await _bed.OpenAsync();
        for (var row = 0; row < RowCount; row++)
        {
            Put(backend, KeyOf(row), "value");
        }

        await _bed.TakeAsync(backend);
        return backend;
    }

    private string LiveFileOf(State.KeyedStateBackend backend)
    {
        var path = ((RocksDbKeyedStateBackend)backend).Database.Path;
        path.Should().StartWith(_bed.WorkingDirectory);
        return Directory.GetFiles(path, "*.sst").Should().ContainSingle().Subject;
    }

    private async Task<State.KeyedStateBackend> OpenUncleanAsync(RocksDbTestBed.Taken taken, KeyGroupRange range) =>
        await new RocksDbBackendFactory(_bed.Options).OpenAsync(
            _bed.Context([taken.Handle!], range, restoredCheckpoint: taken.Id), default);

    private string PathOf(string name) => Path.Combine(_bed.Root, name);

    private string NewPath(string name)
    {
        Directory.Exists(PathOf(name)).Should().BeFalse();
        return PathOf(name);
    }
}
