using Checkpointing.ZooKeeper.Protocol;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

public sealed class WatchTableTests
{
    private readonly WatchTable _table = new();

    [Theory]
    [InlineData(WatchEventType.NodeCreated, true, true, false)]
    [InlineData(WatchEventType.DataChanged, true, true, false)]
    [InlineData(WatchEventType.NodeDeleted, true, true, true)]
    [InlineData(WatchEventType.ChildrenChanged, false, false, true)]
    [InlineData((WatchEventType)77, false, false, false)]
    internal void Fire_AnEvent_FiresTheKindsThatWaitForItAtThisPathOnly(
        WatchEventType type, bool data, bool exists, bool children)
    {
        WatchKind[] kinds = [WatchKind.Data, WatchKind.Exists, WatchKind.Children];
        var here = kinds.Select(kind => Set(kind, "/a")).ToArray();
        var elsewhere = kinds.Select(kind => Set(kind, "/a/b")).ToArray();
        _table.Fire(type, "/a");
        here.Select(static watch => watch.Fired.IsCompleted).Should().Equal(data, exists, children);
        foreach (var watch in here.Where(static watch => watch.Fired.IsCompleted))
        {
            watch.Fired.Result.Should().Be(type);
        }

        elsewhere.Should().OnlyContain(static watch => !watch.Fired.IsCompleted);
        _table.Count.Should().Be(6 - here.Count(static watch => watch.Fired.IsCompleted));
    }

    [Fact]
    public async Task Fire_SeveralWatchesOfOneNode_FiresEachOnce()
    {
        var watches = new[] { Set(WatchKind.Data, "/a"), Set(WatchKind.Data, "/a") };
        _table.Keys().Should().Equal((WatchKind.Data, "/a"));
        _table.Fire(WatchEventType.DataChanged, "/a");
        _table.Fire(WatchEventType.NodeDeleted, "/a");
        foreach (var watch in watches)
        {
            (await watch.Fired).Should().Be(WatchEventType.DataChanged);
        }

        _table.Keys().Should().BeEmpty();
    }

    [Fact]
    public void Dispose_OneOfTwo_LeavesTheOther()
    {
        var (gone, left) = (Set(WatchKind.Children, "/a"), Set(WatchKind.Children, "/a"));
        gone.Dispose();
        gone.Dispose();
        _table.Count.Should().Be(1);
        _table.Fire(WatchEventType.ChildrenChanged, "/a");
        gone.Fired.IsCompleted.Should().BeFalse();
        left.Fired.IsCompleted.Should().BeTrue();
        left.Dispose();
        using var unset = new ZooKeeperWatch();
        _table.Count.Should().Be(0);
    }

    [Fact]
    public async Task FireAll_SessionLost_FiresAndForgetsAll()
    {
        var watches = new[] { Set(WatchKind.Data, "/a"), Set(WatchKind.Exists, "/b"), Set(WatchKind.Children, "/") };
        _table.FireAll(WatchEventType.SessionLost);
        (await Task.WhenAll(watches.Select(static watch => watch.Fired))).Should()
            .OnlyContain(static type => type == WatchEventType.SessionLost);
        _table.Count.Should().Be(0);
    }

    private ZooKeeperWatch Set(WatchKind kind, string path)
    {
        var watch = new ZooKeeperWatch();
        watch.Set(_table, kind, path);
        return watch;
    }
}
