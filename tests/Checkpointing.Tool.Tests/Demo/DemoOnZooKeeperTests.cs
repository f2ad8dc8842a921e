using System.Text.Json;
using Checkpointing.ZooKeeper.Servers;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.Tool.Tests.Demo;

public sealed class DemoOnZooKeeperTests
{
    [Fact]
    public async Task Demo_ListInZooKeeper_RunsAndIsTakenUpAgainAfterTheServerWasKilled()
    {
        await using var server = await ZooKeeperInTests.StartServerAsync();
        using var folder = new TemporaryFolder();
        string[] arguments =
        [
            "demo", "--store", "zookeeper", "--zookeeper", server.Address + "/somewhere", "--dir", folder["demo"],
            "--json",
        ];

        Minutes(await ToolProcess.RunAsync([.. arguments, "--generations", "2"])).Should().Be(154_078);
        Directory.GetDirectories(folder["demo/checkpoints"], "register", SearchOption.AllDirectories).Should()
            .BeEmpty("the lists are in ZooKeeper");
        await server.KillAsync();
        await server.LaunchAsync();
        Minutes(await ToolProcess.RunAsync([.. arguments, "--generations", "3", "--resume"])).Should().Be(154_078);
    }

    [Fact]
    public async Task Demo_NoServerThere_SaysWhichInOneSentence()
    {
        using var folder = new TemporaryFolder();
        var result = await ToolProcess.RunAsync(
            "demo", "--store", "zookeeper", "--zookeeper", $"127.0.0.1:{ZooKeeperServer.FreePort()}", "--dir",
            folder["demo"]);

        result.ShouldFail(result.ExitCode).Should().Contain("was not reached").And.Contain("Check the servers");
        result.ExitCode.Should().NotBe(ExitCodes.Success);
    }

    private static long Minutes(ToolResult result)
    {
        result.ExitCode.Should().Be(ExitCodes.Success, "standard error was: {0}", result.Error);
        return JsonDocument.Parse(result.Output).RootElement.GetProperty("origins").EnumerateArray()
            .Sum(static origin => origin.GetProperty("totalDelayMinutes").GetInt64());
    }
}
