using System.Buffers;
using System.Text;
using Checkpointing.RocksDb.Native;

namespace Checkpointing.RocksDb.Tests.Native;

public sealed class RocksDatabaseTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("rocksdb-native-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Get_PutRow_AppendsItsValue()
    {
        using var database = Create();
        var family = database.CreateColumnFamily("s:a");
        database.Put(family, "key"u8, Encoding.UTF8.GetBytes(new string('x', 5_000)));
        var target = new ArrayBufferWriter<byte>();
        target.Write("before "u8);

        database.Get(family, "key"u8, target, expectedLength: 16).Should().Be(5_000);
        Encoding.UTF8.GetString(target.WrittenSpan).Should().Be("before " + new string('x', 5_000));
        database.Get(family, "other"u8, target, expectedLength: 16).Should().Be(-1);
    }

    [Fact]
    public void CreateColumnFamilies_Several_AreMadeInOrder()
    {
        using var database = Create();
        var families = database.CreateColumnFamilies(["s:b", "s:ä", "s:a"]);
        families.Select(family => family.Name).Should().Equal("s:b", "s:ä", "s:a");
        families.ForEach(family => database.Put(family, "key"u8, Encoding.UTF8.GetBytes(family.Name)));
        families.ForEach(family => Read(database, family, "key").Should().Be(family.Name));
        database.CreateColumnFamilies([]).Should().BeEmpty();
        ((Action)(() => database.CreateColumnFamilies(["s:c", "s:a"]))).Should().Throw<Exception>();
        database.CreateColumnFamilies(["s:d"]).Should().ContainSingle();
    }

    [Fact]
    public void Get_EmptyValue_IsFound()
    {
        using var database = Create();
        var family = database.CreateColumnFamily("s:a");
        database.Put(family, "key"u8, []);
        database.Get(family, "key"u8, new ArrayBufferWriter<byte>(), expectedLength: 16).Should().Be(0);
    }

    [Fact]
    public void Merge_AcrossFlushesAndCompaction_Concatenates()
    {
        using var database = Create();
        var family = database.CreateColumnFamily("s:a");
        database.Put(family, "with"u8, "0"u8);
        for (var i = 1; i < 10; i++)
        {
            database.Merge(family, "with"u8, Encoding.UTF8.GetBytes($"{i}"));
            database.Merge(family, "without"u8, Encoding.UTF8.GetBytes($"{i}"));
            if (i % 3 == 0)
            {
                database.Flush([family]);
            }
        }

        Read(database, family, "with").Should().Be("0123456789");
        database.Compact(family);
        Read(database, family, "with").Should().Be("0123456789");
        Read(database, family, "without").Should().Be("123456789");
    }

    [Fact]
    public void Merge_EmptyOperand_MakesTheRow()
    {
        using var database = Create();
        var family = database.CreateColumnFamily("s:a");
        database.Merge(family, "key"u8, []);
        database.Flush([family]);
        Read(database, family, "key").Should().Be("");
    }

    [Fact]
    public void NewIterator_Bounds_AreKept()
    {
        using var database = Create();
        var family = database.CreateColumnFamily("s:a");
        foreach (var key in new[] { "a", "b", "c", "d" })
        {
            database.Put(family, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(key + "!"));
        }

        using var rows = database.NewIterator(family, "b"u8, "d"u8);
        GC.Collect();
        var found = new List<string>();
        while (rows.MoveNext())
        {
            found.Add(Encoding.UTF8.GetString(rows.Key) + Encoding.UTF8.GetString(rows.Value));
        }

        found.Should().Equal("bb!", "cc!");
        rows.MoveNext().Should().BeFalse("the end is the end");
        ((Action)(() => _ = rows.Key.Length)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void NewIterator_AtSnapshot_SeesThePast()
    {
        using var database = Create();
        var family = database.CreateColumnFamily("s:a");
        database.Put(family, "a"u8, "old"u8);
        using var snapshot = database.CreateSnapshot();
        database.Put(family, "a"u8, "new"u8);
        database.Put(family, "b"u8, "new"u8);
        database.Flush([family]);
        database.Compact(family);

        using var rows = snapshot.NewIterator(family, "a"u8, "z"u8);
        rows.MoveNext().Should().BeTrue();
        Encoding.UTF8.GetString(rows.Value).Should().Be("old");
        rows.MoveNext().Should().BeFalse();
    }

    [Fact]
    public void Dispose_WithOpenChildren_ClosesAfterTheLast()
    {
        var database = Create();
        var family = database.CreateColumnFamily("s:a");
        database.Put(family, "a"u8, "1"u8);
        var snapshot = database.CreateSnapshot();
        var rows = snapshot.NewIterator(family, "a"u8, "z"u8);

        database.Dispose();
        database.Dispose();
        rows.MoveNext().Should().BeTrue("the iterator keeps the database open");
        snapshot.Dispose();
        rows.Dispose();

        ((Action)(() => rows.MoveNext())).Should().Throw<ObjectDisposedException>();
        ((Action)(() => database.Put(family, "a"u8, "1"u8))).Should().Throw<ObjectDisposedException>();
        ((Action)(() => database.Get(family, "a"u8, new ArrayBufferWriter<byte>(), 1))).Should()
            .Throw<ObjectDisposedException>();
        ((Action)(() => database.Flush([family]))).Should().Throw<ObjectDisposedException>();
        ((Action)(() => database.GetLiveFiles())).Should().Throw<ObjectDisposedException>();
        ((Action)(() => database.NewIterator(family, "a"u8, "b"u8))).Should().Throw<ObjectDisposedException>();
        ((Action)(() => database.CreateSnapshot())).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public async Task Dispose_BesideCalls_NeverCrashes()
    {
        for (var round = 0; round < 5; round++)
        {
            var database = Create($"db-{round}");
            var family = database.CreateColumnFamily("s:a");
            using var started = new SemaphoreSlim(0);
            var writer = Task.Factory.StartNew(
                () =>
                {
                    started.Release();
                    for (var i = 0; ; i++)
                    {
                        database.Put(family, BitConverter.GetBytes(i), "value"u8);
                    }
                },
                TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await started.WaitAsync(TestContext.Current.CancellationToken);
            database.Dispose();
            await ((Func<Task>)(() => writer)).Should().ThrowAsync<ObjectDisposedException>();
        }
    }

    [Fact]
    public void Create_PathInUse_SaysWhere()
    {
        using var database = Create();
        ((Action)(() => Create())).Should().Throw<CheckpointStorageUnavailableException>().WithMessage("*db*");
    }

    [Fact]
    public void MoveNext_DamagedBlock_IsReported()
    {
        using var database = Create();
        var family = database.CreateColumnFamily("s:a");
        for (var i = 0; i < 5_000; i++)
        {
            database.Put(family, Encoding.UTF8.GetBytes($"{i:D6}"), new byte[100]);
        }

        database.Flush([family]);
        var file = database.GetLiveFiles().Should().ContainSingle().Subject;
        RocksDbTestBed.FlipBit(Path.Combine(database.Path, file.Name), file.SizeBytes / 2);

        using var copy = Create("other", RocksDbCompression.None);
        var folder = Directory.CreateDirectory(Path.Combine(_root, "stage")).FullName;
        File.Copy(Path.Combine(database.Path, file.Name), Path.Combine(folder, "1.sst"));
        var imported = copy.ImportColumnFamily("s:a", [file with { Name = "1.sst" }], folder);
        using var rows = copy.NewIterator(imported, "0"u8, "9"u8);
        ((Action)(() =>
        {
            while (rows.MoveNext())
            {
            }
        })).Should().Throw<CheckpointCorruptException>().WithMessage("*checksum*");
    }

    [Fact]
    public void ImportColumnFamily_FilesOfAnother_HasItsRows()
    {
        using var source = Create();
        var family = source.CreateColumnFamily("s:a");
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 100; i++)
            {
                source.Put(family, Encoding.UTF8.GetBytes($"{i:D3}"), Encoding.UTF8.GetBytes($"{round}"));
            }

            source.Merge(family, "list"u8, Encoding.UTF8.GetBytes($"{round}"));
            source.Flush([family]);
        }

        var folder = Directory.CreateDirectory(Path.Combine(_root, "stage")).FullName;
        var files = source.GetLiveFiles();
        foreach (var file in files)
        {
            File.Copy(Path.Combine(source.Path, file.Name), Path.Combine(folder, file.Name));
        }

        using var target = Create("target");
        var imported = target.ImportColumnFamily("s:a", files, folder);
        Read(target, imported, "050").Should().Be("2");
        Read(target, imported, "list").Should().Be("012");
        target.GetLiveFiles().Should().HaveSameCount(files);
        target.LatestSequence.Should().BeGreaterThanOrEqualTo(files.Max(file => file.LargestSequence));
        Directory.GetFiles(folder).Should().BeEmpty("the import moves");
    }

    [Fact]
    public void Flush_OverAndOver_KeepsTheListOfFilesSmall()
    {
        using var database = RocksDatabase.Create(
            Path.Combine(_root, "db"), new() { WorkingDirectory = _root, KeepsBookkeepingInMemory = false });
        var family = database.CreateColumnFamily("s:a");
        var key = new byte[32 << 10]; // each entry of the list holds the file's first and last key
        for (var i = 0; i < 300; i++)
        {
            database.Put(family, key, BitConverter.GetBytes(i));
            database.Flush([family]);
        }

        var lists = new DirectoryInfo(database.Path).GetFiles("MANIFEST-*");
        lists.Should().NotBeEmpty();
        lists.Sum(static file => file.Length).Should().BeLessThan(
            8 << 20, "by default it grows to 1 GiB; 300 entries have 19 MB");
    }

    private static string? Read(RocksDatabase database, ColumnFamily family, string key)
    {
        var target = new ArrayBufferWriter<byte>();
        return database.Get(family, Encoding.UTF8.GetBytes(key), target, 16) < 0
            ? null : Encoding.UTF8.GetString(target.WrittenSpan);
    }

    private RocksDatabase Create(string name = "db", RocksDbCompression compression = RocksDbCompression.Lz4) =>
        RocksDatabase.Create(
            Path.Combine(_root, name), new() { WorkingDirectory = _root, Compression = compression });
}
