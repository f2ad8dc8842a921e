using System.Globalization;
using System.Text.Json;
using Checkpointing.Metadata;
using Checkpointing.Torture.Fuzz;

namespace Checkpointing.Torture.Tests.Fuzz;

public sealed class FuzzEngineTests
{
    // A sample of what is run by hand with a million inputs, see docs/reliability.md.
    private const int Inputs = 30_000;
    private const int MaxSeedFileBytes = 8_192;

    [Fact]
    public void Run_Sample_FindsNothing()
    {
        var report = new FuzzEngine(20_260, FuzzCorpus.Load(MaxSeedFileBytes)).Run(0, Inputs);

        report.Failures.Should().BeEmpty();
        var counters = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters");
        counters.GetProperty("inputs").GetInt64().Should().Be(Inputs);

        // Each format is reached behind its checks, and each mutator has its share.
        foreach (var format in Enum.GetValues<MetadataFormat>())
        {
            counters.GetProperty($"accepted.{format}").GetInt64().Should().BeGreaterThan(50, $"of {format}");
        }

        var mutators = counters.EnumerateObject().Where(static counter => counter.Name.StartsWith("mutator.",
            StringComparison.Ordinal)).ToList();
        mutators.Should().HaveCountGreaterThan(15).And.OnlyContain(static mutator => mutator.Value.GetInt64() > 100);
        mutators.Sum(static mutator => mutator.Value.GetInt64()).Should().Be(Inputs);
    }

    [Fact]
    public void Make_SameSeedAndIndex_GivesTheSameInput()
    {
        var corpus = FuzzCorpus.Load(0);
        var engine = new FuzzEngine(7, corpus);
        var inRow = Enumerable.Range(0, 300).Select(index => engine.Make(index, out _)).ToList();

        // Each alone, and backwards, by another engine.
        var again = new FuzzEngine(7, FuzzCorpus.Load(0));
        for (var index = 299; index >= 0; index--)
        {
            again.Make(index, out _).Should().Equal(inRow[index], $"of index {index}");
        }

        new FuzzEngine(8, corpus).Make(5, out _).Should().NotEqual(inRow[5]);
    }

    [Fact]
    public void ReplayOf_Input_NamesSeedAndIndex() =>
        FuzzEngine.ReplayOf(7, 12).Should().EndWith("-- fuzz --replay 7:12");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void FlinkGrammar_FilesOfEachVersion_AreMostlyGood(int version)
    {
        var outcomes = Enumerable.Range(0, 200)
            .Select(index => MetadataOracle.Check(
                FlinkGrammar.Generate(new(99, (ulong)index), version).ToArray()).Outcome)
            .ToList();

        // The others have a text that is none, nest too deep, or end in an object of Java's that Flink does not write.
        outcomes.Count(static outcome => outcome == FuzzOutcome.Accepted).Should().BeGreaterThan(
            80, string.Create(CultureInfo.InvariantCulture, $"of version {version}"));
        outcomes.Should().NotContain(FuzzOutcome.Failed);
    }

    [Fact]
    public void NativeRecords_Replace_MendsTheLengthsAroundIt()
    {
        byte[] header = [0x49, 0x60, 0x67, 0x2D, 0, 0, 0x03, 0xE9];
        var inner = NativeRecords.Make(0x8202, [1, 2, 3]);
        var last = NativeRecords.Make(0x8003, []);
        byte[] content = [.. header, .. NativeRecords.Make(0x8103, [9, 9, .. inner]), .. last];
        var records = NativeRecords.Find(content);

        var replaced = NativeRecords.Replace(content, records, records[1], inner.Length, [7]);

        replaced.Should().Equal([.. header, .. NativeRecords.Make(0x8103, [9, 9, 7]), .. last]);
    }

    [Fact]
    public void NativeRecords_Seal_LeadsBehindTheTrailer()
    {
        byte[] content = [0x49, 0x60, 0x67, 0x2D, 0, 0, 0x03, 0xE9, .. NativeRecords.Make(0x8FFF, [])];

        var read = () => CheckpointMetadataSerializer.Read(NativeRecords.Seal(content), "p");

        read.Should().Throw<UnsupportedFormatException>().WithMessage("*0x8fff*");
    }
}
