using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage.InMemory;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

public sealed class EpochRaceTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EpochTakenByAnother_WhileOurAnswerIsLost_IsNotTakenOnceMore(bool isFirstStart)
    {
        // As a coordinator of old would: read, then replace. At the replacement another takes the epoch, and the
        // connection is cut before the server has ours.
        var root = fixture.NewRoot();
        await using var relay = new TcpRelay(fixture.Server.Port);
        await using var slow = new ZooKeeperCheckpointRegister(new()
        {
            ConnectionString = relay.Address + root[root.IndexOf('/', StringComparison.Ordinal)..],
        });
        await using var fast = new ZooKeeperCheckpointRegister(new() { ConnectionString = root });
        if (!isFirstStart)
        {
            await Open(fast).TakeEpochAsync(CancellationToken.None);
        }

        await slow.ReadAsync("job", CancellationToken.None);
        var (slowStore, fastStore) = (Open(slow), Open(fast));

        // Requests: sync, get, then the replacement.
        const int Replacement = 3;
        relay.ActAt(Replacement, async () => await fastStore.TakeEpochAsync(CancellationToken.None));
        relay.CutAt(Replacement, isBefore: true);
        await slowStore.TakeEpochAsync(CancellationToken.None);

        relay.Cuts.Should().Be(1);
        slowStore.Epoch.Should().Be(fastStore.Epoch + 1, "an epoch has one holder");
        var check = async () => await fastStore.CheckEpochAsync(CancellationToken.None);
        await check.Should().ThrowAsync<CoordinatorFencedException>();
    }

    private static CompletedCheckpointStore Open(ZooKeeperCheckpointRegister register) =>
        register.OpenStore(new InMemoryCheckpointStorage(), "job", IdSource.System, "test");
}
