using System.Diagnostics;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;

namespace Checkpointing.Tests.Storage;

public sealed class LocalCheckpointStorageFailureTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_RootIsAFile_SaysSo()
    {
        var root = _folder.File("root");
        File.WriteAllText(root, "");
        using var storage = new LocalCheckpointStorage(root);

        var write = async () => await storage.WriteAllAsync("job/f", new byte[1], None);

        var error = (await write.Should().ThrowAsync<CheckpointStorageUnavailableException>()).Which;
        error.Message.Should().Be(
            $"'job/f' could not be written: '{root}' is a file, but must be a folder;"
            + " move it away or choose another root. The checkpoint failed, older ones are intact.");
        error.IsTransient.Should().BeFalse();
        error.ChangedNothing.Should().BeTrue();
        (await storage.GetLengthAsync("job/f", None)).Should().BeNull();
    }

    [Fact]
    public async Task Write_RootNotWritable_SaysSo()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Uses /sys, in which not even the superuser may make folders.");
        }

        using var storage = new LocalCheckpointStorage("/sys/checkpointing-test");

        var write = async () => await storage.WriteAllAsync("job/f", new byte[1], None);

        var error = (await write.Should().ThrowAsync<CheckpointStorageUnavailableException>()).Which;
        error.Message.Should().StartWith("'job/f' could not be written: ")
            .And.EndWith("Let this process write to and read from '/sys/checkpointing-test'.");
        error.IsTransient.Should().BeFalse();
    }

    [Fact]
    public async Task Write_DiskFull_SaysSoAndLeavesNothing()
    {
        var root = _folder.File("tiny");
        Directory.CreateDirectory(root);
        if (!OperatingSystem.IsLinux() || !await RunAsync("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", root))
        {
            Assert.Skip("Needs the right to mount a small tmpfs.");
        }

        try
        {
            using var storage = new LocalCheckpointStorage(root);
            await storage.WriteAllAsync("job/old", new byte[1000], None);

            var write = async () => await storage.WriteAllAsync("job/new", new byte[1 << 20], None);
            var small = async () => await FillAsync(storage);

            foreach (var action in new[] { write, small })
            {
                var error = (await action.Should().ThrowAsync<CheckpointStorageUnavailableException>()).Which;
                error.Message.Should().Contain(
                    "could not be written: no space left on device. The checkpoint failed, older ones are intact.");
                error.IsTransient.Should().BeTrue();
                error.ChangedNothing.Should().BeTrue();
            }

            (await storage.GetLengthAsync("job/new", None)).Should().BeNull();
            (await storage.ReadAllAsync("job/old", 1 << 20, None)).Should().HaveCount(1000);
            Directory.EnumerateFiles(root, ".tmp-*", SearchOption.AllDirectories).Should().BeEmpty();
        }
        finally
        {
            await RunAsync("umount", root);
        }
    }

    [Fact]
    public async Task Writer_AfterACancelledWrite_CannotBeCommitted()
    {
        using var storage = new LocalCheckpointStorage(_folder.File("root"));
        await using var writer = await storage.CreateAsync("f", None);
        var write = async () => await writer.WriteAsync(new byte[10], new CancellationToken(canceled: true));
        await write.Should().ThrowAsync<OperationCanceledException>();

        // Refused before anything was written: the writer is still good.
        await writer.WriteAsync(new byte[3], None);
        await writer.CommitAsync(None);

        (await storage.GetLengthAsync("f", None)).Should().Be(3);
        var again = async () => await writer.CommitAsync(None);
        await again.Should().ThrowAsync<ObjectDisposedException>();
    }

    // Small files until the disk is full: the error comes from the buffer, when it is flushed.
    private static async Task FillAsync(LocalCheckpointStorage storage)
    {
        for (var i = 0; i < 1000; i++)
        {
            await storage.WriteAllAsync($"job/small-{i}", new byte[4096], None);
        }
    }

    private static async Task<bool> RunAsync(string command, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(command, arguments) { RedirectStandardError = true };
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
