using Checkpointing.Diagnostics;
using Checkpointing.Statistics;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;
using Checkpointing.Testing.Storage;
using Checkpointing.Tests.Coordination;
using Checkpointing.Tests.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Tests.Statistics;

/// <summary>Statistics over several processes, on real files. A process ends by a crash: what it has not written is
/// gone.</summary>
public sealed class StatisticsArchiveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalCheckpointStorage _local;
    private readonly BreakableStorage _storage;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly RecordingLog _log = new(LogLevel.Warning);
    private long _nextId = 1;

    public StatisticsArchiveTests()
    {
        _local = new(_folder.Path);
        _storage = new(_local);
    }

    public void Dispose()
    {
        _local.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task NewProcess_ShowsTheHistoryOfEarlierOnes()
    {
        var first = await StartAsync(epoch: 1);
        End(first, 3);
        Fail(first);
        await WriteAsync(first);
        var second = await StartAsync(epoch: 2);
        End(second, 1);
        await WriteAsync(second);

        var third = await StartAsync(epoch: 3);

        var statistics = third.Tracker.Snapshot;
        Ids(statistics).Should().Equal(1, 2, 3, 4, 5);
        statistics.History.Select(static one => one.Epoch).Should().Equal(1, 1, 1, 1, 2);
        (statistics.Counts.Completed, statistics.Counts.Failed).Should().Be((4L, 1L));
        statistics.LatestCompleted!.Id.Value.Should().Be(5);
        statistics.LatestFailed!.FailureReason.Should().Be(CheckpointFailureReason.Expired);
        statistics.HasEarlierHistory.Should().BeTrue();
        var stored = await StoredStatistics.ReadAsync(_storage, "job", default);
        stored.History.Should().BeEquivalentTo(statistics.History, options => options.WithStrictOrdering());
        stored.Counts.Should().BeEquivalentTo(statistics.Counts);
    }

    [Fact]
    public async Task Crash_LosesAtMostTheLastTenSeconds()
    {
        var first = await StartAsync(epoch: 1);
        End(first, 2);
        _time.Advance(StatisticsArchive.MaxDelay);
        await first.Archive.WhenIdleAsync();
        End(first, 2);
        _time.Advance(StatisticsArchive.MaxDelay - TimeSpan.FromMilliseconds(1));
        await first.Archive.WhenIdleAsync();

        var second = await StartAsync(epoch: 2);

        Ids(second.Tracker.Snapshot).Should().Equal(1, 2);
        second.Tracker.Snapshot.Counts.Triggered.Should().Be(2);
    }

    [Fact]
    public async Task ManyEnds_AreWrittenBeforeTheDelay()
    {
        var process = await StartAsync(epoch: 1);
        End(process, StatisticsArchive.MaxWaiting);
        await process.Archive.WhenIdleAsync();

        (await SegmentsAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task NothingEnded_NothingIsWritten()
    {
        var process = await StartAsync(epoch: 1);
        _time.Advance(TimeSpan.FromHours(1));
        await process.Archive.FinishAsync();

        (await SegmentsAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task TornSegment_IsLeftOutWithOneWarning(int which)
    {
        var first = await StartAsync(epoch: 1);
        for (var i = 0; i < 3; i++)
        {
            End(first, 2);
            await WriteAsync(first);
        }

        var torn = Path.Combine(_folder.Path, (await SegmentsAsync())[which]);
        var bytes = File.ReadAllBytes(torn);
        File.Delete(torn);
        File.WriteAllBytes(torn, bytes[..40]);

        var second = await StartAsync(epoch: 2);

        Ids(second.Tracker.Snapshot).Should()
            .Equal(Enumerable.Range(1, 6).Select(static id => (long)id).Where(id => (id - 1) / 2 != which));
        _log.Lines.Should().ContainSingle().Which.Id.Should().Be(CheckpointingEventIds.StatisticsUnreadable);
    }

    [Fact]
    public async Task ThousandsOfEntries_KeepTheNewestThousandInFewFiles()
    {
        var process = await StartAsync(epoch: 1);
        for (var epoch = 1; epoch <= 25; epoch++)
        {
            End(process, 100);
            await WriteAsync(process);
            (await SegmentsAsync()).Count.Should().BeLessThanOrEqualTo(StatisticsArchive.MaxSegments);
            process = await StartAsync(epoch + 1);
        }

        var statistics = process.Tracker.Snapshot;
        Ids(statistics).Should().Equal(Enumerable.Range(1_501, 1_000).Select(static id => (long)id));
        statistics.Counts.Completed.Should().Be(2_500);
        _log.Lines.Should().BeEmpty();
    }

    // Between the durable whole segment and the deletion of those before it.
    [Fact]
    public async Task CrashBeforeOldSegmentsAreDeleted_NothingIsCountedTwiceAndTheyGoLater()
    {
        var first = await StartAsync(epoch: 1);
        first.Deletes = false;
        for (var i = 0; i <= StatisticsArchive.MaxSegments; i++)
        {
            End(first, 1);
            await WriteAsync(first);
        }

        (await SegmentsAsync()).Should().HaveCount(StatisticsArchive.MaxSegments + 1);

        var second = await StartAsync(epoch: 2);
        Ids(second.Tracker.Snapshot).Should().Equal(Enumerable.Range(1, 17).Select(static id => (long)id));
        second.Tracker.Snapshot.Counts.Completed.Should().Be(17);
        End(second, 1);
        await WriteAsync(second);

        (await SegmentsAsync()).Should().ContainSingle("a new whole segment took the place of all");
        var third = await StartAsync(epoch: 3);
        Ids(third.Tracker.Snapshot).Should().Equal(Enumerable.Range(1, 18).Select(static id => (long)id));
    }

    [Fact]
    public async Task FencedProcess_WhatItStillWritesHarmsNothing()
    {
        var zombie = await StartAsync(epoch: 1);
        End(zombie, 1);
        await WriteAsync(zombie);
        var second = await StartAsync(epoch: 2);
        End(second, 1);
        await WriteAsync(second);
        for (var i = 0; i <= StatisticsArchive.MaxSegments; i++)
        {
            End(zombie, 1);
            await WriteAsync(zombie);
        }

        var third = await StartAsync(epoch: 3);

        Ids(third.Tracker.Snapshot).Should().EndWith([2], "the newest epoch's come last");
        Ids(third.Tracker.Snapshot).Should().Contain(1);
        third.Tracker.Snapshot.Counts.Completed.Should().Be(2, "totals are those of the newest epoch");
    }

    [Fact]
    public async Task StorageFails_IsSaidOnceAndWrittenWhenItWorksAgain()
    {
        var process = await StartAsync(epoch: 1);
        _storage.IsWritingBroken = true;
        for (var i = 0; i < 3; i++)
        {
            End(process, 1);
            await WriteAsync(process);
        }

        _log.Lines.Should().ContainSingle().Which.Id.Should().Be(CheckpointingEventIds.StatisticsNotStored);
        _storage.IsWritingBroken = false;
        await WriteAsync(process);

        Ids((await StartAsync(epoch: 2)).Tracker.Snapshot).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task StorageFailsAtTheStart_HistoryComesLaterAndIsNotWrittenOver()
    {
        var first = await StartAsync(epoch: 1);
        End(first, 2);
        await WriteAsync(first);
        _storage.IsReadingBroken = true;
        var second = await StartAsync(epoch: 2);
        End(second, 1);
        await WriteAsync(second);
        Ids(second.Tracker.Snapshot).Should().Equal(3);
        second.Tracker.Snapshot.HasEarlierHistory.Should().BeFalse();

        _storage.IsReadingBroken = false;
        await WriteAsync(second);

        Ids(second.Tracker.Snapshot).Should().Equal(1, 2, 3);
        Ids((await StartAsync(epoch: 3)).Tracker.Snapshot).Should().Equal(1, 2, 3);
        _log.Lines.Should().ContainSingle("it is said once");
    }

    [Fact]
    public async Task Stop_NothingIsWrittenOrDeletedAfterIt()
    {
        var process = await StartAsync(epoch: 1);
        End(process, 1);
        process.Archive.Stop();
        End(process, 1);
        await WriteAsync(process);
        await process.Archive.RemoveAsync();

        (await SegmentsAsync()).Should().BeEmpty();
        process.Deleted.Should().BeEmpty();
    }

    [Fact]
    public async Task Remove_LeavesNothing()
    {
        var first = await StartAsync(epoch: 1);
        End(first, 1);
        await WriteAsync(first);
        var second = await StartAsync(epoch: 2);
        End(second, 1);
        await WriteAsync(second);
        End(second, 1);

        await second.Archive.RemoveAsync();
        await WriteAsync(second);

        (await SegmentsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Files_ThatAreNoSegments_AreLeftAlone()
    {
        await _storage.WriteAllAsync("job/statistics/notes.txt", new byte[] { 1 }, default);
        var process = await StartAsync(epoch: 1);
        End(process, 1);
        await WriteAsync(process);
        await process.Archive.RemoveAsync();

        (await SegmentsAsync()).Should().Equal("job/statistics/notes.txt");
        _log.Lines.Should().BeEmpty();
    }

    private static IEnumerable<long> Ids(CheckpointStatistics statistics) =>
        statistics.History.Select(static one => one.Id.Value);

    private async Task<Process> StartAsync(long epoch)
    {
        var process = new Process(epoch, _storage, _time, _log);
        process.Archive.Begin(epoch, await FilesAsync());
        await process.Archive.WhenIdleAsync();
        return process;
    }

    private async Task WriteAsync(Process process)
    {
        _time.Advance(StatisticsArchive.MaxDelay);
        await process.Archive.FinishAsync();
    }

    private void End(Process process, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var id = Trigger(process);
            process.Archive.Add(process.Tracker.Handle(
                new StatisticsEvent.Completed(id, _time.GetUtcNow(), 100, 10))!);
        }
    }

    private void Fail(Process process)
    {
        var id = Trigger(process);
        process.Archive.Add(process.Tracker.Handle(
            new StatisticsEvent.Failed(id, _time.GetUtcNow(), CheckpointFailureReason.Expired, "late", null))!);
    }

    private CheckpointId Trigger(Process process)
    {
        var id = new CheckpointId(_nextId++);
        process.Tracker.Handle(new StatisticsEvent.Triggered(
            id, CheckpointKind.Checkpoint, process.Epoch, 0, _time.GetUtcNow(), $"job/chk-{id}", 1));
        process.Tracker.Handle(new StatisticsEvent.Acknowledged(
            id, "op", 0, _time.GetUtcNow(), default, 100, new(100, 1, 0, 0)));
        return id;
    }

    private async Task<IReadOnlyList<string>> FilesAsync() =>
        [.. await _local.ListAsync("job", default).Select(static file => file.Path).ToListAsync()];

    private async Task<IReadOnlyList<string>> SegmentsAsync() =>
        [.. (await FilesAsync()).Where(static path => path.Contains("/statistics/"))
            .OrderBy(static path => long.TryParse(Path.GetFileName(path).Split('-')[0], out var epoch) ? epoch : 0)
            .ThenBy(static path => path.Split('-') is [_, var number, ..] ? int.Parse(number) : 0)];

    private sealed class Process
    {
        public Process(long epoch, ICheckpointStorage storage, TimeProvider time, RecordingLog log)
        {
            Epoch = epoch;
            Archive = new(
                storage, Tracker, "job", IdSource.FromSeed((ulong)epoch), time, WorkScheduler.ThreadPool, log,
                earlier => Tracker.AddEarlier(earlier, static _ => true),
                paths =>
                {
                    Deleted.AddRange(paths);
                    if (Deletes)
                    {
                        paths.ToList().ForEach(path =>
                            storage.DeleteAsync(path, default).AsTask().GetAwaiter().GetResult());
                    }
                });
        }

        public long Epoch { get; }

        public StatisticsTracker Tracker { get; } = new("job", 1_000);

        public StatisticsArchive Archive { get; }

        public bool Deletes { get; set; } = true;

        public List<string> Deleted { get; } = [];
    }

    private sealed class BreakableStorage(ICheckpointStorage inner) : ForwardingStorage(inner)
    {
        public bool IsReadingBroken { get; set; }

        public bool IsWritingBroken { get; set; }

        public override ValueTask<Stream> OpenReadAsync(
            string path, long offset, CancellationToken cancellationToken) => IsReadingBroken
            ? throw new CheckpointStorageUnavailableException(path, "could not be read (test).")
            : base.OpenReadAsync(path, offset, cancellationToken);

        public override ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
            IsWritingBroken
                ? throw new CheckpointStorageUnavailableException(path, "could not be written (test).")
                : base.CreateAsync(path, cancellationToken);
    }
}
