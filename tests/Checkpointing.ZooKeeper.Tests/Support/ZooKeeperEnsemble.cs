using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Checkpointing.ZooKeeper.Servers;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>Three real servers that elect a leader; each is a process that can be killed, stopped and started
/// again.</summary>
public sealed class ZooKeeperEnsemble : IAsyncLifetime
{
    private const int MaxStarts = 3;
    private const int MemberCount = 3;

    private readonly HashSet<ZooKeeperServer> _stopped = [];
    private List<ZooKeeperServer> _members = [];

    /// <summary>The servers; a test that asks for them is skipped where none is installed.</summary>
    public IReadOnlyList<ZooKeeperServer> Members
    {
        get
        {
            ZooKeeperInTests.RequireInstalled();
            return _members;
        }
    }

    /// <summary>All members, as a connection string.</summary>
    public string Address => string.Join(',', Members.Select(static member => member.Address));

    public async ValueTask InitializeAsync()
    {
        if (!ZooKeeperServer.IsInstalled)
        {
            return;
        }

        for (var start = 1; ; start++)
        {
            _members = [.. Configure()];
            try
            {
                await HealAsync();
                return;
            }
            catch (InvalidOperationException) when (start < MaxStarts)
            {
                // Somebody else took one of the ports meanwhile.
                await DisposeAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.DisposeAsync();
        }
    }

    /// <summary>Starts what was killed, continues what was stopped, and waits until all three serve.</summary>
    public async Task HealAsync()
    {
        foreach (var member in Members)
        {
            Continue(member);
            if (!member.IsRunning)
            {
                await member.LaunchAsync(isServing: false);
            }
        }

        foreach (var member in _members)
        {
            await member.WaitUntilServingAsync();
        }

        await LeaderAsync();
        await Eventually.IsTrueAsync(
            async () => (await ModesAsync()).Count(static mode => mode.Mode == "follower") == MemberCount - 1,
            "the two others follow");
    }

    /// <summary>Waits until one of those that are neither killed nor stopped leads.</summary>
    public async Task<ZooKeeperServer> LeaderAsync()
    {
        ZooKeeperServer? leader = null;
        await Eventually.IsTrueAsync(
            async () => (leader = (await ModesAsync()).FirstOrDefault(static mode => mode.Mode == "leader").Member)
                is not null,
            "a server leads");
        return leader!;
    }

    /// <summary>SIGSTOP, until <see cref="Continue"/>.</summary>
    public void Stop(ZooKeeperServer member)
    {
        member.Stop();
        _stopped.Add(member);
    }

    /// <summary>SIGCONT, if it was stopped.</summary>
    public void Continue(ZooKeeperServer member)
    {
        if (_stopped.Remove(member))
        {
            member.Continue();
        }
    }

    private async Task<(ZooKeeperServer Member, string? Mode)[]> ModesAsync() =>
        await Task.WhenAll(_members.Where(member => member.IsRunning && !_stopped.Contains(member))
            .Select(static async member => (member, await member.ModeAsync())));

    private static IEnumerable<ZooKeeperServer> Configure()
    {
        var ports = FreePorts(3 * MemberCount);
        var servers = string.Concat(Enumerable.Range(1, MemberCount).Select(id => string.Create(
            CultureInfo.InvariantCulture,
            $"server.{id}=127.0.0.1:{ports[MemberCount + id - 1]}:{ports[(2 * MemberCount) + id - 1]}\n")));
        for (var id = 1; id <= MemberCount; id++)
        {
            var folder = Directory.CreateTempSubdirectory("zookeeper-").FullName;
            File.WriteAllText(Path.Combine(folder, "myid"), id.ToString(CultureInfo.InvariantCulture));
            yield return new(
                folder, ports[id - 1], "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                ZooKeeperServer.Config(folder, ports[id - 1]) + servers, ["-Dreadonlymode.enabled=true"]);
        }
    }

    // All are held until the last is found: else one could come twice.
    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            listeners.ForEach(static listener => listener.Start());
            return [.. listeners.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(static listener => listener.Dispose());
        }
    }
}
