using Checkpointing.Storage;
using Checkpointing.Storage.Local;

namespace Checkpointing.Tests.Storage;

/// <summary>Symbolic links below a root: followed within it, refused where they lead out.</summary>
public sealed class LocalLinksTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();

    private string Root => _folder.File("root");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> LinksOut =>
        new("job/file", "job/chk-1/file", "job/chain/file", "job/up/outside/file");

    [Theory]
    [MemberData(nameof(LinksOut))]
    public async Task Read_LinkLeadsOut_IsRefusedAndSaysWhere(string path)
    {
        MakeLinks();
        using var storage = new LocalCheckpointStorage(Root);
        var outside = _folder.File("outside/file");

        Func<Task>[] reads =
        [
            () => storage.OpenReadAsync(path, 0, None).AsTask(),
            () => storage.CopyAsync(path, "job/copy", None).AsTask(),
            () => storage.LocalFiles.FetchAsync(path, _folder.File("fetched"), None).AsTask(),
        ];

        foreach (var read in reads)
        {
            (await read.Should().ThrowAsync<ForeignPathException>()).Which.Message.Should()
                .Contain($"'{path}'").And.Contain($"'{outside}'").And.Contain($"outside '{Root}'");
        }

        File.Exists(_folder.File("fetched")).Should().BeFalse();
        File.Exists(Path.Combine(Root, "job", "copy")).Should().BeFalse();
    }

    [Theory]
    [InlineData("job/chk-1/file")]
    [InlineData("job/chain/file")]
    public async Task Delete_FolderIsALinkOut_IsRefused(string path)
    {
        MakeLinks();
        using var storage = new LocalCheckpointStorage(Root);

        var delete = () => storage.DeleteAsync(path, None).AsTask();

        await delete.Should().ThrowAsync<ForeignPathException>();
        File.Exists(_folder.File("outside/file")).Should().BeTrue();
    }

    [Fact]
    public async Task Delete_FileIsALinkOut_DeletesTheLink()
    {
        MakeLinks();
        using var storage = new LocalCheckpointStorage(Root);

        await storage.DeleteAsync("job/file", None);

        File.Exists(Path.Combine(Root, "job", "file")).Should().BeFalse();
        File.Exists(_folder.File("outside/file")).Should().BeTrue();
    }

    [Fact]
    public async Task List_FolderIsALinkOut_IsRefusedAndPassedOverBelow()
    {
        MakeLinks();
        Write(Path.Combine(Root, "job", "real"));
        Write(_folder.File("outside/.tmp-of-somebody"));
        using var storage = new LocalCheckpointStorage(Root);
        using var open = new LocalCheckpointStorage(Root, new() { AllowForeignRoots = true });
        await storage.SweepTemporaryFilesAsync("", None);

        (await ListAsync(storage, "job")).Should().Equal("job/file", "job/real");
        (await ListAsync(open, "job/chk-1")).Should().Equal("job/chk-1/file");
        var list = () => ListAsync(storage, "job/chk-1");
        await list.Should().ThrowAsync<ForeignPathException>();
        var sweep = () => storage.SweepTemporaryFilesAsync("job/chk-1", None).AsTask();
        await sweep.Should().ThrowAsync<ForeignPathException>();
        File.Exists(_folder.File("outside/.tmp-of-somebody")).Should().BeTrue();
    }

    [Theory]
    [InlineData("job/file", "outside/file")]
    [InlineData("job/chk-1/nothing", "outside/nothing")]
    [InlineData("job/real", null)]
    [InlineData("nowhere/at/all", null)]
    public void FindLinkOut_AnyPath_SaysWhereItLeads(string path, string? target)
    {
        MakeLinks();
        Write(Path.Combine(Root, "job", "real"));
        using var storage = new LocalCheckpointStorage(Root, new() { AllowForeignRoots = true });

        storage.FindLinkOut(path).Should().Be(target is null ? null : _folder.File(target));
    }

    [Theory]
    [MemberData(nameof(LinksOut))]
    public async Task Read_ForeignRootsAllowed_IsFollowed(string path)
    {
        MakeLinks();
        using var storage = new LocalCheckpointStorage(Root, new() { AllowForeignRoots = true });

        (await storage.ReadAllAsync(path, 100, None)).Should().Equal("content"u8.ToArray());
    }

    [Theory]
    [InlineData("job/inside")]
    [InlineData("job/absolute/real")]
    public async Task Read_LinkWithinTheRoot_IsFollowed(string path)
    {
        Write(Path.Combine(Root, "job", "real"));
        Link("root/job/inside", "real");
        Link("root/job/absolute", Path.Combine(Root, "job"));
        using var storage = new LocalCheckpointStorage(Root);

        (await storage.ReadAllAsync(path, 100, None)).Should().Equal("content"u8.ToArray());
    }

    [Fact]
    public async Task Read_RootIsReachedByALink_WorksAndLinksOutAreRefusedStill()
    {
        MakeLinks();
        Write(Path.Combine(Root, "job", "real"));
        Link("alias", Root);
        Link("root/job/inside", "real");
        using var storage = new LocalCheckpointStorage(_folder.File("alias"));

        (await storage.ReadAllAsync("job/real", 100, None)).Should().Equal("content"u8.ToArray());
        (await storage.ReadAllAsync("job/inside", 100, None)).Should().Equal("content"u8.ToArray());
        await storage.CopyAsync("job/real", "job/copy", None);
        var read = () => storage.OpenReadAsync("job/file", 0, None).AsTask();
        await read.Should().ThrowAsync<ForeignPathException>();
    }

    [Fact]
    public async Task Read_LinkToANamesakeOfTheRoot_IsRefused()
    {
        // "root" is a prefix of the text "root-other", and no folder of it.
        Write(_folder.File("root-other/file"));
        Directory.CreateDirectory(Root);
        Link("root/file", _folder.File("root-other/file"));
        using var storage = new LocalCheckpointStorage(Root);

        var read = () => storage.OpenReadAsync("file", 0, None).AsTask();

        await read.Should().ThrowAsync<ForeignPathException>();
    }

    [Fact]
    public async Task Read_LinksInACircle_AreRefused()
    {
        Directory.CreateDirectory(Root);
        Link("root/a", "b");
        Link("root/b", "a");
        using var storage = new LocalCheckpointStorage(Root);

        var read = () => storage.OpenReadAsync("a", 0, None).AsTask();

        (await read.Should().ThrowAsync<ForeignPathException>()).WithMessage("*circle*");
    }

    [Fact]
    public async Task Read_LinkToNowhereWithinTheRoot_IsMissing()
    {
        Directory.CreateDirectory(Root);
        Link("root/a", "nowhere");
        using var storage = new LocalCheckpointStorage(Root);

        var read = () => storage.OpenReadAsync("a", 0, None).AsTask();

        await read.Should().ThrowAsync<StoredFileMissingException>();
    }

    private static async Task<List<string>> ListAsync(LocalCheckpointStorage storage, string folder)
    {
        var found = new List<string>();
        await foreach (var file in storage.ListAsync(folder, None))
        {
            found.Add(file.Path);
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    private void MakeLinks()
    {
        Write(_folder.File("outside/file"));
        Directory.CreateDirectory(Path.Combine(Root, "job"));
        Link("root/job/file", _folder.File("outside/file"));
        Link("root/job/chk-1", "../../outside");
        Link("root/job/chain", "chk-1");
        Link("root/job/up", "../..");
    }

    private static void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "content");
    }

    private void Link(string name, string target)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Symbolic links need a privilege on Windows.");
        File.CreateSymbolicLink(_folder.File(name), target);
    }
}
