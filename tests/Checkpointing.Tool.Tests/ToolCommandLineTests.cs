namespace Checkpointing.Tool.Tests;

/// <summary>Whatever is wrong is told in one sentence, with an exit code, and leaves nothing behind.</summary>
public class ToolCommandLineTests
{
    [Theory]
    [InlineData("")]
    [InlineData("domo")]
    [InlineData("demo --bogus")]
    [InlineData("demo extra")]
    [InlineData("demo --backend redis")]
    [InlineData("demo --snapshots some")]
    [InlineData("demo --store etcd")]
    [InlineData("demo --store zookeeper")]
    [InlineData("demo --zookeeper localhost:2181")]
    [InlineData("demo --store zookeeper --zookeeper localhost:port")]
    [InlineData("demo --store zookeeper --zookeeper localhost:2181/a//b")]
    [InlineData("demo --generations 0")]
    [InlineData("demo --generations three")]
    [InlineData("demo --generations")]
    [InlineData("demo --parallelism 0")]
    [InlineData("demo --parallelism 129")]
    [InlineData("demo --parallelism 2,x,1")]
    [InlineData("demo --parallelism 2,3")]
    [InlineData("demo --interval 9")]
    [InlineData("demo --replays 0")]
    [InlineData("demo --replays 1 --replays 2")]
    [InlineData("demo --seed -1")]
    [InlineData("demo --resume")]
    [InlineData("demo --input /no/such/file.csv")]
    public async Task Run_WrongCommandLine_IsOneSentenceAndExitCode2(string arguments)
    {
        var result = await ToolProcess.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        result.ShouldFail(ExitCodes.Usage);
        result.Output.Should().BeEmpty();
    }

    [Fact]
    public async Task Run_Help_NamesEveryOption()
    {
        var result = await ToolProcess.RunAsync("demo", "--help");

        result.ExitCode.Should().Be(ExitCodes.Success);
        result.Error.Should().BeEmpty();
        result.Output.Should().ContainAll(
            "--dir", "--backend", "--snapshots", "--store", "--zookeeper", "--generations", "--parallelism",
            "--interval",
            "--resume", "--replays", "--output", "--json", "--seed", "--input");
    }
}
