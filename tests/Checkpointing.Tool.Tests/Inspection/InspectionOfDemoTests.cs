using System.Text.Json;

namespace Checkpointing.Tool.Tests.Inspection;

/// <summary>Every command that reads, as a process, on what the demo stored: people's text and JSON.</summary>
public sealed class InspectionOfDemoTests(DemoStore store) : IClassFixture<DemoStore>
{
    [Fact]
    public async Task ListShowLsStats_SameCheckpoint_GiveTheSameNumbers()
    {
        var list = await DemoStore.JsonAsync(ExitCodes.Success, "list", store.Root);
        var newest = list[^1];
        var path = Path.Combine(store.Root, newest.GetProperty("path").GetString()!);
        var show = (await DemoStore.JsonAsync(ExitCodes.Success, "show", path))[0];
        var ls = await DemoStore.JsonAsync(ExitCodes.Success, "ls", path);
        var stats = (await DemoStore.JsonAsync(ExitCodes.Success, "stats", store.Root))[0];

        list.Select(static one => one.GetProperty("status").GetString()).Should().OnlyContain(one => one == "retained");
        foreach (var name in new[] { "bytes", "newBytes", "files", "checkpointId" })
        {
            show.GetProperty(name).GetInt64().Should().Be(newest.GetProperty(name).GetInt64(), name);
        }

        ls.Sum(static file => file.GetProperty("bytes").GetInt64()).Should().Be(newest.GetProperty("bytes").GetInt64());
        ls.Should().HaveCount(newest.GetProperty("files").GetInt32());
        foreach (var file in ls)
        {
            var stored = new FileInfo(Path.Combine(store.Root, file.GetProperty("path").GetString()!));
            stored.Length.Should().Be(file.GetProperty("bytes").GetInt64());
        }

        stats.GetProperty("jobs").EnumerateArray().SelectMany(static job => job.GetProperty("checkpoints")
            .EnumerateArray())
            .Single(one => one.GetProperty("path").GetString() == newest.GetProperty("path").GetString())
            .GetProperty("bytes").GetInt64().Should().Be(newest.GetProperty("bytes").GetInt64());
        show.GetProperty("operators").EnumerateArray().Select(static one => one.GetProperty("name").GetString())
            .Should().Contain(["flights", "totals", "daily-mean"]);
    }

    [Fact]
    public async Task WhyVerifyOrphansGc_IntactStore_FindNothing()
    {
        var files = Directory.EnumerateFiles(store.Root, "*", SearchOption.AllDirectories)
            .Where(static file => file.Contains("/shared/")).ToList();

        var why = (await DemoStore.JsonAsync(ExitCodes.Success, "why", files[0]))[0];
        var verify = await DemoStore.JsonAsync(ExitCodes.Success, "verify", store.Root, "--deep");
        var orphans = (await DemoStore.JsonAsync(ExitCodes.Success, "orphans", store.Root))[0];
        var gc = (await DemoStore.JsonAsync(ExitCodes.Success, "gc", store.Root))[0];

        why.GetProperty("orphan").GetBoolean().Should().BeFalse();
        why.GetProperty("neededBy").EnumerateArray().Should().NotBeEmpty();
        verify.Should().HaveCount(2).And.OnlyContain(static one => one.GetProperty("ok").GetBoolean());
        orphans.GetProperty("files").GetArrayLength().Should().Be(0);
        gc.GetProperty("applied").GetBoolean().Should().BeFalse();
    }

    [Fact]
    public async Task StateDump_Totals_AreTheDemosOwn()
    {
        var path = await NewestAsync();
        var states = await DemoStore.JsonAsync(ExitCodes.Success, "state", path);
        var totals = await DemoStore.JsonAsync(ExitCodes.Success, "dump", path, "--operator", "totals", "--state",
            "totals");
        var limited = await DemoStore.JsonAsync(
            ExitCodes.Success, "dump", path, "--operator", "totals", "--state", "totals", "--limit", "3");
        var position = await DemoStore.JsonAsync(
            ExitCodes.Success, "dump", path, "--operator", "flights", "--state", "position");

        totals.Should().HaveCount(220, "so many origins there are");
        limited.Select(Text).Should().Equal(totals.Take(3).Select(Text));
        totals.Select(static row => row.GetProperty("keyGroup").GetInt32()).Should().BeInAscendingOrder();
        totals.Should().OnlyContain(static row => row.GetProperty("value").GetString()!.StartsWith("0x"));
        states.Single(static one => one.GetProperty("operator").GetString() == "totals"
            && one.GetProperty("name").GetString() == "totals").GetProperty("entries").GetInt64().Should().Be(220);
        position.Should().ContainSingle().Which.GetProperty("value").GetInt64().Should().BePositive();
    }

