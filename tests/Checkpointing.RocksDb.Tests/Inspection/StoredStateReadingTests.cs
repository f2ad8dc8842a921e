using Checkpointing.CompletedCheckpoints;
using Checkpointing.Inspection;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Tests.Inspection;

/// <summary>State read and written without a job, held against what a restored job sees.</summary>
public sealed class StoredStateReadingTests : IDisposable
{
    private readonly StoredStateBed _bed = new();

    public static TheoryData<bool, CheckpointKind, SavepointFormat> Forms => new()
    {
        { false, CheckpointKind.Checkpoint, SavepointFormat.Canonical },
        { false, CheckpointKind.Savepoint, SavepointFormat.Canonical },
        { true, CheckpointKind.Checkpoint, SavepointFormat.Canonical },
        { true, CheckpointKind.Savepoint, SavepointFormat.Canonical },
        { true, CheckpointKind.Savepoint, SavepointFormat.Native },
    };

    public void Dispose() => _bed.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task ReadAsync_EveryKind_IsWhatARestoredJobSees(
        bool isRocksDb, CheckpointKind kind, SavepointFormat format)
    {
        var path = await _bed.StoreAsync(isRocksDb, kind, format, seed: 7);

        var reader = await CheckpointReader.OpenAsync(_bed.Storage, path, _bed.Backend(isRocksDb));

        var seen = await ReadAllAsync(reader);
        var restored = await _bed.ReadRestoredAsync(isRocksDb, reader.Checkpoint.Metadata);
        seen.Order(StringComparer.Ordinal).Should().Equal(restored.Order(StringComparer.Ordinal));
        seen.Count.Should().BeGreaterThan(700);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task ReadRawAsync_EveryState_ComesByKeyGroupAndIsCounted(
        bool isRocksDb, CheckpointKind kind, SavepointFormat format)
    {
        var path = await _bed.StoreAsync(isRocksDb, kind, format, seed: 8);
        var reader = await CheckpointReader.OpenAsync(_bed.Storage, path, _bed.Backend(isRocksDb));

        var measures = await reader.MeasureAsync().ToListAsync();

        reader.States.Select(static state => state.Name).Should().BeEquivalentTo(
            "value", "list", "map", "reducing", "aggregating", "windowed", "living", "items", "_timers");
        foreach (var state in reader.States.Where(static one => one.Kind != StateKind.OperatorList))
        {
            var rows = await reader.ReadRawAsync(state.Operator, state.Name).ToListAsync();
            rows.Select(static row => row.KeyGroup).Should().BeInAscendingOrder();
            measures.Single(one => one.State.Name == state.Name).Rows.Should().Be(rows.Count).And.BePositive();
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task SavepointWriter_EveryKindReadAndWrittenAgainShuffled_RestoresTheSame(
        bool isRocksDb, CheckpointKind kind, SavepointFormat format)
    {
        var path = await _bed.StoreAsync(isRocksDb, kind, format, seed: 9);
        var reader = await CheckpointReader.OpenAsync(_bed.Storage, path, _bed.Backend(isRocksDb));
        var expected = await _bed.ReadRestoredAsync(isRocksDb, reader.Checkpoint.Metadata);
        var random = new Random(1);

        await using var writer = SavepointWriter.Create(
            _bed.Storage, "made", StoredStateBed.MaxParallelism, new() { MaxBufferBytes = 64 << 10 });
        await writer.WriteAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Value, Shuffled(
            reader.ReadAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Value)));
        await writer.WriteAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.List, Shuffled(
            reader.ReadAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.List)));
        await writer.WriteAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Map, Shuffled(
            reader.ReadAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Map)));
        await writer.WriteAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Reducing, Shuffled(
            reader.ReadAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Reducing)));
        await writer.WriteAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Aggregating, Shuffled(
            reader.ReadAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Aggregating)));
        await writer.WriteAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Windowed, Shuffled(
            reader.ReadAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Windowed)));
        await writer.WriteAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Living, Shuffled(
            reader.ReadAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Living)));
        await writer.WriteTimersAsync(StoredStateBed.Operator, StoredStateBed.Keys, Shuffled(
            reader.ReadTimersAsync(StoredStateBed.Operator, StoredStateBed.Keys)));
        await writer.WriteTimersAsync(
            StoredStateBed.Operator, StoredStateBed.Keys, TimeDomain.ProcessingTime, Shuffled(
                reader.ReadTimersAsync(StoredStateBed.Operator, StoredStateBed.Keys, TimeDomain.ProcessingTime)));
        writer.Write(
            StoredStateBed.Operator, StoredStateBed.Items, await reader.ReadAsync(StoredStateBed.Operator,
                StoredStateBed.Items));
        var made = await writer.CompleteAsync();

        (await _bed.ReadRestoredAsync(isRocksDb: false, made.Metadata)).Should().Equal(expected);
        (await _bed.ReadRestoredAsync(isRocksDb: true, made.Metadata)).Should().Equal(expected);
        (await FilesBelowAsync(made.Path)).Should().OnlyContain(
            file => StoragePath.NameOf(file) == "_metadata" || !file.Contains("/run-"), "sorted runs are deleted");

        async IAsyncEnumerable<T> Shuffled<T>(IAsyncEnumerable<T> rows)
        {
            var all = await rows.ToArrayAsync();
            random.Shuffle(all);
            foreach (var row in all)
            {
                yield return row;
            }
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(128)]
    public async Task SavepointWriter_RawRowsAtAnotherMaxParallelism_RestoresTheSameKeys(int maxParallelism)
    {
        var path = await _bed.StoreAsync(true, CheckpointKind.Checkpoint, SavepointFormat.Canonical, seed: 10);
        var reader = await CheckpointReader.OpenAsync(_bed.Storage, path, _bed.Backend(true));
        var expected = await _bed.ReadRestoredAsync(true, reader.Checkpoint.Metadata);

        await using var writer = SavepointWriter.Create(_bed.Storage, "made", maxParallelism);
        foreach (var state in reader.States.Where(static one => one.Kind != StateKind.OperatorList))
        {
            await writer.WriteRawAsync(
                state.Operator, state.Description, reader.ReadRawAsync(state.Operator, state.Name));
        }

        writer.Write(
            StoredStateBed.Operator, StoredStateBed.Items, await reader.ReadAsync(StoredStateBed.Operator,
                StoredStateBed.Items));
        var made = await writer.CompleteAsync();

        (await _bed.ReadRestoredAsync(true, made.Metadata, maxParallelism)).Order(StringComparer.Ordinal).Should()
            .Equal(expected.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task CheckpointCopy_IncrementalCheckpoint_IsASavepointThatRestoresTheSameWithoutTheOriginal()
    {
        var path = await _bed.StoreAsync(true, CheckpointKind.Checkpoint, SavepointFormat.Canonical, seed: 11);
        var original = await CheckpointLoader.LoadAsync(_bed.Storage, path, CancellationToken.None);
        var expected = await _bed.ReadRestoredAsync(true, original.Metadata);

        var copied = await CheckpointCopy.RunAsync(_bed.Storage, path, _bed.Storage, "backup/one");
        foreach (var file in await FilesBelowAsync("job"))
        {
            await _bed.Storage.DeleteAsync(file, CancellationToken.None);
        }

        copied.Properties.Kind.Should().Be(CheckpointKind.Savepoint);
        copied.Properties.Format.Should().Be(SavepointFormat.Native);
        CheckpointFile.Of(copied.Metadata, copied.Path).Should().OnlyContain(
            file => StoragePath.IsBelow(file.Path, "backup/one"));
        (await _bed.ReadRestoredAsync(true, copied.Metadata)).Should().Equal(expected);
    }

    [Fact]
    public async Task SavepointWriter_DisposedUnfinished_LeavesNothing()
    {
        await using (var writer = SavepointWriter.Create(
            _bed.Storage, "made", 16, new() { MaxBufferBytes = 64 << 10 }))
        {
            await writer.WriteAsync(StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Value, Rows(5_000));
        }

        (await FilesBelowAsync("made")).Should().BeEmpty();
    }

    [Fact]
    public async Task SavepointWriter_OneKeyTwice_IsRefusedAndLeavesNothing()
    {
        await using (var writer = SavepointWriter.Create(_bed.Storage, "made", 16))
        {
            await writer.WriteAsync(
                StoredStateBed.Operator, StoredStateBed.Keys, StoredStateBed.Value, Rows(10).Concat(Rows(1)));

            var complete = () => writer.CompleteAsync();

            await complete.Should().ThrowAsync<ArgumentException>().WithMessage("State 'value'*two rows for one key*");
        }

        (await FilesBelowAsync("made")).Should().BeEmpty();
    }

    private static async IAsyncEnumerable<(string Key, long Value)> Rows(int count)
    {
        for (var i = 0; i < count; i++)
        {
            yield return ($"key{i}", i);
        }

        await Task.CompletedTask;
    }

    private static async Task<List<string>> ReadAllAsync(CheckpointReader reader)
    {
        const string Operator = StoredStateBed.Operator;
        var keys = StoredStateBed.Keys;
        return
        [
            .. await reader.ReadAsync(Operator, keys, StoredStateBed.Value).Select(StoredStateBed.TextOf).ToListAsync(),
            .. await reader.ReadAsync(Operator, keys, StoredStateBed.List).Select(StoredStateBed.TextOfList)
                .ToListAsync(),
            .. await reader.ReadAsync(Operator, keys, StoredStateBed.Map).Select(StoredStateBed.TextOf).ToListAsync(),
            .. await reader.ReadAsync(Operator, keys, StoredStateBed.Reducing).Select(StoredStateBed.TextOf)
                .ToListAsync(),
            .. await reader.ReadAsync(Operator, keys, StoredStateBed.Aggregating).Select(StoredStateBed.TextOf)
                .ToListAsync(),
            .. await reader.ReadAsync(Operator, keys, StoredStateBed.Windowed).Select(StoredStateBed.TextOf)
                .ToListAsync(),
            .. await reader.ReadAsync(Operator, keys, StoredStateBed.Living).Select(StoredStateBed.TextOfList)
                .ToListAsync(),
            .. (await reader.ReadAsync(Operator, StoredStateBed.Items)).Select(static item => $"item {item}"),
            .. await reader.ReadTimersAsync(Operator, keys).Select(static timer =>
                $"timer {timer.Key} {Convert.ToHexString(timer.Namespace.Span)} {timer.Value}").ToListAsync(),
            .. await reader.ReadTimersAsync(Operator, keys, TimeDomain.ProcessingTime).Select(static timer =>
                $"clock {timer.Key} {Convert.ToHexString(timer.Namespace.Span)} {timer.Value}").ToListAsync(),
        ];
    }

    private async Task<List<string>> FilesBelowAsync(string folder) =>
        await _bed.Storage.ListAsync(folder, CancellationToken.None).Select(static file => file.Path).ToListAsync();
}
