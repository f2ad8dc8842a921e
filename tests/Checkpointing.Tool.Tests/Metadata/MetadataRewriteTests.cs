using System.Text.Json;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;
using Checkpointing.Tool.Tests.Demo;

namespace Checkpointing.Tool.Tests.Metadata;

public sealed class MetadataRewriteTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Out => _folder["out"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rewrite_EveryFileOfFlink_IsIdenticalButForTheVersionNobodyReads()
    {
        var folder = FlinkFiles.FolderOrSkip("flink-metadata");

        var lines = await MetadataProcess.RunJsonAsync(1, "rewrite", "--in", folder, "--out", Out);

        lines.Should().HaveCount(98);
        lines.Where(static line => line.Error() is not null).Should().ContainSingle().Which.Error().Should()
            .Contain("version 0");
        foreach (var line in lines.Where(static line => line.Error() is null))
        {
            line.GetProperty("identical").GetBoolean().Should().BeTrue(line.File());
            line.GetProperty("losses").GetArrayLength().Should().Be(0);
            File.ReadAllBytes(Path.Combine(Out, Path.GetFileName(line.File()))).Should()
                .Equal(File.ReadAllBytes(line.File()));
        }

        Directory.GetFiles(Out, "*", SearchOption.AllDirectories).Should().HaveCount(97);
    }

    [Fact]
    public async Task Rewrite_FilesOfFlinksOwnCode_AreIdenticalAndFitOurFormat()
    {
        var folder = FlinkFiles.FolderOrSkip("flink-generated");

        var same = await MetadataProcess.RunJsonAsync(1, "rewrite", "--in", folder, "--out", Out);
        var native = await MetadataProcess.RunJsonAsync(
            1, "rewrite", "--in", folder, "--out", _folder["native"], "--format", "native");

        foreach (var lines in new[] { same, native })
        {
            lines.Should().HaveCount(37);
            lines.Where(static line => line.Error() is not null).Should().ContainSingle().Which.File().Should()
                .EndWith("v3-flink14chg-001.metadata");
        }

        same.Where(static line => line.Error() is null).Should()
            .OnlyContain(static line => line.GetProperty("identical").GetBoolean());
        native.Where(static line => line.Error() is null).Should()
            .OnlyContain(static line => line.GetProperty("outVersion").GetInt32() == 1001);
    }

    [Theory]
    [InlineData("flink-2", 2)]
    [InlineData("flink-3", 3)]
    public async Task Rewrite_CheckpointsOfTheDemo_BecomeFlinksWithPathsThatExist(string format, int version)
    {
        var run = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder));
        var checkpoints = _folder["checkpoints"];

        var lines = await MetadataProcess.RunJsonAsync(
            0, "rewrite", "--in", checkpoints, "--out", Out, "--format", format);

        lines.Should().HaveCount(run.Generations.Count);
        foreach (var line in lines)
        {
            line.GetProperty("version").GetInt32().Should().Be(1001);
            line.GetProperty("outVersion").GetInt32().Should().Be(version);
            line.GetProperty("warnings").GetArrayLength().Should().Be(0);
            line.GetProperty("losses").EnumerateArray().Select(static loss => loss.GetProperty("kind").GetString())
                .Should().Equal("origin", "operatorNames", "stateDescriptions", "digests", "checkpointedSizes");
        }

        var written = await MetadataProcess.RunJsonAsync(0, "show", Out);
        written.Should().HaveCount(run.Generations.Count);
        written.Should().OnlyContain(line => line.GetProperty("version").GetInt32() == version);
        var paths = written.SelectMany(MetadataProcess.Paths).ToList();
        paths.Should().NotBeEmpty().And.OnlyContain(path => path.StartsWith("file:/" + checkpoints.TrimStart('/')));
        paths.Should().OnlyContain(static path => File.Exists(path.Substring("file:".Length)));
        written.SelectMany(MetadataProcess.Files).Select(static file => (
                file.GetProperty("name").GetString(), file.GetProperty("size").GetInt64()))
            .Should().Equal(lines.SelectMany(MetadataProcess.Files).Select(static file => (
                file.GetProperty("name").GetString(), file.GetProperty("size").GetInt64())));
    }

    [Fact]
    public async Task Rewrite_CheckpointOfTheDemo_OurOwnFormatIsIdenticalAndText()
    {
        var run = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Generations = 1, Parallelism = [2] });
        var folder = Path.Combine(_folder["checkpoints"], run.Generations[0].CheckpointPath);

        var same = await MetadataProcess.RunTextAsync("rewrite", "--in", folder, "--out", Out);
        var flink = await MetadataProcess.RunTextAsync(
            "rewrite", "--in", folder, "--out", _folder["flink/_metadata"], "--format", "flink-3",
            "--relocate", $"{_folder["checkpoints"]}=s3://bucket/a=b");

        same.Should().Contain("identical");
        File.ReadAllBytes(Path.Combine(Out, "_metadata")).Should()
            .Equal(File.ReadAllBytes(Path.Combine(folder, "_metadata")));
        flink.Should().ContainAll(
            "version 1001 as 3", "paths relocated", "digests of files are left out", "'flights-1'");
        var written = CheckpointMetadataSerializer.Read(File.ReadAllBytes(_folder["flink/_metadata/_metadata"]), "");
        MetadataPaths.Of(written).Should().NotBeEmpty()
            .And.OnlyContain(static path => path.Path.StartsWith("s3://bucket/a=b/flights-1/"));
    }

    [Fact]
    public async Task Rewrite_RootIsNotFound_WarnsAndTakesTheOneThatIsGiven()
    {
        File.WriteAllBytes(
            _folder["in"], MetadataSamples.Ours(MetadataSamples.Metadata("1", new FileStateHandle("flights/x", 1))));

        var lost = await MetadataProcess.RunJsonAsync(
            0, "rewrite", "--in", _folder["in"], "--out", _folder["a"], "--format", "flink-2");
        var found = await MetadataProcess.RunJsonAsync(
            0, "rewrite", "--in", _folder["in"], "--out", _folder["b"], "--format", "flink-2", "--root", "s3://x/y/");
        Directory.CreateDirectory(_folder["flights"]);
        File.WriteAllText(_folder["flights/x"], "");
        await MetadataProcess.RunJsonAsync(
            0, "rewrite", "--in", _folder["in"], "--out", _folder["c"], "--format", "flink-2");

        lost[0].GetProperty("warnings")[0].GetString().Should().Contain("--root");
        found[0].GetProperty("warnings").GetArrayLength().Should().Be(0);
        PathsIn("a").Should().Equal("flights/x");
        PathsIn("b").Should().Equal("s3://x/y/flights/x");
        PathsIn("c").Should().Equal($"file:{_folder["flights/x"]}");
    }

    [Fact]
    public async Task Rewrite_Relocate_MovesWhatLiesBelowAndCountsIt()
    {
        File.WriteAllBytes(
            _folder["in"], MetadataSamples.Flink("file:/a/b/1", "/a/b/2", "file:/a/bc/3", "hdfs://nn/4"));

        var lines = await MetadataProcess.RunJsonAsync(
            0, "rewrite", "--in", _folder["in"], "--out", Out, "--relocate", "file:///a/b=s3://bucket/x",
            "--relocate", "hdfs://nn=file:/y");
        var none = await MetadataProcess.RunJsonAsync(
            0, "rewrite", "--in", _folder["in"], "--out", _folder["none"], "--relocate", "/elsewhere=/y");

        lines[0].GetProperty("relocated").GetInt32().Should().Be(3);
        lines[0].GetProperty("identical").GetBoolean().Should().BeFalse();
        PathsIn("out").Should().Equal("s3://bucket/x/1", "s3://bucket/x/2", "file:/a/bc/3", "file:/y/4");
        none[0].GetProperty("identical").GetBoolean().Should().BeTrue();
        none[0].GetProperty("warnings")[0].GetString().Should().Contain("No path");
    }

    [Fact]
    public async Task Rewrite_Resolve_MakesRelativePathsAbsoluteUnlessTheyLeave()
    {
        Directory.CreateDirectory(_folder["in"]);
        File.WriteAllBytes(_folder["in/_metadata"], WithRelative("d4"));
        File.WriteAllBytes(_folder["leaves"], WithRelative("../d4"));

        await MetadataProcess.RunJsonAsync(0, "rewrite", "--in", _folder["in"], "--out", _folder["a"], "--resolve");
        var refused = await ToolProcess.RunAsync(
            "metadata", "rewrite", "--in", _folder["leaves"], "--out", _folder["b"], "--resolve");
        await MetadataProcess.RunJsonAsync(
            0, "rewrite", "--in", _folder["leaves"], "--out", _folder["b"], "--resolve", "--allow-foreign-roots");
        await MetadataProcess.RunJsonAsync(0, "rewrite", "--in", _folder["leaves"], "--out", _folder["c"]);

        PathsIn("a/_metadata").Should().Equal($"file:{_folder["in/d4"]}");
        refused.ShouldFail(ExitCodes.RunFailed).Should().Contain("'../d4'").And.Contain("operator");
        PathsIn("b").Should().Equal($"file:{_folder.Path}/../d4");
        File.ReadAllBytes(_folder["c"]).Should().Equal(File.ReadAllBytes(_folder["leaves"]));
    }

    [Fact]
    public async Task Rewrite_Folder_KeepsRelativePathsAndGoesOnAfterFailures()
    {
        Directory.CreateDirectory(_folder["in/deep/er"]);
        File.WriteAllBytes(_folder["in/b"], MetadataSamples.Flink("/x"));
        File.WriteAllText(_folder["in/a"], "no metadata at all");
        File.WriteAllBytes(_folder["in/deep/er/c"], MetadataSamples.Flink("/y"));

        var result = await ToolProcess.RunAsync("metadata", "rewrite", "--in", _folder["in"], "--out", Out);

        result.ShouldFail(ExitCodes.RunFailed).Should().Contain("in/a'");
        result.Output.TrimEnd('\n').Split('\n').Should().HaveCount(2);
        Directory.GetFiles(Out, "*", SearchOption.AllDirectories).Should()
            .BeEquivalentTo(_folder["out/b"], _folder["out/deep/er/c"]);
    }

    [Fact]
    public async Task Rewrite_FileIsThere_IsReplacedOnlyIfForced()
    {
        File.WriteAllBytes(_folder["in"], MetadataSamples.Flink("/x"));
        File.WriteAllText(Out, "precious");

        (await ToolProcess.RunAsync("metadata", "rewrite", "--in", _folder["in"], "--out", Out))
            .ShouldFail(ExitCodes.RunFailed).Should().Contain("--force");
        File.ReadAllText(Out).Should().Be("precious");
        await MetadataProcess.RunTextAsync("rewrite", "--in", _folder["in"], "--out", Out, "--force");

        File.ReadAllBytes(Out).Should().Equal(File.ReadAllBytes(_folder["in"]));
        Directory.GetFiles(_folder.Path).Should().HaveCount(2, "no temporary file stays");
    }

    [Fact]
    public async Task Rewrite_OutIsTheInputByAnotherName_IsRefused()
    {
        Directory.CreateDirectory(_folder["in"]);
        File.WriteAllBytes(_folder["in/a"], MetadataSamples.Flink("/x"));
        var bytes = File.ReadAllBytes(_folder["in/a"]);
        Directory.CreateSymbolicLink(_folder["alias"], _folder["in"]);

        (await ToolProcess.RunAsync(
            "metadata", "rewrite", "--in", _folder["in"], "--out", _folder["alias"], "--force",
            "--relocate", "/x=/y")).ShouldFail(ExitCodes.RunFailed).Should().Contain("input itself");

        File.ReadAllBytes(_folder["in/a"]).Should().Equal(bytes);
        Directory.GetFiles(_folder["in"]).Should().HaveCount(1);
    }

    [Fact]
    public async Task Rewrite_FormatHasNoRoom_IsRefusedAndWritesNothing()
    {
        File.WriteAllBytes(_folder["in"], WithRelative("d4"));

        (await ToolProcess.RunAsync(
            "metadata", "rewrite", "--in", _folder["in"], "--out", Out, "--format", "flink-2"))
            .ShouldFail(ExitCodes.RunFailed).Should().Contain("relative").And.Contain("d4");

        File.Exists(Out).Should().BeFalse();
    }

    [Theory]
    [InlineData("--in {0}in --out {0}in")]
    [InlineData("--in {0}in --out {0}./in")]
    [InlineData("--in {0}many --out {0}many/")]
    [InlineData("--in {0}many --out {0}many/below")]
    [InlineData("--in {0}many/deep --out {0}many")]
    [InlineData("--in {0}many --out {0}in")]
    [InlineData("--in {0}in")]
    [InlineData("--out {0}out")]
    [InlineData("--in {0}in --out {0}out --format flink-9")]
    [InlineData("--in {0}in --out {0}out --relocate /a")]
    [InlineData("--in {0}in --out {0}out --relocate a=b")]
    [InlineData("--in {0}in --out {0}out --relocate /a=/b/../c")]
    public async Task Rewrite_WrongCommandLine_IsOneSentenceAndTouchesNothing(string arguments)
    {
        Directory.CreateDirectory(_folder["many/deep"]);
        File.WriteAllBytes(_folder["many/a"], MetadataSamples.Flink("/x"));
        File.WriteAllBytes(_folder["in"], MetadataSamples.Flink("/x"));

        var result = await ToolProcess.RunAsync(
            ["metadata", "rewrite", .. string.Format(arguments, _folder.Path + "/").Split(' ')]);

        result.ShouldFail(ExitCodes.Usage);
        result.Output.Should().BeEmpty();
        File.ReadAllBytes(_folder["in"]).Should().Equal(MetadataSamples.Flink("/x"));
        Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Should().HaveCount(2);
    }

    [Fact]
    public async Task Rewrite_ThousandsOfFiles_AreDoneByOneProcessInOrder()
    {
        const int Count = 3_000;
        Directory.CreateDirectory(_folder["in"]);
        for (var i = 0; i < Count; i++)
        {
            File.WriteAllBytes(_folder[$"in/{i:D5}"], MetadataSamples.Flink($"/x/{i}"));
        }

        var lines = await MetadataProcess.RunJsonAsync(0, "rewrite", "--in", _folder["in"], "--out", Out);

        lines.Select(static line => Path.GetFileName(line.File())).Should()
            .Equal(Enumerable.Range(0, Count).Select(static i => $"{i:D5}"));
        lines.Should().OnlyContain(static line => line.GetProperty("identical").GetBoolean());
    }

    private static byte[] WithRelative(string path) => CheckpointMetadataSerializer.Write(
        MetadataSamples.Metadata("1", new RelativeFileStateHandle(path, 5)), MetadataFormat.FlinkV3);

    private IEnumerable<string> PathsIn(string file) =>
        MetadataPaths.Of(CheckpointMetadataSerializer.Read(File.ReadAllBytes(_folder[file]), file))
            .Select(static path => path.Path);
}
