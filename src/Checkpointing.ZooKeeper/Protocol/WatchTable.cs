namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>All watches that have not fired, by what they wait for. Safe for concurrent calls.</summary>
internal sealed class WatchTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(WatchKind Kind, string Path), List<ZooKeeperWatch>> _watches = [];

    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _watches.Values.Sum(static watches => watches.Count);
            }
        }
    }

    internal void Add(ZooKeeperWatch watch)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(watch.Key, out var watches))
            {
                _watches.Add(watch.Key, watches = []);
            }

            watches.Add(watch);
        }
    }

    internal void Remove(ZooKeeperWatch watch)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(watch.Key, out var watches) && watches.Remove(watch) && watches.Count == 0)
            {
                _watches.Remove(watch.Key);
            }
        }
    }

    /// <summary>Fires and forgets what waits for this event at a path as the servers know it.</summary>
    internal void Fire(WatchEventType type, string path)
    {
        ReadOnlySpan<WatchKind> kinds = type switch
        {
            WatchEventType.NodeCreated or WatchEventType.DataChanged => [WatchKind.Data, WatchKind.Exists],
            WatchEventType.NodeDeleted => [WatchKind.Data, WatchKind.Exists, WatchKind.Children],
            WatchEventType.ChildrenChanged => [WatchKind.Children],
            _ => [],
        };
        foreach (var kind in kinds)
        {
            List<ZooKeeperWatch>? fired;
            lock (_gate)
            {
                _watches.Remove((kind, path), out fired);
            }

            fired?.ForEach(watch => watch.Fire(type));
        }
    }

    /// <summary>Fires and forgets all.</summary>
    internal void FireAll(WatchEventType type)
    {
        ZooKeeperWatch[] all;
        lock (_gate)
        {
            all = [.. _watches.Values.SelectMany(static watches => watches)];
            _watches.Clear();
        }

        foreach (var watch in all)
        {
            watch.Fire(type);
        }
    }

    /// <summary>What a new connection has to set again.</summary>
    internal (WatchKind Kind, string Path)[] Keys()
    {
        lock (_gate)
        {
            return [.. _watches.Keys];
        }
    }
}
