using System.Text;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;

namespace Checkpointing.Tests.Storage;

public sealed class LocalCheckpointStorageTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();

    private string Root => _folder.File("root");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Constructor_NothingWritten_DoesNotMakeTheRoot()
    {
        using var storage = new LocalCheckpointStorage(Root);

        Directory.Exists(Root).Should().BeFalse();
        storage.Description.Should().Be("file://" + Root);
    }

    [Fact]
    public async Task Commit_NewFile_IsReadOnlyAndLeavesNoTemporaryFile()
    {
        using var storage = new LocalCheckpointStorage(Root);

        var digest = await storage.WriteAllAsync("job/chk-1/file", Bytes("content"), None);

        digest.Should().Be(ContentDigest.Of(Bytes("content")));
        var full = Path.Combine(Root, "job", "chk-1", "file");
        File.ReadAllText(full).Should().Be("content");
        Directory.GetFiles(Path.GetDirectoryName(full)!).Should().Equal(full);
        if (!OperatingSystem.IsWindows())
        {
            (File.GetUnixFileMode(full) & (UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite))
                .Should().Be(UnixFileMode.None);
        }
    }

    [Fact]
    public async Task Delete_LastFile_RemovesEmptyFoldersButNotTheRoot()
    {
        using var storage = new LocalCheckpointStorage(Root);
        await storage.WriteAllAsync("job/shared/a/file", Bytes("1"), None);
        await storage.WriteAllAsync("job/other", Bytes("2"), None);

        await storage.DeleteAsync("job/shared/a/file", None);

        Directory.Exists(Path.Combine(Root, "job", "shared")).Should().BeFalse();
        Directory.Exists(Path.Combine(Root, "job")).Should().BeTrue();
        await storage.DeleteAsync("job/other", None);
        Directory.Exists(Path.Combine(Root, "job")).Should().BeFalse();
        Directory.Exists(Root).Should().BeTrue();
    }

    [Fact]
    public async Task Store_SameVolume_SharesTheBytesAndOutlivesTheSource()
    {
        using var storage = new LocalCheckpointStorage(Root);
        var local = _folder.File("local.sst");
        File.WriteAllText(local, "rows");

        var kind = await storage.LocalFiles.StoreAsync(local, isSynced: false, "job/shared/b/1", None);

        kind.Should().Be(FileTransferKind.HardLink);
        var stored = Path.Combine(Root, "job", "shared", "b", "1");
        if (OperatingSystem.IsLinux())
        {
            InodeOf(stored).Should().Be(InodeOf(local));
            File.GetUnixFileMode(stored).HasFlag(UnixFileMode.UserWrite).Should().BeFalse();
        }

        File.Delete(local);
        (await ReadAsync(storage, "job/shared/b/1")).Should().Be("rows");
    }

    [Fact]
    public async Task Store_ForceCopy_CopiesAndLeavesTheSourceAlone()
    {
        using var storage = new LocalCheckpointStorage(Root, new() { ForceCopy = true });
        var local = _folder.File("local.sst");
        var content = new byte[3_000_001];
        new Random(7).NextBytes(content);
        File.WriteAllBytes(local, content);

        (await storage.LocalFiles.StoreAsync(local, isSynced: true, "f", None)).Should().Be(FileTransferKind.Copy);
        (await storage.CopyAsync("f", "g", None)).Should().Be(FileTransferKind.Copy);
        (await storage.LocalFiles.FetchAsync("g", _folder.File("fetched"), None)).Should().Be(FileTransferKind.Copy);

        File.ReadAllBytes(_folder.File("fetched")).Should().Equal(content);
        if (OperatingSystem.IsLinux())
        {
            InodeOf(Path.Combine(Root, "f")).Should().NotBe(InodeOf(local));
            InodeOf(Path.Combine(Root, "g")).Should().NotBe(InodeOf(Path.Combine(Root, "f")));
            File.GetUnixFileMode(local).HasFlag(UnixFileMode.UserWrite).Should().BeTrue();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Store_TargetExists_RefusesAndChangesNothing(bool forceCopy)
    {
        using var storage = new LocalCheckpointStorage(Root, new() { ForceCopy = forceCopy });
        await storage.WriteAllAsync("f", Bytes("old"), None);
        var local = _folder.File("local");
        File.WriteAllText(local, "new");

        var store = async () => await storage.LocalFiles.StoreAsync(local, isSynced: false, "f", None);

        (await store.Should().ThrowAsync<StoredFileExistsException>()).Which.Path.Should().Be("f");
        (await ReadAsync(storage, "f")).Should().Be("old");
    }

    [Fact]
    public async Task Store_LocalFileMissing_NamesBoth()
    {
        using var storage = new LocalCheckpointStorage(Root);
        var local = _folder.File("nothing.sst");

        var store = async () => await storage.LocalFiles.StoreAsync(local, isSynced: false, "a/f", None);

        (await store.Should().ThrowAsync<CheckpointStorageUnavailableException>()).WithMessage(
            $"'a/f' could not be written: the local file '{local}' does not exist."
            + " The checkpoint failed, older ones are intact.");
    }

    [Fact]
    public async Task Fetch_SameVolume_LinksIntoANewFolder()
    {
        using var storage = new LocalCheckpointStorage(Root);
        await storage.WriteAllAsync("f", Bytes("rows"), None);
        var local = _folder.File("work/db/000001.sst");

        (await storage.LocalFiles.FetchAsync("f", local, None)).Should().Be(FileTransferKind.HardLink);

        await storage.DeleteAsync("f", None);
        File.ReadAllText(local).Should().Be("rows");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fetch_MissingSourceOrTakenTarget_IsTyped(bool forceCopy)
    {
        using var storage = new LocalCheckpointStorage(Root, new() { ForceCopy = forceCopy });
        await storage.WriteAllAsync("f", Bytes("rows"), None);
        var local = _folder.File("taken");
        File.WriteAllText(local, "mine");

        var missing = async () => await storage.LocalFiles.FetchAsync("g", _folder.File("new"), None);
        var taken = async () => await storage.LocalFiles.FetchAsync("f", local, None);

        await missing.Should().ThrowAsync<StoredFileMissingException>();
        (await taken.Should().ThrowAsync<CheckpointStorageUnavailableException>())
            .WithMessage($"'f' could not be fetched to '{local}': that file exists already.");
        File.ReadAllText(local).Should().Be("mine");
        File.Exists(_folder.File("new")).Should().BeFalse();
    }

    [Fact]
    public async Task Store_OtherDevice_Copies()
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists("/dev/shm"))
        {
            Assert.Skip("Needs a second file system; /dev/shm is not there.");
        }

        var shared = Directory.CreateDirectory(Path.Combine("/dev/shm", Path.GetFileName(_folder.Path)));
        try
        {
            using var storage = new LocalCheckpointStorage(shared.FullName);
            var local = _folder.File("local");
            File.WriteAllText(local, "rows");

            (await storage.LocalFiles.StoreAsync(local, isSynced: false, "f", None)).Should().Be(FileTransferKind.Copy);
            (await storage.LocalFiles.FetchAsync("f", _folder.File("back"), None)).Should().Be(FileTransferKind.Copy);
            File.ReadAllText(_folder.File("back")).Should().Be("rows");
        }
        finally
        {
            shared.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("")]
    [InlineData(".locks/x")]
    [InlineData("a/.tmp-x")]
    public async Task AnyMember_PathOutsideOrReserved_IsRefused(string path)
    {
        using var storage = new LocalCheckpointStorage(Root);

        var create = async () => await storage.CreateAsync(path, None);
        var open = async () => await storage.OpenReadAsync(path, 0, None);
        var delete = async () => await storage.DeleteAsync(path, None);
        var copy = async () => await storage.CopyAsync("a", path, None);
        var store = async () => await storage.LocalFiles.StoreAsync("/etc/hostname", false, path, None);

        await create.Should().ThrowAsync<ArgumentException>();
        await open.Should().ThrowAsync<ArgumentException>();
        await delete.Should().ThrowAsync<ArgumentException>();
        await copy.Should().ThrowAsync<ArgumentException>();
        await store.Should().ThrowAsync<ArgumentException>();
        Directory.Exists(Root).Should().BeFalse();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<string> ReadAsync(LocalCheckpointStorage storage, string path) =>
        Encoding.UTF8.GetString(await storage.ReadAllAsync(path, 1 << 20, None));

    private static string InodeOf(string file)
    {
        using var stat = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%d:%i", file]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd();
    }
}
