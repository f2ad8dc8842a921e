using Checkpointing.ZooKeeper.Servers;

namespace Checkpointing.Torture.Kills;

/// <summary>The ZooKeeper server of all jobs, which is killed at times.</summary>
/// <remarks>Safe for concurrent calls.</remarks>
internal sealed class KillServer : IAsyncDisposable
{
    private readonly ZooKeeperServer _server;
    private readonly SemaphoreSlim _turn = new(1);
    private int _begun;
    private int _over;

    private KillServer(ZooKeeperServer server) => _server = server;

    /// <summary>Where it listens.</summary>
    internal string Address => _server.Address;

    /// <summary>How often it was killed.</summary>
    internal int Outages => Volatile.Read(ref _begun);

    /// <summary>Outages that are over: as many as <see cref="Outages"/> while the server serves.</summary>
    internal int OutagesOver => Volatile.Read(ref _over);

    internal static async Task<KillServer> StartAsync() =>
        new(await ZooKeeperServer.StartAsync().ConfigureAwait(false));

    /// <summary>SIGKILL, and up again.</summary>
    internal async Task KillAndStartAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            Interlocked.Increment(ref _begun);
            await _server.KillAsync().ConfigureAwait(false);
            await _server.LaunchAsync().ConfigureAwait(false);
            Interlocked.Increment(ref _over);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync().ConfigureAwait(false);
        _turn.Dispose();
    }
}
