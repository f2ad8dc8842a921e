using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

/// <summary>Two or three coordinators race for one register on a real server, over connections that are cut and held
/// up: what they saw must be explained by one order of calls, and no epoch may have two holders or outlive the
/// next.</summary>
/// <remarks><c>CHECKPOINTING_ZOOKEEPER_SEEDS</c> sets how many schedules; default 40.</remarks>
public sealed class RacingCoordinatorsTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    private const int Steps = 8;

    private static readonly JobId s_job = new("job");

    private static int Seeds => int.Parse(
        Environment.GetEnvironmentVariable("CHECKPOINTING_ZOOKEEPER_SEEDS") ?? "40", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Races_OfEverySeed_NeverChangeTheListFromTwoSides()
    {
        ZooKeeperInTests.RequireInstalled();
        var (cuts, takeOvers, lost) = (0, 0, 0);
        for (var seed = 0; seed < Seeds; seed++)
        {
            try
            {
                var race = await RaceAsync(seed);
                (cuts, takeOvers, lost) = (cuts + race.Cuts, takeOvers + race.TakeOvers, lost + race.LostAnswers);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{Seeds} races: {cuts} cuts, {lost} lost answers, "
            + $"{takeOvers} epochs taken.");
        lost.Should().BePositive("else the schedules harm nobody");
        takeOvers.Should().BeGreaterThan(2 * Seeds);
    }

    [Fact]
    public void History_ThatNoRegisterCanGive_IsFound()
    {
        // Two replace the same version and both are told that they did.
        var history = new RegisterHistory();
        history.Add(Replace(0, 1, 2, 0, RegisterReplacement.Replaced));
        history.Add(Replace(1, 3, 4, 0, RegisterReplacement.Replaced));
        history.FindOrder().Should().BeNull();

        // A read that begins after a replacement was acknowledged sees the record before it.
        history = new();
        history.Add(Replace(0, 1, 2, 0, RegisterReplacement.Replaced));
        history.Add(new(1, 3, 4, null, Guid.Empty, default, 0));
        history.FindOrder().Should().BeNull();

        // The same read, begun earlier.
        history = new();
        history.Add(Replace(0, 2, 5, 0, RegisterReplacement.Replaced));
        history.Add(new(1, 3, 4, null, Guid.Empty, default, 0));
        history.FindOrder().Should().ContainSingle();

        // A lost answer explains a version that somebody saw much later.
        var unknown = Replace(0, 1, long.MaxValue, 0, RegisterReplacement.Unknown);
        history = new();
        history.Add(unknown);
        history.Add(new(1, 3, 4, null, Guid.Empty, default, 0));
        history.Add(new(1, 5, 6, null, unknown.Token, default, 1));
        history.FindOrder().Should().Equal(unknown);

        static RegisterCall Replace(int client, long begun, long ended, long version, RegisterReplacement outcome) =>
            new(client, begun, ended, version, Guid.NewGuid(), outcome, 0);
    }

    private async Task<Race> RaceAsync(int seed)
    {
        var random = new Random(seed);
        var root = fixture.NewRoot();
        var path = root[root.IndexOf('/', StringComparison.Ordinal)..];
        var history = new RegisterHistory();
        var racers = Enumerable.Range(0, 2 + random.Next(2))
            .Select(client => RunAsync(client, new(random.Next()), path, history)).ToList();
        var cuts = await Task.WhenAll(racers);

        await using (var last = new ZooKeeperCheckpointRegister(new() { ConnectionString = root }))
        {
            await new RecordingRegister(last, history, -1).ReadAsync(s_job, CancellationToken.None);
        }

        var order = history.FindOrder();
        order.Should().NotBeNull(
            "one order must explain all answers:\n{0}", string.Join('\n', history.Calls.OrderBy(static c => c.Begun)));
        CheckOrder(order!, history);
        return new(
            cuts.Sum(), order!.Select(call => history.RecordOf(call).Epoch).Distinct().Count(),
            history.Calls.Count(static call => call.Outcome == RegisterReplacement.Unknown));
    }

    private static void CheckOrder(IReadOnlyList<RegisterCall> order, RegisterHistory history)
    {
        var holders = new Dictionary<long, string>();
        var (epoch, nextId, added) = (0L, 0L, new HashSet<long>());
        foreach (var call in order)
        {
            var record = history.RecordOf(call);
            record.Epoch.Should().BeInRange(
                epoch, epoch + 1, "no write of an older epoch lands after a newer one was taken");
            holders.TryAdd(record.Epoch, record.Holder);
            record.Holder.Should().Be(holders[record.Epoch], "epoch {0} has one holder", record.Epoch);
            record.NextId.Should().BeGreaterThanOrEqualTo(nextId, "ids do not go back");
            var ids = record.Retained.Select(static retained => retained.Id.Value).ToList();
            ids.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
            added.IsSubsetOf(ids).Should().BeTrue("what one has listed no other takes away");
            (epoch, nextId, added) = (record.Epoch, record.NextId, [.. ids]);
        }
    }

    /// <returns>How often its connection was cut.</returns>
    private async Task<int> RunAsync(int client, Random random, string path, RegisterHistory history)
    {
        await using var relay = new TcpRelay(fixture.Server.Port);
        await using var register = new ZooKeeperCheckpointRegister(new()
        {
            ConnectionString = relay.Address + path,
            SessionTimeout = TimeSpan.FromSeconds(60),
            RequestTimeout = TimeSpan.FromSeconds(120),
        });
        var recording = new RecordingRegister(register, history, client);
        var storage = new InMemoryCheckpointStorage();
        CompletedCheckpointStore? store = null;
        for (var step = 0; step < Steps; step++)
        {
            Disturb(relay, random);
            try
            {
                if (store is null || random.Next(4) == 0)
                {
                    // As a process that starts: it knows nothing of an earlier epoch.
                    store = new StandaloneCompletedCheckpointStore(
                        recording, storage, s_job, IdSource.System, $"{client}/{step}");
                    await store.TakeEpochAsync(CancellationToken.None);
                }
                else if (random.Next(5) == 0)
                {
                    await store.CheckEpochAsync(CancellationToken.None);
                }
                else
                {
                    await AddAsync(store);
                }
            }
            catch (CheckpointingException)
            {
                // Fenced, or the outcome is not known: what is left is to begin anew.
                store = null;
            }
        }

        return relay.Cuts;
    }

    private static async Task AddAsync(CompletedCheckpointStore store)
    {
        var record = store.Record;
        var id = new CheckpointId(Math.Max(
            record.FirstIdOfEpoch, record.Retained.Select(static retained => retained.Id.Value + 1).LastOrDefault()));
        var checkpoint = new RetainedCheckpoint(
            id, $"{s_job}/chk-{id.Value}", CheckpointKind.Checkpoint, 1, ContentDigest.Of([1]));
        await store.ReplaceAsync(
            record with { Retained = record.Retained.Append(checkpoint).ToValueList(), Token = Guid.NewGuid() },
            CancellationToken.None);
    }

    private static void Disturb(TcpRelay relay, Random random)
    {
        var request = 1 + random.Next(3);
        switch (random.Next(6))
        {
            case 0:
                relay.CutAt(request, isBefore: true);
                break;
            case 1:
                relay.CutAt(request, isBefore: false);
                break;
            case 2:
                relay.Cut();
                break;
            case 3:
                var ticks = 1 + random.Next(20);
                relay.ActAt(request, () => HoldAsync(ticks));
                break;
            case 4:
                // Held up, so that others get in between, and then lost.
                relay.ActAt(request, () => HoldAsync(10));
                relay.CutAt(request, isBefore: random.Next(2) == 0);
                break;
        }
    }

    private static async Task HoldAsync(int ticks)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < ticks; i++)
        {
            await timer.WaitForNextTickAsync();
        }
    }

    private sealed record Race(int Cuts, int TakeOvers, int LostAnswers);
}
