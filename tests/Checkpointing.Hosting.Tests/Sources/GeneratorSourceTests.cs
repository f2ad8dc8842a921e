using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Hosting.Tests.Sources;

public sealed class GeneratorSourceTests
{
    private const ulong RecordedFirst = 8_442_858_138_506_429_312;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task TryReadNext_WithoutRate_GivesAllAtOnce()
    {
        await using var readers = await OpenAsync(new(static i => i) { Count = 10 }, parallelism: 1);

        readers.Read(0).Should().Equal(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        (await readers.Readers[0].WaitForMoreAsync(CancellationToken.None)).Should().BeFalse();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task TryReadNext_AtARate_GivesSoManyASecondOverAllReaders(int parallelism)
    {
        await using var readers = await OpenAsync(new(static i => i) { RecordsPerSecond = 100 }, parallelism);
        var total = 0;
        for (var second = 1; second <= 5; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            total += Enumerable.Range(0, parallelism).Sum(reader => readers.Read(reader).Count);

            total.Should().Be(100 * second);
        }
    }

    [Fact]
    public async Task WaitForMoreAsync_AtARate_WaitsUntilTheNextRecordIsDue()
    {
        await using var readers = await OpenAsync(new(static i => i) { RecordsPerSecond = 4 }, parallelism: 1);
        readers.Read(0).Should().BeEmpty();
        var waiting = readers.Readers[0].WaitForMoreAsync(CancellationToken.None).AsTask();

        _time.Advance(TimeSpan.FromMilliseconds(249));
        waiting.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));

        (await waiting).Should().BeTrue();
        readers.Read(0).Should().Equal(0);
    }

    [Fact]
    public async Task WaitForMoreAsync_Cancelled_Ends()
    {
        await using var readers = await OpenAsync(new(static i => i) { RecordsPerSecond = 1e-9 }, parallelism: 1);
        using var stop = new CancellationTokenSource();
        var waiting = readers.Readers[0].WaitForMoreAsync(stop.Token).AsTask();

        await stop.CancelAsync();

        await ((Func<Task>)(() => waiting)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(4, 2)]
    [InlineData(3, 8)]
    public async Task RestoreAsync_AnotherParallelism_MakesTheSameRecordsOnce(int before, int after)
    {
        var source = new GeneratorSource<(long, long)>(
            seed: 7, static (i, random) => (i, random.NextInt64(1_000_000))) { Count = 300 };
        List<(long Number, long Random)> read = [];
        await using var first = await SourceReaders<(long, long)>.OpenAsync(source, before);
        read.AddRange(Enumerable.Range(0, before).SelectMany(reader => first.Read(reader, 11 * (reader + 1))));
        await using var second = await first.RestoreAsync(after);
        read.AddRange(Enumerable.Range(0, after).SelectMany(reader => second.Read(reader)));

        await using var straight = await SourceReaders<(long, long)>.OpenAsync(source, 1);
        read.Order().Should().Equal(straight.Read(0));
    }

    [Fact]
    public void RecordRandom_OfOneSeed_IsTheSameEverywhere()
    {
        // Stored jobs replay by these: they never change.
        var random = new RecordRandom(1, 2);

        random.NextUInt64().Should().Be(RecordedFirst);
        random.NextInt64(1_000).Should().BeInRange(0, 999);
        random.NextDouble().Should().BeInRange(0, 1);
    }

    [Fact]
    public void RecordRandom_ManyRecords_SpreadEvenly()
    {
        var counts = new int[10];
        for (var record = 0; record < 10_000; record++)
        {
            counts[new RecordRandom(5, record).NextInt32(10)]++;
        }

        counts.Should().AllSatisfy(static count => count.Should().BeInRange(900, 1_100));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void RecordsPerSecond_NotAboveZero_IsRefused(double rate) =>
        ((Action)(() => _ = new GeneratorSource<int>(static _ => 1) { RecordsPerSecond = rate }))
            .Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void Count_Negative_IsRefused() =>
        ((Action)(() => _ = new GeneratorSource<int>(static _ => 1) { Count = -1 }))
            .Should().Throw<ArgumentOutOfRangeException>();

    private Task<SourceReaders<long>> OpenAsync(GeneratorSource<long> source, int parallelism) =>
        SourceReaders<long>.OpenAsync(source, parallelism, _time);
}
