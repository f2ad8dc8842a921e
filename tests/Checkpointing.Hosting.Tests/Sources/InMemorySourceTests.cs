using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using CsCheck;

namespace Checkpointing.Hosting.Tests.Sources;

public sealed class InMemorySourceTests
{
    // How far each reader gets before it is taken to the next number of readers.
    private static readonly Gen<(int Items, int[] Parallelisms, int[] Reads)> Histories = Gen.Select(
        Gen.Int[0, 60], Gen.Int[1, 8].Array[1, 4], Gen.Int[0, 12].Array[40]);

    [Fact]
    public Task TryReadNext_AnyRescaling_GivesEachItemOnceAndInOrder() =>
        Histories.SampleAsync(static async history =>
        {
            var source = new InMemorySource<int>([.. Enumerable.Range(0, history.Items)]);
            var readers = await SourceReaders<int>.OpenAsync(source, parallelism: 1);
            var reads = new Queue<int>(history.Reads);
            var read = new List<int>();
            foreach (var parallelism in history.Parallelisms)
            {
                var former = readers;
                readers = await former.RestoreAsync(parallelism);
                await former.DisposeAsync();
                for (var reader = 0; reader < parallelism; reader++)
                {
                    var part = readers.Read(reader, reads.Dequeue());
                    part.Should().BeInAscendingOrder();
                    read.AddRange(part);
                }
            }

            for (var reader = 0; reader < history.Parallelisms[^1]; reader++)
            {
                read.AddRange(readers.Read(reader));
            }

            await readers.DisposeAsync();
            read.Order().Should().Equal(Enumerable.Range(0, history.Items));
        }, iter: 200);

    [Fact]
    public async Task Open_SeveralReaders_ShareEvenly()
    {
        await using var readers = await SourceReaders<int>.OpenAsync(
            new InMemorySource<int>([.. Enumerable.Range(0, 16)]), parallelism: 4);

        Enumerable.Range(0, 4).Select(reader => readers.Read(reader).Count).Should().Equal(4, 4, 4, 4);
    }

    [Fact]
    public async Task WaitForMoreAsync_AllRead_EndsTheInput()
    {
        await using var readers = await SourceReaders<int>.OpenAsync(new InMemorySource<int>([1]), parallelism: 1);
        readers.Read(0).Should().Equal(1);

        (await readers.Readers[0].WaitForMoreAsync(CancellationToken.None)).Should().BeFalse();
    }

    [Fact]
    public async Task Open_ItemsPutBehindSinceTheSnapshot_AreReadToo()
    {
        List<int> items = [1, 2, 3];
        await using var before = await SourceReaders<int>.OpenAsync(new InMemorySource<int>(items), parallelism: 2);
        before.Read(0);
        before.Read(1);
        items.AddRange([4, 5]);

        await using var after = await before.RestoreAsync(1);

        after.Read(0).Should().Equal(4, 5);
    }
}
