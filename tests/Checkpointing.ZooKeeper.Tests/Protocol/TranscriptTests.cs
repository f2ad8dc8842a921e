using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

/// <summary>Sessions with a real server, recorded once: the client must send the same bytes again, and make the same of
/// the answers.</summary>
/// <remarks>With <c>CHECKPOINTING_ZOOKEEPER_RECORD</c> set to a folder they are recorded anew into it.</remarks>
public sealed class TranscriptTests
{
    private static readonly Dictionary<string, Func<Transcript, Task>> s_sessions = new()
    {
        ["requests"] = RequestsAsync,
        ["multi"] = MultiAsync,
        ["watches"] = WatchesAsync,
        ["digest"] = DigestAsync,
        ["ping"] = PingAsync,
        ["reconnect"] = ReconnectAsync,
        ["expired"] = ExpiredAsync,
    };

    public static TheoryData<string> Names => [.. s_sessions.Keys];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Session_AsRecorded_IsTheSameByteForByte(string name)
    {
        if (Environment.GetEnvironmentVariable("CHECKPOINTING_ZOOKEEPER_RECORD") is { } folder)
        {
            await RecordAsync(name, folder);
            return;
        }

        await using var server = new TranscriptServer(await ReadAsync(name));
        try
        {
            await s_sessions[name](server).WaitAsync(TimeSpan.FromSeconds(100), Cancellation);
        }
        catch (Exception e) when (server.Difference is { } difference)
        {
            Assert.Fail($"{difference} ({e.Message})");
        }

        await Eventually.IsTrueAsync(() => server.IsOver || server.Difference is not null, "all was said");
        server.Difference.Should().BeNull();
    }

    [Fact]
    public async Task Server_OfATranscript_SeesADifference()
    {
        await using var server = new TranscriptServer(await ReadAsync("multi"));
        await using (var client = Connect(server))
        {
            await FluentActions.Awaiting(() => client.CreateAsync("/other", default, cancellationToken: Cancellation))
                .Should().ThrowAsync<ZooKeeperException>();
        }

        server.Difference.Should().Contain("instead of");
    }

    private static async Task RequestsAsync(Transcript server)
    {
        await using var client = Connect(server);
        (await client.CreateAsync("/a", new byte[] { 1, 2 })).Should().Be("/a");
        (await client.Create2Async("/a/b", default)).Version.Should().Be(0);
        (await client.CreateAsync("/a/s-", default, isEphemeral: true, isSequential: true)).Should()
            .Be("/a/s-0000000001");
        var set = await client.SetDataAsync("/a", new byte[] { 3 }, 0);
        (set.Version, set.ChildrenVersion, set.DataLength, set.ChildCount).Should().Be((1, 2, 1, 2));
        set.ModifiedZxid.Should().BeGreaterThan(set.CreatedZxid);
        await FailsAsync(client.SetDataAsync("/a", default, 0), ZooKeeperErrorCode.BadVersion);
        var (data, stat) = await client.GetDataAsync("/a");
        data.Should().Equal(3);
        stat.Should().Be(set);
        (await client.ExistsAsync("/none")).Should().BeNull();
        (await client.ExistsAsync("/a/s-0000000001"))!.EphemeralOwner.Should().Be(client.SessionId);
        (await client.GetChildrenAsync("/a")).Children.Should().BeEquivalentTo("b", "s-0000000001");
        await client.SyncAsync("/a");
        await FailsAsync(client.CreateAsync("/a", default), ZooKeeperErrorCode.NodeExists);
        await FailsAsync(client.DeleteAsync("/a"), ZooKeeperErrorCode.NotEmpty);
        await FailsAsync(client.GetDataAsync("/none"), ZooKeeperErrorCode.NoNode);
        await client.DeleteAsync("/a/b", 0);
    }

    private static async Task MultiAsync(Transcript server)
    {
        await using var client = Connect(server);
        await client.CreateAsync("/m", default);
        await client.MultiAsync(
        [
            MultiOperation.Check("/m", 0), MultiOperation.Set("/m", new byte[] { 1 }, 0),
            MultiOperation.Create("/m/a", new byte[] { 2 }), MultiOperation.Delete("/m/a", 0),
        ]);
        var failure = await FailsAsync(
            client.MultiAsync([MultiOperation.Create("/m/b", default), MultiOperation.Check("/m", 0)]),
            ZooKeeperErrorCode.BadVersion);
        failure.Path.Should().Be("/m");
        (await client.ExistsAsync("/m/b")).Should().BeNull();
    }

