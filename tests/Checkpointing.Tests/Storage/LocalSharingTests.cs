using Checkpointing.Storage;
using Checkpointing.Storage.Local;

namespace Checkpointing.Tests.Storage;

/// <summary>Hard link, else shared blocks, else a copy; and what is said of it.</summary>
public sealed class LocalSharingTests(ITestOutputHelper output) : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("xfs", 320L << 20)]
    [InlineData("btrfs", 160L << 20)]
    public async Task Transfers_FileSystemWithReflink_AreWhatIsSaid(string kind, long sizeBytes)
    {
        using var volume = LoopVolume.TryMount(kind, sizeBytes, out var whyNot);
        if (volume is null)
        {
            output.WriteLine($"No {kind} volume here ({whyNot}); only the fallback is tested.");
            await ShouldFallBackToCopyingAsync();
            return;
        }

        foreach (var (options, expected) in new (LocalStorageOptions, FileTransferKind)[]
        {
            (new(), FileTransferKind.HardLink),
            (new() { NoHardLinks = true }, FileTransferKind.Reflink),
            (new() { ForceCopy = true }, FileTransferKind.Copy),
            (new() { ForceCopy = true, NoHardLinks = true }, FileTransferKind.Copy),
        })
        {
            var parent = Path.Combine(volume.Path, $"{expected}-{options.NoHardLinks}");
            await ShouldBeAsync(parent, options, expected);
        }

        output.WriteLine($"{kind}: links, shared blocks and copies are what is said.");
    }

    [Fact]
    public async Task Transfers_LinkRefusedWithinOneFileSystem_ShareBlocks()
    {
        using var volume = LoopVolume.TryMount("btrfs", 160L << 20, out var whyNot);
        if (volume is null
            || !LoopVolume.Run(out whyNot, "btrfs", "subvolume", "create", Path.Combine(volume.Path, "live"))
            || !LoopVolume.Run(out whyNot, "btrfs", "subvolume", "create", Path.Combine(volume.Path, "stored")))
        {
            output.WriteLine($"No btrfs volume here ({whyNot}); only the fallback is tested.");
            await ShouldFallBackToCopyingAsync();
            return;
        }

        // No hard link leads from one subvolume to another, so the default options have to go one step down.
        await ShouldBeAsync(volume.Path, new(), FileTransferKind.Reflink);
    }

    [Fact]
    public Task Transfers_FileSystemWithoutReflink_Copy() => ShouldFallBackToCopyingAsync();

    [Fact]
    public async Task Transfers_AnyFileSystem_NoHardLinks_AreFilesOfTheirOwn()
    {
        using var storage = new LocalCheckpointStorage(_folder.File("root"), new() { NoHardLinks = true });
        var local = NewFile(_folder.File("local"));

        var kind = await storage.LocalFiles.StoreAsync(local, isSynced: true, "f", None);

        kind.Should().BeOneOf(FileTransferKind.Reflink, FileTransferKind.Copy);
        (await storage.CopyAsync("f", "g", None)).Should().Be(kind);
        (await storage.LocalFiles.FetchAsync("g", _folder.File("back"), None)).Should().Be(kind);
        File.ReadAllBytes(_folder.File("back")).Should().Equal(File.ReadAllBytes(local));

        // What is done to the live file does not reach the stored one.
        File.AppendAllText(local, "more");
        File.ReadAllBytes(_folder.File("root/f")).Should().Equal(File.ReadAllBytes(_folder.File("back")));
        Directory.GetFiles(_folder.File("root")).Should().HaveCount(2, "no temporary file stays");
    }

    private async Task ShouldFallBackToCopyingAsync()
    {
        // Memory file systems share no blocks.
        if (!Directory.Exists("/dev/shm"))
        {
            output.WriteLine("No /dev/shm here: the fallback is tested on the temporary folder only.");
            await Transfers_AnyFileSystem_NoHardLinks_AreFilesOfTheirOwn();
            return;
        }

        var shared = Directory.CreateDirectory(Path.Combine("/dev/shm", Path.GetFileName(_folder.Path)));
        try
        {
            await ShouldBeAsync(shared.FullName, new() { NoHardLinks = true }, FileTransferKind.Copy);
        }
        finally
        {
            shared.Delete(recursive: true);
        }
    }

    private static async Task ShouldBeAsync(string parent, LocalStorageOptions options, FileTransferKind expected)
    {
        var live = Directory.CreateDirectory(Path.Combine(parent, "live")).FullName;
        var root = Path.Combine(parent, "stored");
        using var storage = new LocalCheckpointStorage(root, options);
        var local = NewFile(Path.Combine(live, "1.sst"));
        var content = File.ReadAllBytes(local);
        var alone = NewFile(Path.Combine(live, "alone"));

        (await storage.LocalFiles.StoreAsync(local, isSynced: true, "job/f", None)).Should().Be(expected);
        var stored = Path.Combine(root, "job", "f");
        Check(local, stored, content, expected);

        // Within the storage a link can be made again.
        var within = options is { NoHardLinks: false, ForceCopy: false } ? FileTransferKind.HardLink : expected;
        (await storage.CopyAsync("job/f", "job/g", None)).Should().Be(within);

        var back = Path.Combine(live, "work", "2.sst");
        (await storage.LocalFiles.FetchAsync("job/f", back, None)).Should().Be(expected);
        Check(stored, back, content, expected);

        Directory.GetFiles(Path.Combine(root, "job")).Should().HaveCount(2, "no temporary file stays");
        if (!parent.StartsWith("/dev/shm", StringComparison.Ordinal))
        {
            LoopVolume.SharesBlocks(alone).Should().BeFalse("else the tool says it of every file");
        }
    }

    private static void Check(string one, string other, byte[] content, FileTransferKind kind)
    {
        File.ReadAllBytes(other).Should().Equal(content);
        var sharesInode = InodeOf(one) == InodeOf(other);
        sharesInode.Should().Be(kind == FileTransferKind.HardLink);
        if (kind != FileTransferKind.HardLink && !other.StartsWith("/dev/shm", StringComparison.Ordinal))
        {
            LoopVolume.SharesBlocks(other).Should().Be(kind == FileTransferKind.Reflink);
        }
    }

    private static string NewFile(string path)
    {
        var content = new byte[(1 << 20) + 4_321];
        new Random(7).NextBytes(content);
        using var file = new FileStream(path, FileMode.CreateNew);
        file.Write(content);
        file.Flush(flushToDisk: true);
        return path;
    }

    private static string InodeOf(string path)
    {
        LoopVolume.Run(out var inode, "stat", "-c", "%d:%i", path).Should().BeTrue(inode);
        return inode;
    }
}
