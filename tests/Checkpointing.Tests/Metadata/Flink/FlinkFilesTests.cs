using Checkpointing.Metadata;

namespace Checkpointing.Tests.Metadata.Flink;

public sealed class FlinkFilesTests
{
    // Tag 8 in the layout of Flink 1.14 alone: no later Flink reads it either.
    private const string EarlyChangelog = "v3-flink14chg-001.metadata";

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 21)]
    [InlineData(3, 30)]
    [InlineData(4, 41)]
    [InlineData(5, 11)]
    [InlineData(6, 27)]
    public void Write_RealFileReadBefore_GivesTheSameBytes(int version, int count)
    {
        var files = SharedData.FilesOrSkip("flink-metadata", $"v{version}-*.metadata")
            .Concat(SharedData.Files("flink-generated", $"v{version}-*.metadata"))
            .Where(static path => !path.EndsWith(EarlyChangelog, StringComparison.Ordinal)).ToArray();

        foreach (var path in files)
        {
            var bytes = File.ReadAllBytes(path);
            var metadata = CheckpointMetadataSerializer.Read(bytes, path, out var format);

            format.Should().Be((MetadataFormat)version);
            CheckpointMetadataSerializer.Write(metadata, format, path).AsSpan().SequenceEqual(bytes)
                .Should().BeTrue($"{path} is to be written as it was");
        }

        files.Should().HaveCount(count);
    }

    [Fact]
    public void Read_VersionZero_IsRefusedByName()
    {
        foreach (var path in SharedData.FilesOrSkip("flink-metadata", "v0-*.metadata"))
        {
            var read = () => CheckpointMetadataSerializer.Read(File.ReadAllBytes(path), path);

            read.Should().Throw<UnsupportedFormatException>().WithMessage("*metadata version 0;*");
        }
    }

    [Fact]
    public void Read_ChangelogOfFlink14_IsRefusedAndSaysWhy()
    {
        foreach (var path in SharedData.FilesOrSkip("flink-generated", EarlyChangelog))
        {
            var read = () => CheckpointMetadataSerializer.Read(File.ReadAllBytes(path), path);

            read.Should().Throw<CheckpointCorruptException>().WithMessage("*Flink 1.14*layout*");
        }
    }
}
