using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

public sealed class ZooKeeperClientTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryCall_OnARealServer_DoesWhatItSays()
    {
        await using var client = fixture.Connect();
        (await client.CreateAsync("/a", new byte[] { 1 })).Should().Be("/a");
        (await client.ExistsAsync("/a"))!.Version.Should().Be(0);
        (await client.ExistsAsync("/b")).Should().BeNull();
        (await client.SetDataAsync("/a", new byte[] { 2 }, 0)).Version.Should().Be(1);
        await Fails(client.SetDataAsync("/a", new byte[] { 3 }, 0), ZooKeeperErrorCode.BadVersion);
        var (data, stat) = await client.GetDataAsync("/a");
        data.Should().Equal(2);
        stat.DataLength.Should().Be(1);
        (await client.Create2Async("/a/b", default)).Version.Should().Be(0);
        (await client.CreateAsync("/a/s-", default, isEphemeral: true, isSequential: true)).Should()
            .Be("/a/s-0000000001");
        (await client.GetChildrenAsync("/a")).Children.Should().BeEquivalentTo("b", "s-0000000001");
        await client.SyncAsync("/a");
        await Fails(client.DeleteAsync("/a"), ZooKeeperErrorCode.NotEmpty);
        await Fails(client.CreateAsync("/a", default), ZooKeeperErrorCode.NodeExists);
        await Fails(client.GetDataAsync("/none"), ZooKeeperErrorCode.NoNode);
        await client.MultiAsync(
        [
            MultiOperation.Check("/a", 1), MultiOperation.Set("/a", new byte[] { 4 }, 1),
            MultiOperation.Create("/a/c", default), MultiOperation.Delete("/a/b", 0),
        ]);
        var failed = await Fails(
            client.MultiAsync([MultiOperation.Create("/a/d", default), MultiOperation.Check("/a", 1)]),
            ZooKeeperErrorCode.BadVersion);
        failed.Path.Should().Be("/a");
        (await client.ExistsAsync("/a/d")).Should().BeNull("all or nothing");
        await client.DeleteAsync("/a/c");
        (await client.GetDataAsync("/a")).Data.Should().Equal(4);
    }

    [Fact]
    public async Task Watches_OfEveryKind_FireOnce()
    {
        await using var client = fixture.Connect();
        await client.CreateAsync("/a", default);
        using var data = new ZooKeeperWatch();
        using var exists = new ZooKeeperWatch();
        using var children = new ZooKeeperWatch();
        using var deleted = new ZooKeeperWatch();
        await client.GetDataAsync("/a", data);
        await client.ExistsAsync("/b", exists);
        await client.GetChildrenAsync("/a", children);
        await client.SetDataAsync("/a", default, -1);
        (await data.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.DataChanged);
        await client.CreateAsync("/b", default);
        (await exists.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.NodeCreated);
        await client.CreateAsync("/a/c", default);
        (await children.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.ChildrenChanged);
        await client.ExistsAsync("/b", deleted);
        await client.DeleteAsync("/b");
        (await deleted.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.NodeDeleted);
        client.WatchCount.Should().Be(0);
    }

    private static async Task<ZooKeeperException> Fails(Task task, ZooKeeperErrorCode code)
    {
        var failure = (await ((Func<Task>)(() => task)).Should().ThrowAsync<ZooKeeperException>()).Which;
        failure.Code.Should().Be(code);
        failure.MayHaveHappened.Should().BeFalse();
        return failure;
    }
}
