using Checkpointing.CompletedCheckpoints;
using Checkpointing.Embedded;
using Checkpointing.State;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;
using Checkpointing.Testing.Storage;
using Checkpointing.Tests.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Tests.Embedded;

public sealed class StorageCareTests : IDisposable
{
    private static readonly ValueStateDescriptor<string> s_text = new("text");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task GetSpaceAsync_RootNotThereYet_IsThatOfItsVolume()
    {
        using var storage = new LocalCheckpointStorage(_folder.File("a/b/c"), new() { ReservedBytes = 77 });
        var space = await storage.GetSpaceAsync(default);
        space!.FreeBytes.Should().BeInRange(1, new DriveInfo(_folder.File("")).TotalSize);
        space.ReservedBytes.Should().Be(77);
        Directory.Exists(_folder.File("a")).Should().BeFalse("to look makes nothing");
    }

    [Fact]
    public async Task BeginCheckpoint_TooLittleSpace_IsDeclinedWithoutATraceAndTheJobGoesOn()
    {
        using var local = new LocalCheckpointStorage(_folder.File("root"), new() { ReservedBytes = 0 });
        var storage = new ScarceStorage(local) { FreeBytes = 1 << 20 };
        await using (var job = await EmbeddedCheckpoints.OpenAsync(storage, "job"))
        await using (var task = await job.OpenTaskAsync(NewTask()))
        {
            Write(task, 'a');
            var first = await job.BeginCheckpoint().WaitAsync();
            var files = Files();

            // As much as the last one needed, and not a quarter more.
            storage.FreeBytes = first.Cost.NewBytes;
            Write(task, 'b');
            var failure = (await ((Func<Task>)(() => job.BeginCheckpoint().WaitAsync())).Should()
                .ThrowAsync<CheckpointDeclinedException>()).Which;
            failure.Reason.Should().Be(CheckpointFailureReason.InsufficientSpace);
            failure.Message.Should().Contain("bytes free").And.Contain("Free some space");
            Files().Should().BeEquivalentTo(files, "nothing was written");

            storage.FreeBytes = 1 << 20;
            await job.BeginCheckpoint().WaitAsync();
        }

        await using var again = await EmbeddedCheckpoints.OpenAsync(storage, "job");
        await using var resumed = await again.OpenTaskAsync(NewTask());
        using (resumed.Keyed.EnterKey("key"))
        {
            resumed.Keyed.GetState(s_text).GetOrDefault().Should().StartWith("b");
        }
    }

    [Fact]
    public async Task ScrubBytesPerSecond_DamagedFile_IsFoundBehindTheJob()
    {
        var time = new FakeTimeProvider();
        using var storage = new LocalCheckpointStorage(_folder.File("root"));
        await using var job = await EmbeddedCheckpoints.OpenAsync(
            storage, "job", new EmbeddedOptions { ScrubBytesPerSecond = 100 << 20, TimeProvider = time });
        await using var task = await job.OpenTaskAsync(NewTask());
        Write(task, 'a');
        var path = CheckpointReference.ExclusiveFiles(await job.BeginCheckpoint().WaitAsync())
            .First(static file => StoragePath.NameOf(file) != CheckpointLayout.MetadataName);
        job.DamagedFiles.Should().BeEmpty();

        var full = _folder.File("root/" + path);
        var bytes = File.ReadAllBytes(full);
        bytes[bytes.Length / 2] ^= 0x10;
        File.Delete(full); // it is read-only
        File.WriteAllBytes(full, bytes);

        // A pass begins a minute after the one before.
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (job.DamagedFiles.Count == 0)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await timer.WaitForNextTickAsync(deadline.Token);
        }

        var problem = job.DamagedFiles.Should().ContainSingle().Subject;
        problem.Path.Should().Be(path);
        problem.Kind.Should().Be(ScrubProblemKind.WrongContent);
        problem.Checkpoints.Should().Equal(new CheckpointId(1));
        File.Exists(full).Should().BeTrue("it only looks");
    }

    private static EmbeddedTask<string> NewTask() => new("task") { States = [s_text] };

    private static void Write(EmbeddedTaskState<string> task, char text)
    {
        using (task.Keyed.EnterKey("key"))
        {
            task.Keyed.GetState(s_text).Set(new string(text, 100_000));
        }
    }

    private string[] Files() =>
        Directory.GetFiles(_folder.File("root"), "*", SearchOption.AllDirectories)
            .Where(static file => !file.Contains(".locks", StringComparison.Ordinal)
                && !file.Contains("/register/", StringComparison.Ordinal)
                && !file.Contains("/statistics/", StringComparison.Ordinal)).ToArray();

    private sealed class ScarceStorage(ICheckpointStorage inner) : ForwardingStorage(inner)
    {
        public long FreeBytes { get; set; }

        public override ValueTask<StorageSpace?> GetSpaceAsync(CancellationToken cancellationToken) =>
            new(new StorageSpace("the volume", FreeBytes, 0));
    }
}
