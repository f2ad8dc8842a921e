using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting;
using Checkpointing.RocksDb;
using Checkpointing.Storage.Local;
using Checkpointing.Tool.Demo;
using Checkpointing.Tool.Tests.Demo;
using Checkpointing.Tool.Tests.Metadata;

namespace Checkpointing.Tool.Tests.Inspection;

/// <summary>Commands that change something, or find something, each on a store of its own: damaged, left by a killed
/// process, copied, claimed, beside a running job; and on Flink's metadata.</summary>
public sealed class CareOfStoresTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Root => _folder["checkpoints"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Verify_DamagedFile_IsNamedWithTheNewestGood()
    {
        await RunDemoAsync();
        var path = await NewestAsync();
        var file = (await DemoStore.JsonAsync(ExitCodes.Success, "ls", path))
            .First(static one => one.GetProperty("scope").GetString() == "shared").GetProperty("path").GetString()!;
        var full = Path.Combine(Root, file);
        var bytes = await File.ReadAllBytesAsync(full);
        File.Delete(full);
        bytes[bytes.Length / 2] ^= 4;
        await File.WriteAllBytesAsync(full, bytes);

        var found = (await DemoStore.JsonAsync(ExitCodes.Problem, "verify", path))[0];
        var text = await ToolProcess.RunAsync("verify", path);

        found.GetProperty("ok").GetBoolean().Should().BeFalse();
        var problem = found.GetProperty("problems").EnumerateArray().Should().ContainSingle().Subject;
        problem.GetProperty("file").GetString().Should().Be(file);
        problem.GetProperty("problem").GetString().Should().Be("wrongContent");
        text.Output.Should().Contain(file).And.Contain("No other checkpoint of its list is without a problem.");
    }

    [Fact]
    public async Task EveryCommand_AfterAKill_WorksAndGcBehindTheFenceLeavesWhatTheNextRunNeeds()
    {
        string[] demo = ["demo", "--dir", _folder.Path, "--interval", "15", "--replays", "8", "--json"];
        using (var process = ToolProcess.Start(demo))
        {
            while (!process.HasExited && !Directory.Exists(Root)
                || !Directory.EnumerateFiles(Root, "_metadata", SearchOption.AllDirectories).Skip(1).Any())
            {
                await process.WaitAtMostAsync(TimeSpan.FromMilliseconds(20));
            }

            process.Kill();
        }

        await DemoStore.JsonAsync(ExitCodes.Success, "list", Root);
        await DemoStore.JsonAsync(ExitCodes.Success, "verify", Root);
        var gentle = (await DemoStore.JsonAsync(ExitCodes.Success, "gc", Root, "--apply"))[0];
        var fenced = (await DemoStore.JsonAsync(ExitCodes.Success, "gc", Root, "--apply", "--fence"))[0];
        var left = (await DemoStore.JsonAsync(ExitCodes.Success, "orphans", Root))[0];
        var verified = await DemoStore.JsonAsync(ExitCodes.Success, "verify", Root, "--deep");

        gentle.GetProperty("deletedFiles").GetInt32().Should().Be(0, "the killed process had the present epoch");
        fenced.GetProperty("failed").GetInt32().Should().Be(0);
        left.GetProperty("current").GetProperty("files").GetInt32().Should().Be(0);
        verified.Should().NotBeEmpty();
        var resumed = await ToolProcess.RunAsync([.. demo, "--resume"]);
        resumed.ExitCode.Should().Be(ExitCodes.Success, resumed.Error);
        DemoRun.ShouldBeRight(DemoJson.Read(resumed.Output), 8);
    }

    [Fact]
    public async Task Copy_Checkpoint_IsASavepointThatEveryCommandReads()
    {
        await RunDemoAsync();
        var original = await NewestAsync();
        var target = _folder["backup/mine"];

        await DemoStore.JsonAsync(ExitCodes.Success, "copy", original, target);
        Directory.Delete(Root, recursive: true);

        (await DemoStore.JsonAsync(ExitCodes.Success, "list", _folder["backup"])).Should().ContainSingle()
            .Which.GetProperty("status").GetString().Should().Be("savepoint");
        (await DemoStore.JsonAsync(ExitCodes.Success, "verify", target, "--deep"))[0].GetProperty("ok").GetBoolean()
            .Should().BeTrue();
        (await DemoStore.JsonAsync(ExitCodes.Success, "dump", target, "--operator", "totals", "--state", "totals"))
            .Should().HaveCount(220);
        (await DemoStore.JsonAsync(ExitCodes.Success, "ls", target)).Should().NotBeEmpty();
        (await ToolProcess.RunAsync("copy", target, target)).ShouldFail(ExitCodes.Problem).Should()
            .Contain("exists already");
    }

    [Fact]
    public async Task EveryCommand_BesideARunningJobThatClaimedAnother_IsSafe()
    {
        var report = await RunDemoAsync();
        using var storage = new LocalCheckpointStorage(Root);
        var input = FlightInput.Load(ExpectedFlights.InputPath);
        var job = FlightsJob.Define(input, DemoRun.OptionsIn(_folder), null, new SourceProgress());
        await using var host = new InProcessHostBuilder(storage)
            .WithBackend(new RocksDbBackendFactory(new() { WorkingDirectory = _folder["claimer"] })).Build();
        await using var run = await host.StartAsync(
            job,
            new()
            {
                Name = "claimer", ResumeFrom = report.Generations[^1].CheckpointPath, ClaimMode = ClaimMode.Claim,
                Retention = CheckpointRetention.OnCancellation, FinishAtEndOfInput = false,
            },
            TestContext.Current.CancellationToken);
        await run.TriggerCheckpointAsync(TestContext.Current.CancellationToken);

        var pins = (await DemoStore.JsonAsync(ExitCodes.Success, "pins", Root))[0];
        await DemoStore.JsonAsync(ExitCodes.Success, "gc", Root, "--apply");
        await DemoStore.JsonAsync(
            ExitCodes.Success, "forget", Root, "--job", "claimer", "--keep-last", "1", "--apply");
        var next = await run.TriggerCheckpointAsync(TestContext.Current.CancellationToken);
        await run.CancelAsync(TestContext.Current.CancellationToken);

        pins.GetProperty("claims").EnumerateArray().Select(static claim => claim.GetProperty("claimedBy").GetString())
            .Should().Contain("claimer");
        var list = await DemoStore.JsonAsync(ExitCodes.Success, "list", Root, "--job", "claimer");
        list.Select(static one => one.GetProperty("path").GetString()).Should().Contain(next.Path);
        (await DemoStore.JsonAsync(ExitCodes.Success, "verify", Root, "--deep")).Should().OnlyContain(
            static one => one.GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task FlinkMetadata_ShowLsDiffWork_OthersSayWhyNot()
    {
        var folder = FlinkFiles.FolderOrSkip("flink-metadata");
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(static file => file.EndsWith(".metadata") && !Path.GetFileName(file).StartsWith("v0"))
            .Order(StringComparer.Ordinal).DistinctBy(static file => Path.GetFileName(file)[..2]).ToList();
        files.Should().HaveCountGreaterThan(1, "there is one of each version");
        foreach (var file in files)
        {
            (await DemoStore.JsonAsync(ExitCodes.Success, "show", file))[0].GetProperty("status").GetString()
                .Should().Be("flink");
            await DemoStore.JsonAsync(ExitCodes.Success, "ls", file);
            await DemoStore.JsonAsync(ExitCodes.Success, "diff", file, file);
        }
    }

    [Theory]
    [InlineData("verify", "flink/chk-1")]
    [InlineData("verify", ".")]
    [InlineData("orphans", ".")]
    [InlineData("gc", ".", "--apply")]
    [InlineData("gc", ".", "--job", "flink", "--fence", "--apply")]
    [InlineData("forget", ".", "--keep-last", "0", "--apply")]
    [InlineData("why", "flink/chk-1/_metadata")]
    [InlineData("tag", "flink/chk-1", "keep")]
    [InlineData("state", "flink/chk-1")]
    [InlineData("dump", "flink/chk-1", "--operator", "o", "--state", "s")]
    [InlineData("copy", "flink/chk-1", "out")]
    public async Task FlinkMetadata_CommandThatCannotCareForIt_SaysWhyNotInOneSentenceAndChangesNothing(
        string command, string path, params string[] options)
    {
        var folder = FlinkFiles.FolderOrSkip("flink-metadata");
        var copied = Path.Combine(Directory.CreateDirectory(_folder["flink/chk-1"]).FullName, "_metadata");
        File.Copy(Path.Combine(folder, "v3-021.metadata"), copied);
        var before = await File.ReadAllBytesAsync(copied);

        var said = (await ToolProcess.RunAsync(
            [command, _folder[path], .. options.Select(one => one == "out" ? _folder[one] : one)]))
            .ShouldFail(ExitCodes.Problem);

        said.Should().Contain("Flink").And.EndWith(".");
        Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Should().Equal(copied);
        (await File.ReadAllBytesAsync(copied)).Should().Equal(before);
    }

    [Fact]
    public async Task FlinkMetadata_AmongOurs_IsPassedOverAndSaidSo()
    {
        var folder = FlinkFiles.FolderOrSkip("flink-metadata");
        await RunDemoAsync();
        Directory.CreateDirectory(Path.Combine(Root, "flink", "chk-1"));
        File.Copy(Path.Combine(folder, "v3-021.metadata"), Path.Combine(Root, "flink", "chk-1", "_metadata"));

        foreach (var command in new[] { "verify", "gc", "orphans" })
        {
            var result = await ToolProcess.RunAsync(command, Root);
            result.ExitCode.Should().Be(ExitCodes.Success, result.Error);
            result.Error.Trim().Should().StartWith("1 checkpoint that Flink wrote: ").And.NotContain("\n");
            result.Output.Should().NotContain("flink/chk-1");
        }
    }

    private Task<DemoReport> RunDemoAsync() =>
        DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Generations = 2, Parallelism = [2] });

    private async Task<string> NewestAsync()
    {
        var list = await DemoStore.JsonAsync(ExitCodes.Success, "list", Root);
        return Path.Combine(Root, list[^1].GetProperty("path").GetString()!);
    }
}
