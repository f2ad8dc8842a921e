using System.Globalization;
using Checkpointing.RocksDb.Working;

namespace Checkpointing.RocksDb.Tests.Working;

/// <summary>Locks of working folders while other factories and processes sweep.</summary>
public sealed class FolderLockTests : IDisposable
{
    private const int Takes = 3_000;

    private readonly string _root = Directory.CreateTempSubdirectory("folder-lock-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task TryTake_WhileSomebodySweeps_TakesOrTriesAgainAndLosesNoFolder()
    {
        var isOver = false;
        var sweeping = Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                FolderLock.Sweep(_root);
            }
        });
        var taken = 0;
        try
        {
            for (var i = 0; i < Takes; i++)
            {
                var folder = Path.Combine(_root, i.ToString(CultureInfo.InvariantCulture));
                if (FolderLock.TryTake(folder) is { } folderLock)
                {
                    taken++;
                    Directory.CreateDirectory(folder);
                    await File.WriteAllTextAsync(Path.Combine(folder, "file"), "mine");
                    File.Exists(Path.Combine(folder, "file")).Should().BeTrue("its process lives");
                    folderLock.RemoveFolder();
                }
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            await sweeping;
        }

        taken.Should().BeGreaterThan(Takes / 10);
    }
}
