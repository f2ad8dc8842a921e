using Checkpointing.Metadata;

namespace Checkpointing.Tests.Metadata;

public sealed class ConversionTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 21)]
    [InlineData(3, 30)]
    [InlineData(4, 41)]
    [InlineData(5, 11)]
    [InlineData(6, 27)]
    public void Write_FlinksFileByWayOfOurFormat_GivesTheSameBytes(int version, int count)
    {
        var paths = SharedData.FilesOrSkip("flink-metadata", $"v{version}-*.metadata")
            .Concat(SharedData.Files("flink-generated", $"v{version}-*.metadata"))
            .Where(static path => !path.EndsWith("v3-flink14chg-001.metadata", StringComparison.Ordinal)).ToArray();

        foreach (var path in paths)
        {
            var bytes = File.ReadAllBytes(path);
            var read = CheckpointMetadataSerializer.Read(bytes, path, out var format);
            var ours = CheckpointMetadataSerializer.Write(read, MetadataFormat.NativeV1, path);
            var again = CheckpointMetadataSerializer.Read(ours, path);

            CheckpointMetadataSerializer.Write(again, format, path).AsSpan().SequenceEqual(bytes)
                .Should().BeTrue($"{path} loses nothing in our format");
        }

        paths.Should().HaveCount(count);
    }
}
