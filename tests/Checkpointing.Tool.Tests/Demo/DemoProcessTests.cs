using System.Diagnostics;
using System.Globalization;
using Checkpointing.Tool.Demo;

namespace Checkpointing.Tool.Tests.Demo;

/// <summary>The demo as processes of their own: what is printed, kills, two at once, bad folders.</summary>
public sealed class DemoProcessTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();

    // 1: what CI has time for.
    private static int Scale { get; } =
        int.TryParse(
            Environment.GetEnvironmentVariable("CHECKPOINTING_TEST_SCALE"), out var scale) ? Math.Max(1, scale) : 1;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Demo_Json_IsOneObjectAndNothingElse()
    {
        var result = await ToolProcess.RunAsync("demo", "--dir", _folder.Path, "--json");

        result.ExitCode.Should().Be(ExitCodes.Success, result.Error);
        result.Error.Should().BeEmpty();
        var report = DemoJson.Read(result.Output);
        DemoRun.ShouldBeRight(report);
        report.Output.Should().Be(_folder["daily.csv"]);
        Directory.Exists(Path.Combine(_folder["checkpoints"], report.Generations[2].CheckpointPath)).Should().BeTrue();
    }

    [Fact]
    public async Task Demo_Piped_IsPlainLines()
    {
        var result = await ToolProcess.RunAsync("demo", "--dir", _folder.Path, "--output", _folder["means.csv"]);

        result.ExitCode.Should().Be(ExitCodes.Success, result.Error);
        result.Error.Should().BeEmpty();
        result.Output.Should().NotContain("\u001b").And.NotContain("\r")
            .And.ContainAll("flights-1", "flights-2", "flights-3", "ORD", "means.csv", "220 origins");
        File.ReadLines(_folder["means.csv"]).Should().NotBeEmpty();
    }

    [Fact]
    public async Task Demo_KilledAtRandomMomentsAndResumed_GivesTheSame()
    {
        const int Replays = 5;
        const int Seed = 6964;
        var random = new Random(Seed);
        string[] arguments =
            ["demo", "--replays", $"{Replays}", "--interval", "20", "--parallelism", "2,3,1", "--json", "--resume"];
        var clock = Stopwatch.StartNew();
        using (var first = new TemporaryFolder())
        {
            (await ToolProcess.RunAsync([.. arguments, "--dir", first.Path])).ExitCode.Should().Be(ExitCodes.Success);
        }

        var wholeRun = clock.Elapsed;
        var left = 10 * Scale;
        var runs = 0;
        while (left > 0)
        {
            using var folder = new TemporaryFolder();
            var moments = new List<TimeSpan>();
            while (true)
            {
                using var process = ToolProcess.Start([.. arguments, "--dir", folder.Path]);
                if (left > 0)
                {
                    moments.Add(random.NextDouble() * wholeRun);
                    await process.WaitAtMostAsync(moments[^1]);
                    if (!process.HasExited)
                    {
                        left--;
                        process.Kill();
                        continue;
                    }
                }

                var result = await process.WaitAsync();
                var story = string.Create(
                    CultureInfo.InvariantCulture,
                    $"seed {Seed}, run {runs}, killed after {string.Join(", ", moments)}");
                result.ExitCode.Should().Be(ExitCodes.Success, "{0}: {1}", story, result.Error);
                DemoRun.ShouldBeRight(DemoJson.Read(result.Output), Replays);
                break;
            }

            runs++;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Demo_SecondProcessInTheFolder_FencesTheFirst(bool resume)
    {
        const int Replays = 30;
        string[] arguments = ["demo", "--dir", _folder.Path, "--interval", "20", "--replays", $"{Replays}", "--json"];
        using var older = ToolProcess.Start(arguments);
        await WaitForCheckpointAsync(older);
        using var newer = ToolProcess.Start(resume ? [.. arguments, "--resume"] : arguments);

        (await older.WaitAsync()).ShouldFail(ExitCodes.RunFailed).Should().Contain(
            "was taken over: this coordinator has epoch");
        var result = await newer.WaitAsync();
        result.ExitCode.Should().Be(ExitCodes.Success, result.Error);
        DemoRun.ShouldBeRight(DemoJson.Read(result.Output), Replays);
    }

    [Fact]
    public async Task Demo_Interrupted_StopsInOrderAndCanBeResumed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs the signal SIGINT.");
        string[] arguments = ["demo", "--dir", _folder.Path, "--interval", "20", "--replays", "10", "--json"];
        using var process = ToolProcess.Start(arguments);
        await WaitForCheckpointAsync(process);
        using (var kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        (await process.WaitAsync()).ShouldFail(ExitCodes.Interrupted).Should().Contain("--resume");
        var result = await ToolProcess.RunAsync([.. arguments, "--resume"]);
        result.ExitCode.Should().Be(ExitCodes.Success, result.Error);
        var report = DemoJson.Read(result.Output);
        report.Generations[0].RestoredFrom.Should().NotBeNull();
        DemoRun.ShouldBeRight(report, replays: 10);
    }

    [Fact]
    public async Task Demo_MalformedRow_NamesItAndTouchesNothing()
    {
        var rows = File.ReadAllLines(ExpectedFlights.InputPath);
        rows[15_000] = "2001/03/09 08:15,soon,500,ORD,LGA";
        File.WriteAllLines(_folder["bad.csv"], rows);
        await ToolProcess.RunAsync("demo", "--dir", _folder["run"], "--generations", "1");

        var result = await ToolProcess.RunAsync("demo", "--dir", _folder["run"], "--input", _folder["bad.csv"]);

        result.ShouldFail(ExitCodes.RunFailed).Should().Contain("Row 15001 of").And.Contain(
            "'2001/03/09 08:15,soon,500,ORD,LGA'");
        (await ToolProcess.RunAsync(
            "demo", "--dir", _folder["run"], "--generations", "1", "--resume")).ExitCode.Should().Be(0);
    }

    [Theory]
    [InlineData("--dir")]
    [InlineData("--output")]
    public async Task Demo_UnwritableFolder_IsOneSentence(string option)
    {
        File.WriteAllText(_folder["file"], "");
        string[] arguments = option == "--dir" ? ["--dir", _folder["file/below"]]
            : ["--dir", _folder["run"], "--output", _folder["file/below/daily.csv"]];

        (await ToolProcess.RunAsync(["demo", .. arguments])).ShouldFail(ExitCodes.RunFailed).Should()
            .Contain(_folder["file"]);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("cut")]
    [InlineData("flipped")]
    [InlineData("missing")]
    public async Task Demo_DamagedMetadata_IsOneSentenceAndNothingIsLost(string damage)
    {
        var run = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder));
        var path = Path.Combine(_folder["checkpoints"], run.Generations[2].CheckpointPath, "_metadata");
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        switch (damage)
        {
            case "garbage":
                File.WriteAllText(path, "no checkpoint");
                break;
            case "cut":
                File.WriteAllBytes(path, bytes[..^20]);
                break;
            case "flipped":
                File.WriteAllBytes(path, [.. bytes[..40], (byte)(bytes[40] ^ 1), .. bytes[41..]]);
                break;
        }

        (await ToolProcess.RunAsync("demo", "--dir", _folder.Path, "--resume")).ShouldFail(ExitCodes.RunFailed)
            .Should().Contain("_metadata");

        File.Delete(path);
        File.WriteAllBytes(path, bytes);
        DemoRun.ShouldBeRight(await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Resume = true }));
    }

    [Fact]
    public async Task Demo_DamagedStateFile_NamesTheFile()
    {
        var run = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Backend = DemoBackend.RocksDb });
        var path = new DirectoryInfo(Path.Combine(_folder["checkpoints"], "flights-3", "shared"))
            .EnumerateFiles("*", SearchOption.AllDirectories).MaxBy(static file => file.Length)!.FullName;
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.Delete(path);
        File.WriteAllBytes(path, bytes);

        (await ToolProcess.RunAsync("demo", "--dir", _folder.Path, "--resume")).ShouldFail(ExitCodes.RunFailed)
            .Should().Contain(Path.GetFileName(path));
        Directory.Exists(Path.Combine(_folder["checkpoints"], run.Generations[2].CheckpointPath)).Should().BeTrue();
    }

    private async Task WaitForCheckpointAsync(ToolProcess process)
    {
        var clock = Stopwatch.StartNew();
        var job = new DirectoryInfo(Path.Combine(_folder["checkpoints"], "flights-1"));
        while (!job.Exists || !job.EnumerateFiles("_metadata", SearchOption.AllDirectories).Any())
        {
            process.HasExited.Should().BeFalse("the first process still has work to do");
            clock.Elapsed.Should().BeLessThan(Deadline);
            await process.WaitAtMostAsync(TimeSpan.FromMilliseconds(10));
            job.Refresh();
        }
    }
}
