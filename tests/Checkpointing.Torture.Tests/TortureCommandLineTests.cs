using System.Text.Json;

namespace Checkpointing.Torture.Tests;

public sealed class TortureCommandLineTests
{
    [Fact]
    public void Fuzz_AsJson_PrintsOneLineWithCountersAndPasses()
    {
        var (exitCode, output) = Run("fuzz", "--inputs", "200", "--seed", "3", "--json");

        exitCode.Should().Be(0);
        output.TrimEnd().Should().NotContain("\n");
        var report = JsonDocument.Parse(output).RootElement;
        report.GetProperty("command").GetString().Should().Be("fuzz");
        report.GetProperty("seed").GetInt32().Should().Be(3);
        report.GetProperty("passed").GetBoolean().Should().BeTrue();
        report.GetProperty("counters").GetProperty("inputs").GetInt32().Should().Be(200);
        report.GetProperty("failures").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public void Fuzz_Replay_ChecksOneInput()
    {
        var (exitCode, output) = Run("fuzz", "--replay", "3:17");

        exitCode.Should().Be(0);
        output.Should().StartWith("fuzz, seed 3: passed").And.Contain("  inputs: 1\n");
    }

    [Fact]
    public void SharpFuzz_DryRun_FeedsTheCorpusThroughTheHarness()
    {
        var (exitCode, output) = Run("sharpfuzz", "--dry-run", "--json");

        exitCode.Should().Be(0);
        var counters = JsonDocument.Parse(output).RootElement.GetProperty("counters");
        counters.GetProperty("inputs").GetInt32().Should().BeGreaterThan(50);
        counters.GetProperty("read").GetInt32().Should().BeGreaterThan(50);
    }

    [Fact]
    public void Report_WithAFailure_ExitsWithOneAndNamesTheReplay()
    {
        var report = new TortureReport("fuzz", 5);
        report.Add(new("it broke", "run it again"));

        report.ExitCode.Should().Be(1);
        var failure = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("failures")[0];
        failure.GetProperty("What").GetString().Should().Be("it broke");
        failure.GetProperty("Replay").GetString().Should().Be("run it again");
    }

    private static (int ExitCode, string Output) Run(params string[] args)
    {
        var output = new StringWriter { NewLine = "\n" };
        var exitCode = TortureCommandLine.Run(args, output);
        return (exitCode, output.ToString());
    }
}
