using System.Buffers;
using System.Text;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Restore;

namespace Checkpointing.RocksDb.Tests.Restore;

/// <summary>What RocksDB imports without a word and gives wrong answers from, each beside our refusal.</summary>
public sealed class SnapshotFactsTests : IDisposable
{
    private const string Family = "s:counts";

    private readonly string _root = Directory.CreateTempSubdirectory("rocksdb-facts-").FullName;
    private int _count;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Check_TwoFilesOfLevel0Swapped_IsRefused_RocksDbReadsTheOldRow()
    {
        var (folder, files) = Overwritten();
        var swapped = new[] { WithSequencesOf(files[0], files[1]), WithSequencesOf(files[1], files[0]) };
        using (var naive = Import(folder, swapped, out var family))
        {
            Read(naive, family).Should().Be("old", "two files that swap their age swap their rows");
        }

        // A whole swap looks right and is the business of the catalogue's digest; half of one makes two ages meet.
        ShouldRefuse([files[0], WithSequencesOf(files[1], files[0])], "overlaps in level 0");
        SnapshotFacts.Check(files, file => file.Name);
    }

    [Fact]
    public void Check_OverlapInLevel0OfOneAge_IsRefused_RocksDbImportsIt()
    {
        var (folder, files) = Overwritten();
        var same = files.Select(file => file with { SmallestSequence = 1, LargestSequence = 2 }).ToArray();
        using (var naive = Import(folder, same, out _))
        {
            naive.GetLiveFiles().Should().HaveCount(2, "no word of it");
        }

        ShouldRefuse(same, "overlaps in level 0");
    }

    [Fact]
    public void Check_LevelTooDeep_IsRefused_RocksDbDropsTheFile()
    {
        var (folder, files) = Overwritten();
        var deep = new[] { files[0], files[1] with { Level = DatabaseOptions.LevelCount } };
        using (var naive = Import(folder, deep, out var family))
        {
            naive.GetLiveFiles().Should().ContainSingle("the other is gone without a word");
            Read(naive, family).Should().Be("old");
        }

        ShouldRefuse(deep, "a level below 7");
    }

    [Fact]
    public void CheckImported_NewestFileAtADeeperLevel_IsFound_RocksDbReadsTheOldRow()
    {
        var (folder, files) = Overwritten();
        var deeper = files.OrderBy(file => file.LargestSequence).ToList();
        deeper[1] = deeper[1] with { Level = 6 };
        using var naive = Import(folder, deeper, out var family);
        Read(naive, family).Should().Be("old");
        var true0 = deeper.ConvertAll(file => new ImportFile(file with { Level = 0 }, null, file.Name));
        ((Action)(() => SnapshotImport.CheckImported(naive, true0))).Should()
            .Throw<CheckpointCorruptException>().WithMessage($"*{deeper[1].Name}*level 0*");
    }

    [Fact]
    public void Check_OverlapInADeepLevel_NamesBothFiles()
    {
        var (_, files) = Overwritten();
        ShouldRefuse([.. files.Select(file => file with { Level = 6 })], "no overlap with*level 6");
    }

    [Theory]
    [InlineData("", "0001")]
    [InlineData("0002", "0001")]
    [InlineData("0001", "FFFF")]
    public void Check_BoundsThatAreNone_AreRefused(string smallest, string largest)
    {
        var (_, files) = Overwritten();
        ShouldRefuse(
            [
                files[0] with
                {
                    SmallestKey = Convert.FromHexString(smallest), LargestKey = Convert.FromHexString(largest),
                },
            ],
            "bounds");
    }

    [Fact]
    public void CheckImported_FileLeftOutOrWrongBounds_IsNamed()
    {
        var (folder, files) = Overwritten();
        using var database = Import(folder, files, out _);
        var all = files.Select(file => new ImportFile(file, null, "stored-" + file.Name)).ToList();
        SnapshotImport.CheckImported(database, all);
        ((Action)(() => SnapshotImport.CheckImported(database, [all[0]]))).Should()
            .Throw<CheckpointCorruptException>().WithMessage("*1 files*2 files*");
        all[1] = all[1] with { File = all[1].File with { LargestKey = [0, 9] } };
        ((Action)(() => SnapshotImport.CheckImported(database, all))).Should()
            .Throw<CheckpointCorruptException>().WithMessage($"*{all[1].Path}*");
    }

    private static void ShouldRefuse(IReadOnlyList<LiveFile> files, string why) =>
        ((Action)(() => SnapshotFacts.Check(files, file => "stored-" + file.Name))).Should()
            .Throw<CheckpointCorruptException>().WithMessage($"*stored-{files[^1].Name}*{why}*");

    private static LiveFile WithSequencesOf(LiveFile file, LiveFile other) => file with
    {
        SmallestSequence = other.SmallestSequence, LargestSequence = other.LargestSequence,
    };

    private static string Read(RocksDatabase database, ColumnFamily family)
    {
        var value = new ArrayBufferWriter<byte>();
        database.Get(family, RocksDbTestBed.Key(3, [1]), value, 16);
        return Encoding.UTF8.GetString(value.WrittenSpan);
    }

    private RocksDatabase Create() => RocksDatabase.Create(
        Path.Combine(_root, $"db-{_count++}"), new() { WorkingDirectory = _root });

    private RocksDatabase Import(string folder, IEnumerable<LiveFile> files, out ColumnFamily family)
    {
        var links = Path.Combine(_root, $"links-{_count++}");
        Directory.CreateDirectory(links);
        foreach (var file in files)
        {
            File.Copy(Path.Combine(folder, file.Name), Path.Combine(links, file.Name));
        }

        var database = Create();
        database.PauseBackgroundWork();
        family = database.ImportColumnFamily(Family, files, links);
        return database;
    }

    /// <summary>Two files of level 0, the second with newer values of the same two rows.</summary>
    private (string Folder, LiveFile[] Files) Overwritten()
    {
        using var database = Create();
        database.PauseBackgroundWork();
        var family = database.CreateColumnFamily(Family);
        foreach (var value in new[] { "old", "new" })
        {
            database.Put(family, RocksDbTestBed.Key(3, [1]), Encoding.UTF8.GetBytes(value));
            database.Put(family, RocksDbTestBed.Key(4, [1]), Encoding.UTF8.GetBytes(value));
            database.ContinueBackgroundWork();
            database.Flush([family]);
            database.PauseBackgroundWork();
        }

        var files = database.GetLiveFiles().OrderBy(file => file.LargestSequence).ToArray();
        var folder = Path.Combine(_root, $"files-{_count++}");
        Directory.CreateDirectory(folder);
        foreach (var file in files)
        {
            File.Copy(Path.Combine(database.Path, file.Name), Path.Combine(folder, file.Name));
        }

        return (folder, files);
    }
}
