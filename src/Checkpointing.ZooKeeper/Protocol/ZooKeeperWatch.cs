namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>What a watch waits for.</summary>
internal enum WatchKind
{
    /// <summary>Changes or the end of a node that is there.</summary>
    Data = 0,

    /// <summary>A node that is not there yet.</summary>
    Exists = 1,

    /// <summary>Another list of children.</summary>
    Children = 2,
}

/// <summary>Why a watch fired.</summary>
internal enum WatchEventType
{
    /// <summary>The session is over: look at the nodes again, under the new one.</summary>
    SessionLost = -1,
    NodeCreated = 1,
    NodeDeleted = 2,
    DataChanged = 3,
    ChildrenChanged = 4,
}

/// <summary>Fires once, when a node changes or the session is lost. It survives a lost connection: the client sets it
/// again.</summary>
/// <remarks>Give it to one reading call. Dispose it when nobody waits any more, else the client keeps it.</remarks>
internal sealed class ZooKeeperWatch : IDisposable
{
    private readonly TaskCompletionSource<WatchEventType> _fired =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Lock _gate = new();
    private WatchTable? _table;
    private bool _isDisposed;

    /// <summary>Why it fired; never fails.</summary>
    internal Task<WatchEventType> Fired => _fired.Task;

    internal (WatchKind Kind, string Path) Key { get; private set; }

    internal void Set(WatchTable table, WatchKind kind, string path)
    {
        lock (_gate)
        {
            // The answer to a call that was given up: nobody waits any more.
            if (!_isDisposed)
            {
                (_table, Key) = (table, (kind, path));
                table.Add(this);
            }
        }
    }

    internal void Fire(WatchEventType type) => _fired.TrySetResult(type);

    /// <summary>Forgets it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _table?.Remove(this);
        }
    }
}
