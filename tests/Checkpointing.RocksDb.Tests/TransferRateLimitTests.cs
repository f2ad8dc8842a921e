using Checkpointing.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.RocksDb.Tests;

public sealed class TransferRateLimitTests
{
    private const int Rate = 100_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TransferRateLimit_SnapshotAndRestore_KeepToIt(bool isStorageLocal)
    {
        using var bed = new RocksDbTestBed(isStorageLocal: isStorageLocal);
        var time = new FakeTimeProvider();
        bed.Options.TransferRateLimit = new ByteRateLimit(Rate, time);
        bed.Options.Compression = RocksDbCompression.None;
        RocksDbTestBed.Taken taken;
        await using (var backend = await OpenAsync(null))
        {
            for (var i = 0; i < 5_000; i++)
            {
                RocksDbTestBed.Put(backend, $"key-{i}", new string('x', 100));
            }

            taken = await TakesTimeAsync(() => bed.TakeAsync(backend));
        }

        await using var restored = await TakesTimeAsync(() => OpenAsync(taken).AsTask());
        RocksDbTestBed.Get(restored, "key-4999").Should().NotBeNull();

        ValueTask<State.KeyedStateBackend> OpenAsync(RocksDbTestBed.Taken? from) =>
            new RocksDbBackendFactory(bed.Options).OpenAsync(
                bed.Context(from is null ? null : [from.Handle!], restoredCheckpoint: from?.Id ?? default), default);

        async Task<T> TakesTimeAsync<T>(Func<Task<T>> work)
        {
            var began = time.GetUtcNow();
            var running = work();
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
            while (!running.IsCompleted)
            {
                time.Advance(TimeSpan.FromMilliseconds(50));
                await timer.WaitForNextTickAsync(deadline.Token);
            }

            // Some 600 kB; the last block is not waited for, and is at most as long as a buffer.
            (time.GetUtcNow() - began).Should().BeGreaterThan(TimeSpan.FromSeconds(2));
            return await running;
        }
    }
}
