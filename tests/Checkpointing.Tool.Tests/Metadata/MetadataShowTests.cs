using System.Text;
using System.Text.Json;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Tests.Metadata;

public sealed class MetadataShowTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Show_Json_HasTheKeysInTheirOrderAndAllOfTheHandle()
    {
        File.WriteAllBytes(_folder["a.metadata"], MetadataSamples.Flink("hdfs://nn/x", "/y"));

        var line = (await MetadataProcess.RunJsonAsync(0, "show", _folder["a.metadata"])).Single();

        line.EnumerateObject().Select(static property => property.Name).Take(5).Should()
            .Equal("file", "version", "checkpointId", "operators", "error");
        line.File().Should().Be(_folder["a.metadata"]);
        line.GetProperty("version").GetInt32().Should().Be(3);
        line.GetProperty("checkpointId").GetInt64().Should().Be(7);
        line.Error().Should().BeNull();
        var one = line.GetProperty("operators")[0];
        one.EnumerateObject().Select(static property => property.Name).Take(6).Should()
            .Equal("id", "name", "uid", "parallelism", "maxParallelism", "subtasks");
        one.GetProperty("id").GetString().Should().Be(OperatorId.FromName("totals").ToString());
        one.GetProperty("name").ValueKind.Should().Be(JsonValueKind.Null);
        one.GetProperty("maxParallelism").GetInt32().Should().Be(128);
        var subtask = one.GetProperty("subtasks")[0];
        subtask.EnumerateObject().Select(static property => property.Name).Take(3).Should()
            .Equal("index", "keyed", "operator");
        subtask.GetProperty("index").GetInt32().Should().Be(1);
        subtask.GetProperty("keyed")[0].GetRawText().Should().Be(
            """
            {"kind":"incremental","tag":5,"checkpointId":6,"backendId":"6ba7b810-9dad-41d1-80b4-00c04fd430c8",
            "startKeyGroup":64,"keyGroupCount":64,"checkpointedSize":-1,
            "meta":{"kind":"bytes","tag":1,"name":"m","data":{"length":3,
            "sha256":"039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81","hex":"010203"}},
            "shared":[{"name":"000012.sst","handle":{"kind":"file","tag":2,"path":"hdfs://nn/x","size":1234}},
            {"name":"1","handle":{"kind":"file","tag":2,"path":"/y","size":1234}}],
            "private":[{"name":"CURRENT","handle":{"kind":"bytes","tag":1,"name":"c","data":{"length":1,
            "sha256":"559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd","hex":"41"}}}],
            "raw":false,"keyGroups":{"first":64,"last":127},
            "files":[{"name":"m","path":null,"size":3,"digest":null,"scope":"meta"},
            {"name":"000012.sst","path":"hdfs://nn/x","size":1234,"digest":null,"scope":"shared"},
            {"name":"1","path":"/y","size":1234,"digest":null,"scope":"shared"},
            {"name":"CURRENT","path":null,"size":1,"digest":null,"scope":"private"}]}
            """.Replace("\n", ""));
        subtask.GetProperty("operator")[0].GetProperty("states").GetRawText().Should()
            .Be("""[{"name":"position","mode":1,"offsets":[0,8]}]""");
        line.GetProperty("masterStates")[0].GetProperty("name").GetString().Should().Be("hook");
        line.GetProperty("foreignPaths").EnumerateArray().Select(static foreign =>
            foreign.GetProperty("reason").GetString()).Should().Equal("otherSystem", "outsideRoot");
    }

    [Fact]
    public async Task Show_Text_SaysEverythingWithSizesForPeople()
    {
        File.WriteAllBytes(
            _folder["_metadata"],
            MetadataSamples.Ours(MetadataSamples.Metadata(
                "000012.sst", new FileStateHandle("flights/shared/x", 5_000_000, ContentDigest.Of("x"u8)))));

        var text = await MetadataProcess.RunTextAsync("show", _folder.Path);

        text.Should().ContainAll(
            _folder["_metadata"], "version 1001", "checkpoint 7", "'flights'", "epoch 3", "Always", "why = nightly",
            "id " + OperatorId.FromName("totals"), "parallelism 2", "max parallelism 128", "subtask 1",
            "key groups 64-127", $"backend {MetadataSamples.BackendId}", "checkpoint 6", "shared 000012.sst", "4.8 MiB",
            $"digest {ContentDigest.Of("x"u8)}", "flights/shared/x", "private CURRENT, 1 B: inline",
            "'position' (Union, 2 items)", "hook 'hook'");
        text.Should().NotContain("\u001b");
    }

    // Escaped here, too: an attribute holds UTF-8, which has no halves of pairs.
    [Theory]
    [InlineData(@"half \ud834 pair", @"half \ud834 pair")]
    [InlineData(@"\udc00", @"\udc00")]
    [InlineData(@"zero \u0000 escape \u001b[31m", @"zero \u0000 escape \u001b[31m")]
    [InlineData(@"\ud83d\ude00 \u202e", "\ud83d\ude00 \\u202e")]
    public async Task Show_OddTexts_AreEscapedAndReadBack(string escaped, string shown)
    {
        var name = Unescape(escaped);
        File.WriteAllBytes(
            _folder["_metadata"],
            MetadataSamples.Ours(MetadataSamples.Metadata(name, new FileStateHandle("flights/x", 1))));

        var line = (await MetadataProcess.RunJsonAsync(0, "show", _folder.Path)).Single();
        var text = await MetadataProcess.RunTextAsync("show", _folder.Path);

        text.Should().Contain($"shared {shown}, 1 B");
        text.Where(static unit => char.IsControl(unit) && unit != '\n').Should().BeEmpty();
        var json = line.Files().Single(static file => file.GetProperty("scope").GetString() == "shared")
            .GetProperty("name").GetRawText();
        Unescape(json).Should().Be($"\"{name}\"");
    }

    [Fact]
    public async Task Show_EveryFileOfFlink_IsOneLineInOrderWithVersion()
    {
        var folder = FlinkFiles.FolderOrSkip("flink-metadata");

        var lines = await MetadataProcess.RunJsonAsync(1, "show", folder);
        var text = await ToolProcess.RunAsync("metadata", "show", folder);

        lines.Should().HaveCount(98);
        lines.Select(MetadataProcess.File).Should().BeInAscendingOrder(StringComparer.Ordinal);
        lines.Should().OnlyContain(line => line.GetProperty("version").GetInt32()
            == int.Parse(Path.GetFileName(line.File()).Substring(1, 1)));
        lines.Where(static line => line.Error() is not null).Should().ContainSingle().Which.Error().Should()
            .Contain("version 0");
        text.ExitCode.Should().Be(1);
        text.Output.TrimEnd('\n').Split('\n').Should().HaveCount(97).And.OnlyContain(line => line.Contains("version "));
        text.Error.TrimEnd('\n').Should().NotContain("\n").And.Contain("v0-000.metadata").And.Contain("version 0");
    }

    /// <summary>The JSON beside the generated files is what Flink's own code saw: every field of ours that has the same
    /// place says the same.</summary>
    [Fact]
    public async Task Show_FilesOfFlinksOwnCode_SayWhatFlinkSays()
    {
        var folder = FlinkFiles.FolderOrSkip("flink-generated");

        var lines = await MetadataProcess.RunJsonAsync(1, "show", folder);

        lines.Where(static line => line.Error() is not null).Should().ContainSingle().Which.File().Should()
            .EndWith("v3-flink14chg-001.metadata");
        var compared = 0;
        foreach (var line in lines.Where(static line => line.Error() is null))
        {
            using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(line.File(), ".json")));
            compared += FlinkJson.Compare(expected.RootElement, line);
        }

        compared.Should().BeGreaterThan(1000, "handles were compared");
    }

    [Fact]
    public async Task Show_WhatCannotBeRead_IsOneSentenceEach()
    {
        Directory.CreateDirectory(_folder["many"]);
        File.WriteAllBytes(_folder["many/a-good"], MetadataSamples.Flink("/x"));
        File.WriteAllBytes(_folder["many/b-cut"], MetadataSamples.Flink("/x")[..60]);
        File.WriteAllBytes(_folder["many/c-empty"], []);
        File.WriteAllText(_folder["many/d-text"], "no metadata");
        File.WriteAllBytes(_folder["many/e-version"], [0x49, 0x60, 0x67, 0x2d, 0, 0, 0, 99]);
        using (var large = File.Create(_folder["many/f-large"]))
        {
            large.SetLength(2L << 30);
        }

        var lines = await MetadataProcess.RunJsonAsync(1, "show", _folder["many"]);
        var text = await ToolProcess.RunAsync("metadata", "show", _folder["many"]);

        lines.Select(static line => Path.GetFileName(line.File())).Should()
            .Equal("a-good", "b-cut", "c-empty", "d-text", "e-version", "f-large");
        lines.Select(static line => line.GetProperty("version").ValueKind == JsonValueKind.Null
            ? (int?)null : line.GetProperty("version").GetInt32()).Should().Equal(3, 3, null, null, 99, null);
        lines[0].Error().Should().BeNull();
        foreach (var line in lines[1..])
        {
            line.Error().Should().NotBeNullOrEmpty().And.NotContain("\n").And.NotContain("Exception");
            line.GetProperty("operators").GetArrayLength().Should().Be(0);
            line.GetProperty("checkpointId").ValueKind.Should().Be(JsonValueKind.Null);
        }

        lines[4].Error().Should().Contain("version 99");
        lines[5].Error().Should().Contain("longer than 1,073,741,824 bytes");
        text.ExitCode.Should().Be(1);
        text.Output.TrimEnd('\n').Should().Contain("a-good").And.NotContain("\n");
        text.Error.TrimEnd('\n').Split('\n').Should().HaveCount(5).And.OnlyContain(line => line.Contains("many/"));
    }

    [Fact]
    public async Task Show_MissingPathOrEmptyFolder_IsOneSentence()
    {
        (await ToolProcess.RunAsync("metadata", "show", _folder["nowhere"])).ShouldFail(ExitCodes.RunFailed).Should()
            .Contain(_folder["nowhere"]).And.Contain("no such file");
        (await ToolProcess.RunAsync("metadata", "show", _folder.Path)).ShouldFail(ExitCodes.RunFailed).Should()
            .Contain(_folder.Path).And.Contain("holds no file");
        (await MetadataProcess.RunJsonAsync(1, "show", _folder["nowhere"])).Single().Error().Should()
            .Be("There is no such file or folder.");
    }

    [Fact]
    public async Task Show_FolderOfCheckpoints_TakesTheirMetadataOnly()
    {
        Directory.CreateDirectory(_folder["root/flights/chk-7"]);
        File.WriteAllBytes(
            _folder["root/flights/chk-7/_metadata"],
            MetadataSamples.Ours(MetadataSamples.Metadata("1", new FileStateHandle("flights/x", 1))));
        File.WriteAllText(_folder["root/flights/chk-7/1-0-state"], "state");
        Directory.CreateSymbolicLink(_folder["root/circle"], _folder["root"]);

        var line = (await MetadataProcess.RunJsonAsync(0, "show", _folder["root"])).Single();

        line.File().Should().Be(_folder["root/flights/chk-7/_metadata"]);
        line.GetProperty("foreignPaths").GetArrayLength().Should().Be(0);
        line.GetProperty("properties").GetRawText().Should().Be("""{"kind":"Checkpoint","retention":"Always"}""");
    }

    [Theory]
    [InlineData("/etc/passwd", "outsideRoot")]
    [InlineData("flights/../../x", "parentSegment")]
    [InlineData("s3://bucket/x", "otherSystem")]
    public async Task Show_PathThatLeavesTheRoot_IsReported(string path, string reason)
    {
        Directory.CreateDirectory(_folder["flights/chk-7"]);
        File.WriteAllBytes(
            _folder["flights/chk-7/_metadata"],
            MetadataSamples.Ours(MetadataSamples.Metadata(
                "1", new FileStateHandle("flights/x", 1), new FileStateHandle(path, 1))));

        var line = (await MetadataProcess.RunJsonAsync(0, "show", _folder["flights/chk-7"])).Single();
        var text = await MetadataProcess.RunTextAsync("show", _folder["flights/chk-7"]);

        line.GetProperty("foreignPaths").EnumerateArray().Should().ContainSingle().Which.GetProperty("reason")
            .GetString().Should().Be(reason);
        text.Should().Contain("1 path does not stay below").And.Contain($"'{path}'");
    }

    [Fact]
    public async Task Show_LinkThatLeadsOut_IsReportedWhoeverNamesIt()
    {
        Directory.CreateDirectory(_folder["root/flights/chk-7"]);
        File.WriteAllText(_folder["outside"], "");
        File.WriteAllText(_folder["root/flights/real"], "");
        File.CreateSymbolicLink(_folder["root/flights/linked"], _folder["outside"]);
        File.CreateSymbolicLink(_folder["root/flights/inside"], "real");
        File.WriteAllBytes(
            _folder["root/flights/chk-7/_metadata"],
            MetadataSamples.Ours(MetadataSamples.Metadata(
                "1",
                new FileStateHandle("flights/linked", 1),
                new FileStateHandle($"file:{_folder["root/flights/linked"]}", 1),
                new FileStateHandle($"{_folder["root"]}/flights/real", 1),
                new FileStateHandle($"{_folder["root"]}/a\\..\\b", 1),
                new FileStateHandle("flights/inside", 1))));

        var line = (await MetadataProcess.RunJsonAsync(0, "show", _folder["root"])).Single();

        line.GetProperty("foreignPaths").EnumerateArray().Select(static foreign =>
            (foreign.GetProperty("path").GetString(), foreign.GetProperty("reason").GetString())).Should().Equal(
                ("flights/linked", "symbolicLink"), ($"file:{_folder["root/flights/linked"]}", "symbolicLink"));
    }

    [Fact]
    public async Task Show_RootIsTheFileSystems_AcceptsEveryLocalPath()
    {
        File.WriteAllBytes(_folder["a"], MetadataSamples.Flink("/x", "file:/y", "hdfs:/z"));

        var line = (await MetadataProcess.RunJsonAsync(0, "show", _folder["a"], "--root", "/")).Single();

        line.GetProperty("foreignPaths").EnumerateArray().Should().ContainSingle().Which.GetProperty("path")
            .GetString().Should().Be("hdfs:/z");
    }

    private static string Unescape(string json)
    {
        var result = new StringBuilder();
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] == '\\' && json[i + 1] == 'u')
            {
                result.Append((char)Convert.ToInt32(json.Substring(i + 2, 4), 16));
                i += 5;
            }
            else
            {
                result.Append(json[i]);
            }
        }

        return result.ToString();
    }
}