    private static async Task WatchesAsync(Transcript server)
    {
        await using var client = Connect(server);
        await client.CreateAsync("/w", default);
        using var data = new ZooKeeperWatch();
        using var exists = new ZooKeeperWatch();
        using var children = new ZooKeeperWatch();
        await client.GetDataAsync("/w", data);
        await client.ExistsAsync("/w/a", exists);
        await client.GetChildrenAsync("/w", children);
        await client.SetDataAsync("/w", new byte[] { 1 }, 0);
        (await data.Fired).Should().Be(WatchEventType.DataChanged);
        await client.CreateAsync("/w/a", default);
        (await exists.Fired).Should().Be(WatchEventType.NodeCreated);
        (await children.Fired).Should().Be(WatchEventType.ChildrenChanged);
        client.WatchCount.Should().Be(0);
    }

    private static async Task DigestAsync(Transcript server)
    {
        await using var client = Connect(server, digest: "ann:secret");
        await client.CreateAsync("/d", new byte[] { 1 });
        (await client.GetDataAsync("/d")).Data.Should().Equal(1);
    }

    private static async Task PingAsync(Transcript server)
    {
        await using var client = Connect(server, sessionTimeout: TimeSpan.FromSeconds(6));
        await client.SyncAsync("/");
        await Eventually.IsTrueAsync(() => server.Pings > 0, "it pings");
        await client.SyncAsync("/");
    }

    private static async Task ReconnectAsync(Transcript server)
    {
        await using var client = Connect(server);
        await client.CreateAsync("/r", default);
        using var data = new ZooKeeperWatch();
        using var exists = new ZooKeeperWatch();
        using var children = new ZooKeeperWatch();
        await client.GetDataAsync("/r", data);
        await client.ExistsAsync("/r/a", exists);
        await client.GetChildrenAsync("/r", children);
        var session = client.SessionId;
        await server.CutAsync(async () =>
        {
            await using var other = new ZooKeeperClient(ServerList.Parse(RealServer(server)), new());
            await other.SetDataAsync("/r", new byte[] { 1 }, 0);
        });
        (await data.Fired).Should().Be(WatchEventType.DataChanged, "it was missed, and is said when watches are set");
        (await client.GetDataAsync("/r")).Data.Should().Equal(1);
        client.SessionId.Should().Be(session);
        client.WatchCount.Should().Be(2);
    }

    private static async Task ExpiredAsync(Transcript server)
    {
        await using var client = Connect(server);
        var lost = client.SessionLost;
        using var watch = new ZooKeeperWatch();
        await client.ExistsAsync("/e", watch);
        await server.MeanwhileAsync(async () =>
        {
            await using var connection = await ZooKeeperConnection.ConnectAsync(
                ServerList.Parse(RealServer(server)).Servers[0], null, client.SessionSecret, 0, new(),
                TimeProvider.System, Cancellation);
            var close = new PendingRequest<bool>(
                ZooKeeperOperation.Close, static _ => { }, static (ref JuteReader _) => true, onAnswer: null);
            connection!.TrySend(close).Should().BeTrue();
            await close.Reply;
        });
        (await watch.Fired).Should().Be(WatchEventType.SessionLost);
        await Eventually.IsTrueAsync(() => lost.IsCancellationRequested, "the session is lost");
        await client.SyncAsync("/");
        client.SessionId.Should().NotBe(0);
    }

    private static ZooKeeperClient Connect(
        Transcript server, string? digest = null, TimeSpan? sessionTimeout = null) =>
        new(ServerList.Parse(server.Address), new()
        {
            SessionTimeout = sessionTimeout ?? TimeSpan.FromSeconds(60),
            ConnectTimeout = TimeSpan.FromSeconds(60),
            RequestTimeout = TimeSpan.FromSeconds(60),
            Digest = digest,
        });

    private static string RealServer(Transcript server) => ((TranscriptRecorder)server).ServerAddress;

    private static async Task<ZooKeeperException> FailsAsync(Task task, ZooKeeperErrorCode code)
    {
        var failure = (await ((Func<Task>)(() => task)).Should().ThrowAsync<ZooKeeperException>()).Which;
        failure.Code.Should().Be(code);
        failure.MayHaveHappened.Should().BeFalse();
        return failure;
    }

    private static async Task<string[]> ReadAsync(string name)
    {
        var resource = $"Checkpointing.ZooKeeper.Tests.Protocol.Transcripts.{name}.hex";
        using var reader = new StreamReader(typeof(TranscriptTests).Assembly.GetManifestResourceStream(resource)!);
        return (await reader.ReadToEndAsync()).Split('\n');
    }

    private static async Task RecordAsync(string name, string folder)
    {
        await using var server = await ZooKeeperInTests.StartServerAsync();
        await using var recorder = new TranscriptRecorder(server.Port);
        await s_sessions[name](recorder);
        await Eventually.IsTrueAsync(() => recorder.Lines[^1][0] == '-', "the connection is over");
        string[] head =
        [
            $"# Session '{name}' with a server of ZooKeeper 3.8.0, recorded by TranscriptTests.",
            "# > from the client, < from the server, without their lengths; - who ended the connection.",
        ];
        await File.WriteAllLinesAsync(Path.Combine(folder, $"{name}.hex"), [.. head, .. recorder.Lines]);
    }
}
