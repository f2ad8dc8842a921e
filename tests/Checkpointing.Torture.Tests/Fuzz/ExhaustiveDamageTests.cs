using Checkpointing.Metadata;
using Checkpointing.Torture.Fuzz;

namespace Checkpointing.Torture.Tests.Fuzz;

/// <summary>Every cut and every flipped bit of a sample of small files. All files up to any size:
/// <c>dotnet run -c Release --project tests/Checkpointing.Torture -- damage --max-bytes 2000</c>.</summary>
public sealed class ExhaustiveDamageTests
{
    // Of each version: made files, and the smallest real ones where they are.
    private const int MadeFiles = 3;
    private const int RealFiles = 2;
    private const int LargestRealFile = 1_300;

    [Theory]
    [InlineData(MetadataFormat.FlinkV1)]
    [InlineData(MetadataFormat.FlinkV2)]
    [InlineData(MetadataFormat.FlinkV3)]
    [InlineData(MetadataFormat.FlinkV4)]
    [InlineData(MetadataFormat.FlinkV5)]
    [InlineData(MetadataFormat.FlinkV6)]
    [InlineData(MetadataFormat.FlinkV7)]
    [InlineData(MetadataFormat.NativeV1)]
    public void Read_CutOrFlippedAnywhere_IsRefusedOrHoldsWhatTheBytesSay(MetadataFormat format)
    {
        var seeds = Sample((int)format);
        var problems = new List<string>();
        var done = 0L;
        var accepted = 0L;
        foreach (var seed in seeds)
        {
            var counts = ExhaustiveDamage.Check(seed, problems.Add);
            done += counts.Checked;
            accepted += counts.Accepted;
        }

        problems.Should().BeEmpty();
        seeds.Should().HaveCountGreaterThanOrEqualTo(MadeFiles);
        done.Should().Be(seeds.Sum(static seed => 9L * seed.Bytes.Length));
        if (format == MetadataFormat.NativeV1)
        {
            accepted.Should().Be(0, "the digest covers every bit");
        }
        else
        {
            // Flink's formats have no digest: most flips are in ids and texts.
            accepted.Should().BePositive();
        }
    }

    private static List<FuzzSeed> Sample(int version) =>
    [
        .. FuzzCorpus.Made().Where(seed => seed.Version == version && IsGood(seed)).Take(MadeFiles),
        .. FuzzCorpus.Real(LargestRealFile).Where(seed => seed.Version == version && IsGood(seed))
            .OrderBy(static seed => seed.Bytes.Length).Take(RealFiles),
    ];

    private static bool IsGood(FuzzSeed seed) => MetadataOracle.Check(seed.Bytes).Outcome == FuzzOutcome.Accepted;
}
