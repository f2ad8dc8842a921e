using Checkpointing.CompletedCheckpoints;
using Checkpointing.Diagnostics;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class CheckpointCleanerTests : IAsyncDisposable
{
    private readonly RefusingDeletions _storage = new(new InMemoryCheckpointStorage());
    private readonly FakeTimeProvider _time = new();
    private readonly Warnings _log = new();
    private readonly CheckpointCleaner _cleaner;

    public CheckpointCleanerTests() =>
        _cleaner = new(_storage, WorkScheduler.ThreadPool, _time, _log, static e => throw e);

    public ValueTask DisposeAsync() => _cleaner.DisposeAsync();

    [Fact]
    public async Task Schedule_ManyFiles_AreDeletedSeveralAtATimeMetadataFirst()
    {
        string[] files = [.. Enumerable.Range(1, 40).Select(NewFile), "job/chk-1/_metadata"];
        await CreateAsync(files);

        _cleaner.Schedule(files);
        await _cleaner.WhenIdleAsync();

        (await _storage.ListAsync("", default).ToListAsync()).Should().BeEmpty();
        _storage.Deleted[0].Should().Be("job/chk-1/_metadata");
        _cleaner.Waiting.Should().Be(0);
    }

    [Fact]
    public async Task Schedule_NamesOfOthers_StayWhereTheyAre()
    {
        string[] files =
            ["job/notes.txt", "job/shared/1-x-y", NewFile(1), "job/chk-1/pins/" + Guid.Empty.ToString("N")];
        await CreateAsync(files);

        _cleaner.Schedule(files);
        await _cleaner.WhenIdleAsync();

        (await _storage.ListAsync("", default).Select(static file => file.Path).ToListAsync()).Should()
            .BeEquivalentTo("job/notes.txt", "job/shared/1-x-y");
    }

    [Fact]
    public async Task Schedule_DeletionFails_IsTriedLaterAndHoldsUpNoOther()
    {
        await CreateAsync([NewFile(1), NewFile(2)]);
        _storage.Refused = NewFile(1);

        _cleaner.Schedule([NewFile(1)]);
        _cleaner.Schedule([NewFile(2)]);
        await _cleaner.WhenIdleAsync();
        (await _storage.ListAsync("", default).ToListAsync()).Should().ContainSingle().Which.Path.Should()
            .Be(NewFile(1));
        _cleaner.Waiting.Should().Be(1);

        _storage.Refused = null;
        _time.Advance(TimeSpan.FromSeconds(1.1));
        await _cleaner.WhenIdleAsync();
        (await _storage.ListAsync("", default).ToListAsync()).Should().BeEmpty();
        _log.Count.Should().Be(0);
    }

    [Fact]
    public async Task Schedule_MetadataCannotBeDeleted_NeitherIsWhatItNames()
    {
        string[] files = [NewFile(1), "job/chk-1/_metadata"];
        await CreateAsync(files);
        _storage.Refused = "job/chk-1/_metadata";

        _cleaner.Schedule(files);
        await _cleaner.WhenIdleAsync();

        (await _storage.ListAsync("", default).CountAsync()).Should().Be(2, "no metadata points at nothing");
    }

    [Fact]
    public async Task Schedule_DeletionFailsForEver_IsGivenUpAndSaidOnce()
    {
        await CreateAsync([NewFile(1)]);
        _storage.Refused = NewFile(1);

        _cleaner.Schedule([NewFile(1)]);
        for (var i = 0; i < 60 && _cleaner.Waiting > 0; i++)
        {
            await _cleaner.WhenIdleAsync();
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        await _cleaner.WhenIdleAsync();
        _storage.Tries.Should().Be(CheckpointCleaner.MaxTries);
        _cleaner.Waiting.Should().Be(0);
        _log.Count.Should().Be(1);
    }

    [Fact]
    public async Task FinishAsync_WhatFailed_IsTriedOnceMoreWithoutWaiting()
    {
        await CreateAsync([NewFile(1), NewFile(2)]);
        _storage.Refused = NewFile(1);
        _cleaner.Schedule([NewFile(1)]);
        await _cleaner.WhenIdleAsync();

        await _cleaner.FinishAsync();

        _storage.Tries.Should().Be(2);
        _log.Count.Should().Be(1);
        _cleaner.Waiting.Should().Be(0);
    }

    private static string NewFile(int number) => $"job/chk-1/1-0-{new Guid(number, 0, 0, new byte[8]):N}";

    private async Task CreateAsync(IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            await _storage.WriteAllAsync(file, new byte[] { 1 }, default);
        }
    }

    private sealed class RefusingDeletions(ICheckpointStorage inner) : ForwardingStorage(inner)
    {
        private readonly Lock _gate = new();

        public string? Refused { get; set; }

        public int Tries { get; private set; }

        public List<string> Deleted { get; } = [];

        public override async ValueTask DeleteAsync(string path, CancellationToken cancellationToken)
        {
            if (path == Refused)
            {
                Tries++;
                throw new CheckpointStorageUnavailableException(path, "cannot be deleted now.");
            }

            await base.DeleteAsync(path, cancellationToken);
            lock (_gate)
            {
                Deleted.Add(path);
            }
        }
    }

    private sealed class Warnings : ILogger
    {
        public int Count { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Count++;
    }
}
