using System.Globalization;
using System.Runtime.CompilerServices;
using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

/// <summary>Sessions are lost one after another: no watch, socket or task may stay.</summary>
/// <remarks>Alone, for it counts the process's sockets. <c>CHECKPOINTING_ZOOKEEPER_LOSSES</c> sets how many; default
/// 50.</remarks>
[Collection(nameof(Alone))]
public sealed class SessionLossSoakTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly string _root = fixture.NewRoot();
    private readonly List<WeakReference> _rounds = [];

    private static int Losses => int.Parse(
        Environment.GetEnvironmentVariable("CHECKPOINTING_ZOOKEEPER_LOSSES") ?? "50", CultureInfo.InvariantCulture);

    [Fact]
    public async Task SessionsLostInARow_NothingStays()
    {
        await using var election = new ZooKeeperLeaderElection(
            new() { ConnectionString = _root, SessionTimeout = s_deadline, RequestTimeout = 2 * s_deadline },
            "job", "soak");
        await RunAsync(election, 3);
        var sockets = Sockets();
        await RunAsync(election, Losses);

        await election.WaitAsync(CancellationToken.None);
        election.Client.WatchCount.Should().Be(1, "the leader watches its own node, and nothing else is left");
        await Eventually.IsTrueAsync(() => Sockets() <= sockets + 1, $"no socket stays; there were {sockets}");
        await Eventually.IsTrueAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return _rounds.Count(static round => round.IsAlive) <= 6;
            },
            "connections, leaderships and watches of lost sessions are garbage");
    }

    private async Task RunAsync(ZooKeeperLeaderElection election, int losses)
    {
        for (var i = 0; i < losses; i++)
        {
            await LoseOnceAsync(election);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task LoseOnceAsync(ZooKeeperLeaderElection election)
    {
        var leadership = await election.WaitAsync(CancellationToken.None).WaitAsync(s_deadline);
        using var watch = new ZooKeeperWatch();
        await election.Client.ExistsAsync("/nothing", watch);
        var session = election.Client.SessionSecret;

        // A connection holds its session until it is over.
        _rounds.AddRange([new(session), new(leadership), new(watch)]);
        await SessionExpiry.ForceAsync(fixture.Server.Address, session);
        (await watch.Fired.WaitAsync(s_deadline)).Should().Be(WatchEventType.SessionLost);
        await Eventually.IsTrueAsync(() => leadership.Lost.IsCancellationRequested, "leadership is lost");
    }

    private static int Sockets() => new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos()
        .Count(static file => file.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    /// <summary>Not beside other tests.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
