using Checkpointing.Storage.Local;
using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Tests.Storage;

/// <summary>Which folders are synced, so that a file and every name above it survive a power cut.</summary>
public sealed class LocalFoldersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _synced = [];
    private readonly LocalFolders _folders;

    public LocalFoldersTests()
    {
        Directory.CreateDirectory(Root);
        _folders = new(Root, new LocalFailures(Root), full =>
        {
            _synced.Add(full == Root
                ? "/"
                : full.StartsWith(Root, StringComparison.Ordinal) ? full[Root.Length..] : "");
            return NativeFiles.SyncFolder(full);
        });
        _folders.Sync([], CancellationToken.None);
        _synced.Clear();
    }

    private string Root => _folder.File("root");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sync_FirstTime_SyncsAllUpToTheRoot()
    {
        Make("job/shared/range");

        Sync("job/shared/range").Should().Equal("/job/shared/range", "/job/shared", "/job", "/");
    }

    [Fact]
    public void Sync_JustMade_IsNotRemembered()
    {
        Make("job/shared/range");
        foreach (var folder in (string[])["job/shared/range", "job/shared", "job"])
        {
            var full = Path.Combine(Root, folder);
            Directory.SetLastWriteTimeUtc(full, Directory.GetCreationTimeUtc(full));
        }

        Sync("job/shared/range");

        // Inodes are used again, and births are told in steps: this could be another folder of the same step.
        Sync("job/shared/range").Should().Equal("/job/shared/range", "/job/shared", "/job", "/");
    }

    [Fact]
    public void Sync_NamesAboveAreDurable_SyncsTheFolderAlone()
    {
        MakeOld("job/shared/range");
        Sync("job/shared/range");

        Sync("job/shared/range").Should().Equal("/job/shared/range");
    }

    [Fact]
    public void Sync_NewFolderBesideADurableOne_SyncsWhatHoldsItsName()
    {
        MakeOld("job/shared/range");
        Sync("job/shared/range");
        Make("job/chk-7");

        Sync("job/shared/range", "job/chk-7").Should()
            .BeEquivalentTo(["/job/shared/range", "/job/chk-7", "/job"]);
    }

    [Fact]
    public void Sync_FolderRemovedAndMadeAgainBySomebodyElse_SyncsItsName()
    {
        MakeOld("job/shared/range");
        Sync("job/shared/range");
        Directory.Delete(Path.Combine(Root, "job", "shared"), recursive: true);
        Make("job/shared/range");

        Sync("job/shared/range").Should().Equal("/job/shared/range", "/job/shared", "/job");
    }

    [Fact]
    public void Sync_FolderRemovedByUs_ForgetsIt()
    {
        MakeOld("job/shared/range");
        Sync("job/shared/range");
        File.Delete(Path.Combine(Root, "job/shared/range", "file"));
        _folders.RemoveEmpty("job/shared/range");
        Make("job/shared/range");

        Sync("job/shared/range").Should().Equal("/job/shared/range", "/job/shared", "/job", "/");
    }

    [Fact]
    public void Sync_Failed_RemembersNothing()
    {
        MakeOld("job");
        var fails = true;
        var folders = new LocalFolders(Root, new LocalFailures(Root), full =>
        {
            _synced.Add(full);
            return fails && full == Root ? new(NativeErrorKind.NoSpace, 28) : default;
        });
        var failing = () => folders.Sync(["job"], CancellationToken.None);
        failing.Should().Throw<CheckpointStorageUnavailableException>();
        fails = false;
        _synced.Clear();

        folders.Sync(["job"], CancellationToken.None);

        _synced.Should().Contain(Root);
    }

    private List<string> Sync(params string[] folders)
    {
        _synced.Clear();
        _folders.Sync(folders, CancellationToken.None);
        return [.. _synced.Where(static folder => folder.Length > 0)];
    }

    private void Make(string folder)
    {
        Directory.CreateDirectory(Path.Combine(Root, folder));
        File.WriteAllText(Path.Combine(Root, folder, "file"), "");
    }

    // As if a second had passed since: what came into it last is newer than its birth.
    private void MakeOld(string folder)
    {
        Make(folder);
        Directory.SetLastWriteTimeUtc(Path.Combine(Root, folder), DateTime.UtcNow.AddSeconds(2));
    }
}