    [Fact]
    public async Task Dump_Csv_HasAHeaderAndALineAnEntry()
    {
        var result = await ToolProcess.RunAsync(
            "dump", await NewestAsync(), "--operator", "totals", "--state", "totals", "--format", "csv");

        result.ExitCode.Should().Be(ExitCodes.Success, result.Error);
        var lines = result.Output.TrimEnd().Split("\r\n");
        lines.Should().HaveCount(221);
        lines[0].Should().Be("keyGroup,key,namespace,value");
        lines[1].Split(',').Should().HaveCount(4);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("stats")]
    [InlineData("pins")]
    [InlineData("orphans")]
    [InlineData("gc")]
    [InlineData("verify")]
    public async Task AnyCommand_Piped_IsPlainText(string command)
    {
        var result = await ToolProcess.RunAsync(command, store.Root);

        result.ExitCode.Should().Be(ExitCodes.Success, result.Error);
        result.Output.Should().NotBeEmpty().And.NotContain("\u001b").And.NotContain("\r");
        result.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Diff_OneWithItself_IsEqual_WithAnother_IsNot()
    {
        var list = await DemoStore.JsonAsync(ExitCodes.Success, "list", store.Root);
        var paths = list.Select(one => Path.Combine(store.Root, one.GetProperty("path").GetString()!)).ToList();

        var same = (await DemoStore.JsonAsync(ExitCodes.Success, "diff", paths[0], paths[0]))[0];
        var other = (await DemoStore.JsonAsync(ExitCodes.Problem, "diff", paths[0], paths[1]))[0];

        same.GetProperty("equal").GetBoolean().Should().BeTrue();
        (other.GetProperty("added").GetProperty("bytes").GetInt64()
            + other.GetProperty("common").GetProperty("bytes").GetInt64())
            .Should().Be(list[1].GetProperty("bytes").GetInt64()
                - new FileInfo(Path.Combine(paths[1], "_metadata")).Length);
    }

    [Theory]
    [InlineData(2, "list")]
    [InlineData(2, "gc", "/nowhere", "--job", "a/b")]
    [InlineData(2, "verify", "/nowhere", "--sample", "0%")]
    [InlineData(2, "list", "s3://bucket/x")]
    [InlineData(2, "dump", "/nowhere", "--operator", "x")]
    [InlineData(2, "completions", "cmd")]
    [InlineData(3, "list", "/nowhere")]
    [InlineData(3, "verify", "/nowhere")]
    [InlineData(3, "state", "/nowhere/chk-1")]
    [InlineData(1, "show", "/nowhere/chk-1")]
    public async Task AnyCommand_ThatCannotBe_IsOneSentenceAndAnExitCode(int exitCode, params string[] arguments) =>
        (await ToolProcess.RunAsync(arguments)).ShouldFail(exitCode);

    [Fact]
    public async Task Forget_WithoutARule_IsAUsageError() =>
        (await ToolProcess.RunAsync("forget", store.Root, "--job", "flights-1")).ShouldFail(ExitCodes.Usage)
            .Should().Contain("Say what to keep");

    [Theory]
    [InlineData("bash", "complete -o filenames -F _checkpoints checkpoints")]
    [InlineData("zsh", "compdef _checkpoints checkpoints")]
    [InlineData("fish", "complete -c checkpoints")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public async Task Completions_Shell_IsAScriptThatAsksTheTool(string shell, string line)
    {
        var script = await ToolProcess.RunAsync("completions", shell);
        var asked = await ToolProcess.RunAsync("[suggest:14]", "checkpoints ve");

        script.Output.Should().Contain(line).And.Contain("[suggest:");
        asked.Output.Split('\n').Should().Contain("verify");
    }

    private static string Text(JsonElement json) => json.GetRawText();

    private async Task<string> NewestAsync()
    {
        var list = await DemoStore.JsonAsync(ExitCodes.Success, "list", store.Root);
        return Path.Combine(store.Root, list[^1].GetProperty("path").GetString()!);
    }
}
