using Checkpointing.Metadata;
using Checkpointing.Torture.Fuzz;

namespace Checkpointing.Torture.Tests.Fuzz;

/// <summary>An oracle that nothing can fail finds nothing: readers that are broken in one way each.</summary>
public sealed class MetadataOracleTests
{
    private static readonly byte[] s_native = Seed(1001);
    private static readonly byte[] s_flink = Seed(6);

    [Fact]
    public void Check_GoodFile_IsAccepted()
    {
        MetadataOracle.Check(s_native).Should().Match<FuzzVerdict>(
            static verdict => verdict.Outcome == FuzzOutcome.Accepted && verdict.Format == MetadataFormat.NativeV1);
        MetadataOracle.Check(s_flink).Should().Match<FuzzVerdict>(
            static verdict => verdict.Outcome == FuzzOutcome.Accepted && verdict.Format == MetadataFormat.FlinkV6);
    }

    [Fact]
    public void Check_CutFile_IsCorrupt() =>
        MetadataOracle.Check(s_flink[..20]).Outcome.Should().Be(FuzzOutcome.Corrupt);

    [Fact]
    public void Check_UnknownVersion_IsUnsupported() =>
        MetadataOracle.Check([0x49, 0x60, 0x67, 0x2D, 0, 0, 0, 99]).Outcome.Should().Be(FuzzOutcome.Unsupported);

    [Fact]
    public void Check_ReaderThrowsAnythingElse_Fails() =>
        Problem(static (ReadOnlySpan<byte> _, string _, out MetadataFormat _) =>
            throw new InvalidCastException("broken")).Should().Contain("broken");

    [Fact]
    public void Check_OffsetBehindTheEnd_Fails() =>
        Problem(static (ReadOnlySpan<byte> source, string path, out MetadataFormat _) =>
            throw new CheckpointCorruptException(path, source.Length + 1, "a", "b")).Should().Contain("outside");

    [Fact]
    public void Check_OtherPath_Fails() =>
        Problem(static (ReadOnlySpan<byte> _, string _, out MetadataFormat _) =>
            throw new CheckpointCorruptException("other", 0, "a", "b")).Should().Contain("other");

    [Fact]
    public void Check_ReaderAllocatesTooMuch_Fails() =>
        Problem(static (ReadOnlySpan<byte> source, string path, out MetadataFormat format) =>
        {
            GC.KeepAlive(new byte[MetadataOracle.MaxAllocatedBytes(source.Length)]);
            return CheckpointMetadataSerializer.Read(source, path, out format);
        }).Should().Contain("allocated");

    [Fact]
    public void Check_ReaderForgetsSomething_Fails() =>
        Problem(static (ReadOnlySpan<byte> source, string path, out MetadataFormat format) =>
            CheckpointMetadataSerializer.Read(source, path, out format) with { CheckpointId = new(12_345) })
            .Should().Contain("other bytes");

    [Fact]
    public void Check_ReaderTakesTooLong_Fails()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Problem((ReadOnlySpan<byte> source, string path, out MetadataFormat format) =>
        {
            // Twice, as a slow input is measured again.
            var until = clock.Elapsed + FuzzReading.MaxTime + TimeSpan.FromMilliseconds(20);
            while (clock.Elapsed < until)
            {
                Thread.SpinWait(1_000);
            }

            return CheckpointMetadataSerializer.Read(source, path, out format);
        }).Should().Contain("took");
    }

    [Fact]
    public void Check_EmptyRangeWithAStart_IsTheOneExceptionToTheSameBytes()
    {
        // A subtask of version 2 whose managed keyed state covers no key group, from group 7.
        byte[] file =
        [
            0x49, 0x60, 0x67, 0x2D, 0, 0, 0, 2, .. new byte[8], 0, 0, 0, 0, 0, 0, 0, 1,
            .. new byte[16], 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1,
            0, 0, 0, 0, .. Enumerable.Repeat((byte)255, 8), .. new byte[12],
            3, 0, 0, 0, 7, 0, 0, 0, 0, 1, 0, 1, (byte)'n', 0, 0, 0, 0, 0,
        ];

        MetadataOracle.Check(file).Should().Match<FuzzVerdict>(
            static verdict => verdict.Outcome == FuzzOutcome.Accepted && verdict.Format == MetadataFormat.FlinkV2);
    }

    private static string? Problem(MetadataReader reader)
    {
        var verdict = MetadataOracle.Check(s_flink, reader);
        verdict.Outcome.Should().Be(FuzzOutcome.Failed);
        return verdict.Problem;
    }

    private static byte[] Seed(int version) => FuzzCorpus.Made().First(seed =>
        seed.Version == version && MetadataOracle.Check(seed.Bytes).Outcome == FuzzOutcome.Accepted).Bytes;
}
