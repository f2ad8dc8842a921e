using System.Diagnostics;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;

namespace Checkpointing.Tests.Storage;

public sealed class TemporaryFilesTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();
    private readonly LocalCheckpointStorage _storage;

    public TemporaryFilesTests() => _storage = new(_folder.File("root"));

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sweep_NothingWritten_DoesNotMakeTheRoot()
    {
        (await _storage.SweepTemporaryFilesAsync("", None)).Should().Be(0);

        Directory.Exists(_storage.Root).Should().BeFalse();
    }

    [Fact]
    public async Task Sweep_WriterOfAnotherStorage_TakesItOnlyOnceThatIsGone()
    {
        var other = new LocalCheckpointStorage(_storage.Root);
        var cutOff = await other.CreateAsync("job/chk-1/f", None);
        await cutOff.WriteAsync(new byte[200_000], None);
        await _storage.WriteAllAsync("job/chk-1/g", new byte[1], None);

        (await _storage.SweepTemporaryFilesAsync("", None)).Should().Be(0);
        TemporaryNames().Should().HaveCount(1);
        other.Dispose();
        (await _storage.SweepTemporaryFilesAsync("job2", None)).Should().Be(0);
        (await _storage.SweepTemporaryFilesAsync("job", None)).Should().Be(1);

        TemporaryNames().Should().BeEmpty();
        (await _storage.GetLengthAsync("job/chk-1/g", None)).Should().Be(1);
        (await _storage.SweepTemporaryFilesAsync("", None)).Should().Be(0);
        await cutOff.DisposeAsync();
    }

    [Fact]
    public async Task Sweep_KilledProcess_TakesItsFilesAndItsLock()
    {
        var owner = new string('a', 32);
        var left = Path.Combine(_storage.Root, "job", $".tmp-{owner}-{new string('b', 32)}");
        var foreign = Path.Combine(_storage.Root, "job", ".tmp-of-somebody-else");
        var locked = Path.Combine(_storage.Root, ".locks", owner);
        Directory.CreateDirectory(Path.GetDirectoryName(left)!);
        Directory.CreateDirectory(Path.GetDirectoryName(locked)!);
        File.WriteAllText(left, "half");
        File.WriteAllText(foreign, "not ours");
        File.WriteAllText(locked, "");
        using var process = StartLockHolder(locked);
        try
        {
            (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).Should().Be("locked");
            (await _storage.SweepTemporaryFilesAsync("", None)).Should().Be(0);
            File.Exists(left).Should().BeTrue();
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(None);
        }

        (await _storage.SweepTemporaryFilesAsync("", None)).Should().Be(1);

        File.Exists(left).Should().BeFalse();
        File.Exists(locked).Should().BeFalse();
        File.Exists(foreign).Should().BeTrue();
    }

    [Fact]
    public async Task Sweep_OwnerWithoutLockFile_TakesItAndTheEmptyFolders()
    {
        var left = Path.Combine(_storage.Root, "job", "chk-1", $".tmp-{new string('c', 32)}-{new string('d', 32)}");
        Directory.CreateDirectory(Path.GetDirectoryName(left)!);
        File.WriteAllText(left, "half");

        (await _storage.SweepTemporaryFilesAsync("job", None)).Should().Be(1);

        Directory.Exists(Path.Combine(_storage.Root, "job")).Should().BeFalse();
    }

    [Fact]
    public async Task Dispose_AfterWriting_LeavesNoLock()
    {
        await _storage.WriteAllAsync("f", new byte[1], None);
        Directory.GetFiles(Path.Combine(_storage.Root, ".locks")).Should().HaveCount(1);

        _storage.Dispose();

        Directory.GetFiles(Path.Combine(_storage.Root, ".locks")).Should().BeEmpty();
        (await _storage.GetLengthAsync("f", None)).Should().Be(1);
        var create = async () => await _storage.CreateAsync("g", None);
        await create.Should().ThrowAsync<ObjectDisposedException>();
    }

    private IEnumerable<string> TemporaryNames() =>
        Directory.EnumerateFiles(_storage.Root, ".tmp-*", SearchOption.AllDirectories);

    private static Process StartLockHolder(string file)
    {
        try
        {
            string[] arguments = ["--exclusive", "--nonblock", "--no-fork", file, "sh", "-c", "echo locked; read line"];
            return Process.Start(new ProcessStartInfo("flock", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("Needs the command flock, to hold a lock in another process.");
            throw;
        }
    }
}
