using System.Text;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Working;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Working;

public sealed class BookkeepingFolderTests : IDisposable
{
    private const string MemoryPath = "/dev/shm";

    private readonly RocksDbTestBed _bed = new();

    public void Dispose() => _bed.Dispose();

    // A system without memory for files is right as well; then all is beside the rows.
    private static bool IsOffered { get; } =
        OperatingSystem.IsLinux() && Directory.Exists(MemoryPath)
        && new DriveInfo(MemoryPath) is { DriveFormat: "tmpfs", AvailableFreeSpace: > 32 << 20 };

    [Fact]
    public void Database_WhileOpen_HasOnlyRowsOnTheDisk()
    {
        string bookkeeping;
        using (var database = Create())
        {
            PutAndFlush(database, database.CreateColumnFamily("s:a"), 3);
            bookkeeping = database.BookkeepingPath;
            bookkeeping.StartsWith(MemoryPath, StringComparison.Ordinal).Should().Be(IsOffered);
            File.Exists(Path.Combine(bookkeeping, "CURRENT")).Should().BeTrue();
            Directory.GetFiles(database.Path, "*.sst").Should().HaveCount(3);
            if (IsOffered)
            {
                Directory.GetFiles(database.Path).Should().HaveCount(3);
                Directory.GetFiles(bookkeeping, "*.sst").Should().BeEmpty();
            }
        }

        if (IsOffered)
        {
            Directory.Exists(bookkeeping).Should().BeFalse();
            File.Exists(bookkeeping + ".lock").Should().BeFalse();
        }
    }

    [Fact]
    public async Task Backend_SwitchedOff_KeepsItBesideTheRows()
    {
        _bed.Options.KeepsBookkeepingInMemory = false;
        var factory = new RocksDbBackendFactory(_bed.Options);
        Taken taken;
        await using (var backend = await factory.OpenAsync(_bed.Context(), default))
        {
            Put(backend, "a", "1");
            var database = ((RocksDbKeyedStateBackend)backend).Database;
            database.BookkeepingPath.Should().Be(database.Path);
            File.Exists(Path.Combine(database.Path, "CURRENT")).Should().BeTrue();
            taken = await _bed.TakeAsync(backend);
        }

        await using var restored = await factory.OpenAsync(
            _bed.Context([taken.Handle!], restoredCheckpoint: taken.Id), default);
        Get(restored, "a").Should().Be("1");
    }

    [Fact]
    public async Task OpenAsync_First_SweepsWhatDeadProcessesLeft()
    {
        if (!IsOffered)
        {
            BookkeepingFolder.TryCreate(Path.Combine(_bed.Root, "db")).Should().BeNull();
            return;
        }

        using var living = Create();
        var dead = Path.Combine(MemoryPath, $"checkpointing-{Path.GetFileName(_bed.Root)}");
        Directory.CreateDirectory(dead);
        await File.WriteAllTextAsync(dead + ".lock", "", TestContext.Current.CancellationToken);

        await using var backend = await _bed.OpenAsync();

        Directory.Exists(dead).Should().BeFalse();
        File.Exists(dead + ".lock").Should().BeFalse();
        Directory.Exists(living.BookkeepingPath).Should().BeTrue();
        PutAndFlush(living, living.CreateColumnFamily("s:a"), 1);
    }

    [Fact]
    public void TryCreate_NameIsTaken_LeavesItToItsOwner()
    {
        var path = Path.Combine(_bed.Root, "db");
        var first = BookkeepingFolder.TryCreate(path);
        (first is not null).Should().Be(IsOffered);
        BookkeepingFolder.TryCreate(path).Should().BeNull();
        if (first is not null)
        {
            Directory.Exists(first.Path).Should().BeTrue();
            first.Remove();
            Directory.Exists(first.Path).Should().BeFalse();
        }
    }

    [Fact]
    public void Create_FolderInUse_IsRefused()
    {
        using var database = Create();
        PutAndFlush(database, database.CreateColumnFamily("s:a"), 1);

        ((Action)(() => Create().Dispose())).Should().Throw<CheckpointStorageUnavailableException>()
            .WithMessage("*already*");
        Directory.GetFiles(database.Path, "*.sst").Should().ContainSingle();
    }

    [Fact]
    public void Database_ManyFlushes_KeepsItsManifestSmall()
    {
        using var database = Create();
        var family = database.CreateColumnFamily("s:a");

        // RocksDB notes the smallest and the largest key of each new file, which makes 9 MB in all; compactions leave
        // few files of them.
        PutAndFlush(database, family, 200, keyLength: 15_000);

        new DirectoryInfo(database.BookkeepingPath).EnumerateFiles().Where(file => file.Extension != ".sst")
            .Sum(LengthNow).Should().BeLessThan(2 << 20);

        // A compaction behind the last flush may begin a new MANIFEST meanwhile.
        static long LengthNow(FileInfo file)
        {
            try
            {
                return file.Length;
            }
            catch (FileNotFoundException)
            {
                return 0;
            }
        }
    }

    [Fact]
    public async Task WriteAsync_SystemRemovedIt_FailsTypedAndTheLastCheckpointRestores()
    {
        if (!IsOffered)
        {
            BookkeepingFolder.TryCreate(Path.Combine(_bed.Root, "db")).Should().BeNull();
            return;
        }

        var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var last = await _bed.TakeAsync(backend);
        Directory.Delete(((RocksDbKeyedStateBackend)backend).Database.BookkeepingPath, recursive: true);

        // The open MANIFEST serves on; the next one cannot be made.
        Func<Task> goOn = async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                Put(backend, $"{i % 2}".PadLeft(15_000, '0'), $"{i}");
                last = await _bed.TakeAsync(backend, last.Id);
            }
        };
        await goOn.Should().ThrowAsync<CheckpointingException>();

        await backend.DisposeAsync();
        await using var restored = await _bed.OpenAsync([last.Handle!], restoredCheckpoint: last.Id);
        Get(restored, "a").Should().Be("1");
    }

    private static void PutAndFlush(RocksDatabase database, ColumnFamily family, int fileCount, int keyLength = 3)
    {
        for (var i = 0; i < fileCount; i++)
        {
            var key = Encoding.UTF8.GetBytes($"{i % 2}".PadLeft(keyLength, '0'));
            database.Put(family, key, key);
            database.Flush([family]);
        }
    }

    private RocksDatabase Create() => RocksDatabase.Create(Path.Combine(_bed.Root, "db"), _bed.Options);
}
