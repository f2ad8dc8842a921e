using System.Globalization;
using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Servers;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>One server for a class of tests that do not harm it; each client has a part of the tree of its
/// own.</summary>
public sealed class ZooKeeperServerFixture : IAsyncLifetime
{
    private ZooKeeperServer? _server;
    private int _lastFolder;

    /// <summary>The server; a test that asks for it is skipped where none is installed.</summary>
    public ZooKeeperServer Server
    {
        get
        {
            ZooKeeperInTests.RequireInstalled();
            return _server!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (ZooKeeperServer.IsInstalled)
        {
            _server = await ZooKeeperServer.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>A connection string with a part of the tree that nobody has used.</summary>
    internal string NewRoot() =>
        $"{Server.Address}/test-{Interlocked.Increment(ref _lastFolder).ToString(CultureInfo.InvariantCulture)}";

    internal ZooKeeperClient Connect()
    {
        var client = new ZooKeeperClient(ServerList.Parse(NewRoot()), new());
        client.EnsurePathAsync("/", CancellationToken.None).GetAwaiter().GetResult();
        return client;
    }
}
