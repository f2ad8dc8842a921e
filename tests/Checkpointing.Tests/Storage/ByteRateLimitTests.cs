using Checkpointing.Storage;
using Checkpointing.Storage.Local;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Tests.Storage;

public sealed class ByteRateLimitTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly FakeTimeProvider _time = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TakeAsync_ManyCallers_ShareTheRateInTheirOrder()
    {
        var limit = new ByteRateLimit(10_000, _time);
        List<Task> waits = [.. Enumerable.Range(0, 5).Select(_ => limit.TakeAsync(10_000, None).AsTask())];

        // The first one goes at once, and each waits for those before it.
        waits[0].IsCompleted.Should().BeTrue();
        for (var second = 1; second < waits.Count; second++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(999));
            waits[second].IsCompleted.Should().BeFalse($"second {second} is not over");
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await waits[second].WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    [Fact]
    public void TakeAsync_AfterALongPause_HasATenthOfASecondOfCreditOnly()
    {
        var limit = new ByteRateLimit(10_000, _time);
        _time.Advance(TimeSpan.FromHours(1));

        limit.TakeAsync(1_000, None).IsCompleted.Should().BeTrue();
        limit.TakeAsync(100, None).IsCompleted.Should().BeTrue("the credit is just used up");
        limit.TakeAsync(1, None).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task TakeAsync_Cancelled_EndsTheWait()
    {
        var limit = new ByteRateLimit(1_024, _time);
        await limit.TakeAsync(1 << 20, None);
        using var cancel = new CancellationTokenSource();
        var wait = limit.TakeAsync(1, cancel.Token).AsTask();
        await cancel.CancelAsync();

        var take = () => wait;
        await take.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task LocalStorage_CopiesWaitAndLinksDoNot()
    {
        var limit = new ByteRateLimit(1 << 20, _time);
        var local = _folder.File("local");
        File.WriteAllBytes(local, new byte[3 << 20]);
        using (var linking = new LocalCheckpointStorage(_folder.File("links"), new() { CopyRateLimit = limit }))
        {
            (await linking.LocalFiles.StoreAsync(local, isSynced: true, "f", None)).Should()
                .Be(FileTransferKind.HardLink, "with time standing still a copy would never end");
        }

        using var copying = new LocalCheckpointStorage(
            _folder.File("copies"), new() { CopyRateLimit = limit, ForceCopy = true });
        var began = _time.GetUtcNow();
        var copy = copying.LocalFiles.StoreAsync(local, isSynced: true, "f", None).AsTask();
        var deadline = System.Diagnostics.Stopwatch.StartNew();
        while (!copy.IsCompleted && deadline.Elapsed < TimeSpan.FromSeconds(60))
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        (await copy.WaitAsync(TimeSpan.Zero)).Should().Be(FileTransferKind.Copy);
        (_time.GetUtcNow() - began).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1.8), "3 MiB at 1 MiB/s");
        File.ReadAllBytes(Path.Combine(copying.Root, "f")).Should().HaveCount(3 << 20);
    }
}
