using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

public sealed class ZooKeeperLeaderElectionTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    private const string Folder = "/checkpointing/job/candidates";
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly string _root = fixture.NewRoot();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ThreeCandidates_LeadInTheOrderInWhichTheyCame_AndDisposingHandsOver()
    {
        var first = Candidate("a");
        var firstLeads = await first.WaitAsync(Cancellation);
        var second = Candidate("b");
        var secondWaits = second.WaitAsync(Cancellation);
        await QueueHasAsync(2);
        await using var third = Candidate("c");
        var thirdWaits = third.WaitAsync(Cancellation);
        await QueueHasAsync(3);
        (await first.WaitAsync(Cancellation)).Should().BeSameAs(firstLeads, "it leads already");
        secondWaits.IsCompleted.Should().BeFalse();

        await first.DisposeAsync();
        firstLeads.Lost.IsCancellationRequested.Should().BeTrue();
        var secondLeads = await secondWaits.WaitAsync(s_deadline, Cancellation);
        thirdWaits.IsCompleted.Should().BeFalse();
        secondLeads.Lost.IsCancellationRequested.Should().BeFalse();

        await second.DisposeAsync();
        (await thirdWaits.WaitAsync(s_deadline, Cancellation)).Lost.IsCancellationRequested.Should().BeFalse();
        await QueueHasAsync(1);
    }

    [Fact]
    public async Task LeaderWithoutASession_LosesLeadership_TheNextLeads_AndTheOldOneQueuesUpAgain()
    {
        await using var first = Candidate("a");
        var firstLeads = await first.WaitAsync(Cancellation);
        await using var second = Candidate("b");
        var secondWaits = second.WaitAsync(Cancellation);
        await QueueHasAsync(2);

        await SessionExpiry.ForceAsync(fixture.Server.Address, first.Client.SessionSecret);
        var secondLeads = await secondWaits.WaitAsync(s_deadline, Cancellation);
        await Eventually.IsTrueAsync(() => firstLeads.Lost.IsCancellationRequested, "the old leader is told");

        var firstWaits = first.WaitAsync(Cancellation);
        await QueueHasAsync(2);
        firstWaits.IsCompleted.Should().BeFalse();
        await SessionExpiry.ForceAsync(fixture.Server.Address, second.Client.SessionSecret);
        (await firstWaits.WaitAsync(s_deadline, Cancellation)).Should().NotBeSameAs(firstLeads);
        await Eventually.IsTrueAsync(() => secondLeads.Lost.IsCancellationRequested, "and so is the second");
    }

    [Fact]
    public async Task WaiterWithoutASession_QueuesUpAgain()
    {
        await using var first = Candidate("a");
        var firstLeads = await first.WaitAsync(Cancellation);
        await using var second = Candidate("b");
        var secondWaits = second.WaitAsync(Cancellation);
        await QueueHasAsync(2);
        var before = await QueueAsync();

        await SessionExpiry.ForceAsync(fixture.Server.Address, second.Client.SessionSecret);
        await Eventually.IsTrueAsync(
            async () => (await QueueAsync()) is { Length: 2 } queue && !queue.ToHashSet().SetEquals(before),
            "it has another place");
        secondWaits.IsCompleted.Should().BeFalse();
        firstLeads.Lost.IsCancellationRequested.Should().BeFalse();
        await first.DisposeAsync();
        await secondWaits.WaitAsync(s_deadline, Cancellation);
    }

    [Fact]
    public async Task ConnectionCutOrSessionEnded_AtEveryRequest_OnePlaceInTheQueue()
    {
        await using (var warm = Candidate("warm"))
        {
            await warm.WaitAsync(Cancellation);
        }

        var requests = await QueueUpAsync(static (_, _) => { });
        requests.Should().BeInRange(5, 20);
        for (var request = 1; request <= requests; request++)
        {
            var n = request;
            await QueueUpAsync((relay, _) => relay.CutAt(n, isBefore: true));
            await QueueUpAsync((relay, _) => relay.CutAt(n, isBefore: false));
            await QueueUpAsync((relay, election) => relay.ActAt(
                n, () => SessionExpiry.ForceAsync(fixture.Server.Address, election.Client.SessionSecret)));
        }
    }

    [Fact]
    public async Task PlaceTakenAwayByAnOperator_EndsLeadership_AndWaitingGoesOn()
    {
        await using var election = Candidate("a");
        var leads = await election.WaitAsync(Cancellation);
        await using var client = Client();
        await client.DeleteAsync($"{Folder}/{(await QueueAsync()).Single()}", cancellationToken: Cancellation);
        await Eventually.IsTrueAsync(() => leads.Lost.IsCancellationRequested, "its node is gone");
        (await election.WaitAsync(Cancellation).WaitAsync(s_deadline, Cancellation)).Should().NotBeSameAs(leads);
    }

    [Fact]
    public async Task ForeignNodesInTheQueue_AreNotCandidates()
    {
        await using var client = Client();
        await client.EnsurePathAsync(Folder, Cancellation);
        foreach (var foreign in (string[])["lock-0000000000", "notes", "abc-def-0000000001", "00000000000000000-1"])
        {
            await client.CreateAsync($"{Folder}/{foreign}", default, cancellationToken: Cancellation);
        }

        await using var election = Candidate("a");
        await election.WaitAsync(Cancellation).WaitAsync(s_deadline, Cancellation);
    }

    [Fact]
    public async Task CancelledWait_KeepsItsPlace_AndLeavesNoWatch()
    {
        await using var first = Candidate("a");
        await first.WaitAsync(Cancellation);
        await using var second = Candidate("b");
        using var cancelled = new CancellationTokenSource();
        var wait = second.WaitAsync(cancelled.Token);
        await QueueHasAsync(2);
        await cancelled.CancelAsync();
        await ((Func<Task>)(() => wait)).Should().ThrowAsync<OperationCanceledException>();
        await second.Client.SyncAsync("/", Cancellation);
        second.Client.WatchCount.Should().Be(0);
        await QueueHasAsync(2);
        var again = second.WaitAsync(Cancellation);
        await first.DisposeAsync();
        await again.WaitAsync(s_deadline, Cancellation);
    }

    [Fact]
    public void Order_WhereTheNumberGoesRound_IsTheOrderOfComing()
    {
        string[] expected =
        [
            Node('a', "2147483646"), Node('b', "2147483647"), Node('c', "-2147483648"), Node('d', "-2147483647"),
        ];
        ZooKeeperLeaderElection.InOrder([expected[2], expected[0], expected[3], expected[1]]).Should().Equal(expected);
        ZooKeeperLeaderElection.InOrder([Node('f', "0000000010"), Node('e', "0000000009")]).Should()
            .Equal(Node('e', "0000000009"), Node('f', "0000000010"));
        ZooKeeperLeaderElection.InOrder(
            [Node('a', "12"), Node('a', "00000000x1"), Node('a', "99999999999"), Node('G', "0000000001"), "", "-"])
            .Should().BeEmpty();

        static string Node(char digit, string sequence) => $"{new string(digit, 32)}-{sequence}";
    }

    /// <returns>Requests until it led.</returns>
    private async Task<int> QueueUpAsync(Action<TcpRelay, ZooKeeperLeaderElection> arm)
    {
        await using var relay = new TcpRelay(fixture.Server.Port);
        await using var election = Candidate(
            "a", relay.Address + _root[_root.IndexOf('/', StringComparison.Ordinal)..]);
        arm(relay, election);
        var leads = await election.WaitAsync(Cancellation).WaitAsync(s_deadline, Cancellation);
        var requests = relay.Frames;
        if (leads.Lost.IsCancellationRequested)
        {
            // Its session ended at the very last request: it led, and was told.
            leads = await election.WaitAsync(Cancellation).WaitAsync(s_deadline, Cancellation);
        }

        await QueueHasAsync(1);
        await election.DisposeAsync();
        leads.Lost.IsCancellationRequested.Should().BeTrue();
        await QueueHasAsync(0);
        return requests;
    }

    private async Task QueueHasAsync(int count) =>
        await Eventually.IsTrueAsync(async () => (await QueueAsync()).Length == count, $"{count} in the queue");

    private async Task<string[]> QueueAsync()
    {
        await using var client = Client();
        try
        {
            return (await client.GetChildrenAsync(Folder, cancellationToken: Cancellation)).Children;
        }
        catch (ZooKeeperException e) when (e.Code == ZooKeeperErrorCode.NoNode)
        {
            return [];
        }
    }

    private ZooKeeperClient Client()
    {
        var client = new ZooKeeperClient(ServerList.Parse(_root), new());
        client.EnsurePathAsync("/", CancellationToken.None).GetAwaiter().GetResult();
        return client;
    }

    private ZooKeeperLeaderElection Candidate(string name, string? connectionString = null) => new(
        new()
        {
            ConnectionString = connectionString ?? _root,
            SessionTimeout = s_deadline,
            RequestTimeout = 2 * s_deadline,
        },
        new("job"), name);
}
