using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Servers;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

/// <summary>Connections cut, servers killed and paused, sessions lost: what the client makes of it.</summary>
public sealed class ConnectionLossTests : IAsyncLifetime
{
    private ZooKeeperServer _server = null!;
    private TcpRelay _relay = null!;
    private ZooKeeperClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ZooKeeperInTests.StartServerAsync();
        _relay = new(_server.Port);
        _client = Connect(TimeSpan.FromSeconds(20));
        await _client.CreateAsync("/a", new byte[] { 1 }, cancellationToken: Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _relay.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionCut_BetweenRequests_SessionWatchesAndEphemeralNodesGoOn()
    {
        var session = _client.SessionId;
        await _client.CreateAsync("/e", default, isEphemeral: true, cancellationToken: Cancellation);
        using var data = new ZooKeeperWatch();
        using var exists = new ZooKeeperWatch();
        using var children = new ZooKeeperWatch();
        await _client.GetDataAsync("/a", data, Cancellation);
        await _client.ExistsAsync("/b", exists, Cancellation);
        await _client.GetChildrenAsync("/", children, Cancellation);

        _relay.Refuse(true);
        await using (var other = new ZooKeeperClient(ServerList.Parse(_server.Address), new()))
        {
            await other.SetDataAsync("/a", new byte[] { 2 }, -1, Cancellation);
            await other.CreateAsync("/b", default, cancellationToken: Cancellation);
        }

        var reading = _client.GetDataAsync("/a", cancellationToken: Cancellation);
        _relay.Refuse(false);
        (await reading).Data.Should().Equal([2], "a read waits for the next connection");
        (await data.Fired.WaitAsync(Cancellation)).Should()
            .Be(WatchEventType.DataChanged, "it was missed and comes now");
        (await exists.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.NodeCreated);
        (await children.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.ChildrenChanged);
        _client.SessionId.Should().Be(session);
        (await _client.ExistsAsync("/e", cancellationToken: Cancellation))!.EphemeralOwner.Should().Be(session);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ConnectionCut_AtAChange_SaysThatItMayHaveHappened(bool isBefore)
    {
        _relay.CutAt(1, isBefore);
        var set = () => _client.SetDataAsync("/a", new byte[] { 2 }, 0, Cancellation);
        var failure = (await set.Should().ThrowAsync<ZooKeeperException>()).Which;
        failure.MayHaveHappened.Should().BeTrue();
        failure.Message.Should().Contain("/a").And.Contain("the answer was lost");
        (await _client.GetDataAsync("/a", cancellationToken: Cancellation)).Stat.Version.Should().Be(isBefore ? 0 : 1);
        _relay.Cuts.Should().Be(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ConnectionCut_AtARead_IsReadAgain(bool isBefore)
    {
        _relay.CutAt(1, isBefore);
        (await _client.GetDataAsync("/a", cancellationToken: Cancellation)).Data.Should().Equal(1);
        _relay.Cuts.Should().Be(1);
    }

    [Fact]
    public async Task Calls_WhileNoServerAnswers_FailInTimeAndSurelyDidNothing()
    {
        await using var client = new ZooKeeperClient(
            ServerList.Parse(_relay.Address), new() { RequestTimeout = TimeSpan.FromMilliseconds(300) });
        await client.SyncAsync("/", Cancellation);
        _relay.Refuse(true);
        await Eventually.IsTrueAsync(() => _relay.Frames > 0, "a request came by");
        var set = async () =>
        {
            // The first may have left before the connection was seen to be gone.
            for (var i = 0; i < 2; i++)
            {
                try
                {
                    await client.SetDataAsync("/a", default, 0, Cancellation);
                }
                catch (ZooKeeperException e) when (e.MayHaveHappened)
                {
                }
            }
        };
        (await set.Should().ThrowAsync<ZooKeeperException>()).Which.Code.Should()
            .Be(ZooKeeperErrorCode.OperationTimeout);
        (await _client.GetDataAsync("/a", cancellationToken: Refused())).Stat.Version.Should().Be(0);

        CancellationToken Refused()
        {
            _relay.Refuse(false);
            return Cancellation;
        }
    }

    [Fact]
    public async Task CancelledCalls_StayInTheOrderOfAnswers()
    {
        var calls = new List<Task>();
        for (var i = 0; i < 500; i++)
        {
            using var cancelled = new CancellationTokenSource();
            calls.Add(_client.SetDataAsync("/a", BitConverter.GetBytes(i), -1, cancelled.Token));
            if (i % 3 == 0)
            {
                await cancelled.CancelAsync();
            }
        }

        var outcomes = await Task.WhenAll(calls.Select(static async call =>
        {
            try
            {
                await call;
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }));
        outcomes.Should().Contain(true);
        (await _client.GetDataAsync("/a", cancellationToken: Cancellation)).Data.Should()
            .Equal(BitConverter.GetBytes(499), "answers go to their own requests, and the last set is the last");
    }

    [Fact]
    public async Task Idle_LongerThanTheTimeout_PingsKeepTheSession()
    {
        await using var client = Connect(TimeSpan.FromSeconds(1));
        await client.SyncAsync("/", Cancellation);
        var session = client.SessionId;
        var pings = _relay.Pings;
        await Eventually.IsTrueAsync(() => _relay.Pings >= pings + 8, "8 pings: more than two time-outs");
        await client.SyncAsync("/", Cancellation);
        client.SessionId.Should().Be(session);
    }

    [Fact]
    public async Task SessionExpired_NaturallyWhileCutOff_FiresWatchesAndBeginsANewOne()
    {
        await using var client = Connect(TimeSpan.FromSeconds(1));
        await client.CreateAsync("/e", default, isEphemeral: true, cancellationToken: Cancellation);
        var (session, lost) = (client.SessionId, client.SessionLost);
        using var watch = new ZooKeeperWatch();
        await client.GetDataAsync("/a", watch, Cancellation);
        _relay.Refuse(true);
        await using (var other = new ZooKeeperClient(ServerList.Parse(_server.Address), new()))
        {
            await Eventually.IsTrueAsync(
                async () => await other.ExistsAsync("/e", cancellationToken: Cancellation) is null,
                "the server ends the session");
        }

        _relay.Refuse(false);
        (await watch.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.SessionLost);
        await Eventually.IsTrueAsync(() => lost.IsCancellationRequested, "the token says so");
        await client.SyncAsync("/", Cancellation);
        client.SessionId.Should().NotBe(session);
        client.WatchCount.Should().Be(0);
    }

    [Fact]
    public async Task SessionExpired_ByForce_BeginsANewOneAtOnce()
    {
        var (session, lost) = (_client.SessionSecret, _client.SessionLost);
        await ForceExpiryAsync(session);
        await Eventually.IsTrueAsync(() => lost.IsCancellationRequested, "the session is lost");
        await _client.SyncAsync("/", Cancellation);
        _client.SessionId.Should().NotBe(session.Id).And.NotBe(0);
    }

    [Fact]
    public async Task ServerKilled_AndStartedAgain_TheSessionGoesOn()
    {
        var session = _client.SessionId;
        await _client.CreateAsync("/e", default, isEphemeral: true, cancellationToken: Cancellation);
        await _server.KillAsync();
        var reading = _client.ExistsAsync("/e", cancellationToken: Cancellation);
        await _server.LaunchAsync();
        (await reading)!.EphemeralOwner.Should().Be(session);
        _client.SessionId.Should().Be(session);
    }

    [Fact]
    public async Task ServerStopped_SaysNothing_IsNoticedAndLeft()
    {
        await using var client = Connect(TimeSpan.FromSeconds(2));
        await client.SyncAsync("/", Cancellation);
        _server.Stop();
        try
        {
            var reading = client.GetDataAsync("/a", cancellationToken: Cancellation);
            await Eventually.IsTrueAsync(
                () => client.LastProblem.Contains("silent", StringComparison.Ordinal), "silence is noticed");
            reading.IsCompleted.Should().BeFalse();
            _server.Continue();
            (await reading).Data.Should().Equal(1);
        }
        finally
        {
            _server.Continue();
        }
    }

    /// <summary>As an operator would: another connection takes the session and closes it.</summary>
    private async Task ForceExpiryAsync(ZooKeeperSessionId session)
    {
        await using var connection = await ZooKeeperConnection.ConnectAsync(
            ServerList.Parse(_server.Address).Servers[0], null, session, 0, new(), TimeProvider.System, Cancellation);
        var close = new PendingRequest<bool>(
            ZooKeeperOperation.Close, static _ => { }, static (ref JuteReader _) => true, onAnswer: null);
        connection!.TrySend(close).Should().BeTrue();
        await close.Reply;
    }

    private ZooKeeperClient Connect(TimeSpan sessionTimeout) =>
        new(ServerList.Parse(_relay.Address), new() { SessionTimeout = sessionTimeout });
}
