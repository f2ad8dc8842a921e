using Checkpointing.ZooKeeper.Servers;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>Servers for tests: where none is installed a test is skipped and says so, unless the variable
/// <c>CHECKPOINTING_ZOOKEEPER</c> is <c>required</c>.</summary>
internal static class ZooKeeperInTests
{
    /// <summary>Skips the test where no server is installed. For tests alone: a fixture that skips has
    /// failed.</summary>
    internal static void RequireInstalled()
    {
        if (ZooKeeperServer.IsInstalled)
        {
            return;
        }

        if (Environment.GetEnvironmentVariable("CHECKPOINTING_ZOOKEEPER") == "required")
        {
            throw new InvalidOperationException(ZooKeeperServer.NotInstalled);
        }

        Assert.Skip(ZooKeeperServer.NotInstalled);
    }

    /// <summary>Starts a server that stands alone, or skips the test.</summary>
    internal static Task<ZooKeeperServer> StartServerAsync(params string[] flags)
    {
        RequireInstalled();
        return ZooKeeperServer.StartAsync(flags);
    }
}
