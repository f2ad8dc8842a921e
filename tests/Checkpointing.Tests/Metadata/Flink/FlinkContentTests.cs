using System.Security.Cryptography;
using System.Text.Json;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink;

/// <summary>What is read from files that Flink's own serializers wrote, held against what they were told to
/// write.</summary>
public sealed class FlinkContentTests
{
    // A changelog in the layout of Flink 1.14, which no later Flink reads.
    private const string EarlyChangelog = "v3-flink14chg-001.json";

    private static readonly string[] s_aboutTheFile =
        ["file", "note", "writer", "exclusiveDirAtWrite", "fileLength", "fileSha256"];

    [Fact]
    public void Read_FileOfFlinksSerializer_GivesFieldByFieldWhatItStates()
    {
        var stated = SharedData.FilesOrSkip("flink-generated", "*.json")
            .Where(static path => !path.EndsWith(EarlyChangelog, StringComparison.Ordinal)).ToList();
        foreach (var path in stated)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var bytes = File.ReadAllBytes(Path.ChangeExtension(path, ".metadata"));
            bytes.Length.Should().Be(json.RootElement.GetProperty("fileLength").GetInt32());
            Convert.ToHexStringLower(SHA256.HashData(bytes)).Should()
                .Be(json.RootElement.GetProperty("fileSha256").GetString());

            var metadata = CheckpointMetadataSerializer.Read(bytes, path, out var format);

            var expected = JsonLines.Of(json.RootElement, s_aboutTheFile);
            var actual = JsonLines.Of(FlinkProjection.Of(metadata, format));
            actual.Except(expected).Concat(expected.Except(actual)).Should().BeEmpty(path);
            actual.Should().HaveSameCount(expected, path);
        }

        stated.Should().HaveCount(36);
    }

    [Fact]
    public void Read_FileOfFlinksSerializer_MeetsEveryKindOfHandle()
    {
        // The comparison above would prove little if the files lacked a kind.
        var lines = SharedData.FilesOrSkip("flink-generated", "*.metadata")
            .Where(static path => Path.ChangeExtension(Path.GetFileName(path), ".json") != EarlyChangelog)
            .SelectMany(static path =>
                JsonLines.Of(FlinkProjection.Of(
                    CheckpointMetadataSerializer.Read(File.ReadAllBytes(path), path, out var format), format)))
            .Select(static line => line[(line.LastIndexOf('.') + 1)..]).ToHashSet();

        lines.Should().Contain(
            new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 }.Select(static tag => $"tag = {tag}"));
        lines.Should().Contain(new[] { 1, 2, 3, 4 }.Select(static type => $"type = {type}"));
        lines.Should().Contain(new[] { 0, 1, 2 }.Select(static mode => $"mode = {mode}"));
        lines.Should().Contain(["finished = true", "fullyFinished = true", "keyGroup = -1", "isEmpty = true"]);
    }

    [Fact]
    public void Read_ChangelogOfFlink14_IsRefusedWithItsOffset()
    {
        foreach (var path in SharedData.FilesOrSkip("flink-generated", EarlyChangelog))
        {
            var file = File.ReadAllBytes(Path.ChangeExtension(path, ".metadata"));
            var read = () => CheckpointMetadataSerializer.Read(file, path);

            read.Should().Throw<CheckpointCorruptException>().Which.Offset.Should().BeInRange(8, file.Length);
        }
    }

    [Fact]
    public void JsonLines_SameContentInAnotherOrder_AreTheSame()
    {
        using var json = JsonDocument.Parse("""{"b": ["\ud800x\n", -1, [], true], "a": {"c": null}, "skip": 1}""");

        JsonLines.Of(json.RootElement, "skip").Should().Equal(JsonLines.Of(new Dictionary<string, object?>
        {
            ["a"] = new Dictionary<string, object?> { ["c"] = null },
            ["b"] = new object?[] { "\ud800x\n", -1L, Array.Empty<object?>(), true },
        }));
        JsonLines.Of(json.RootElement).Should().Equal(
            ".a.c = null", ".b has 4", """.b[0] = "\ud800x\u000a" """.TrimEnd(), ".b[1] = -1", ".b[2] has 0",
            ".b[3] = true", ".skip = 1");
    }
}
