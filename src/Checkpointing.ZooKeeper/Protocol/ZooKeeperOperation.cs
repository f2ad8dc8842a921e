namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>Numbers of the requests that are used here.</summary>
internal enum ZooKeeperOperation
{
    Create = 1,
    Delete = 2,
    Exists = 3,
    GetData = 4,
    SetData = 5,
    Sync = 9,
    Ping = 11,
    GetChildren2 = 12,
    Check = 13,
    Multi = 14,
    Create2 = 15,
    Auth = 100,
    SetWatches = 101,
    Close = -11,

    /// <summary>In the results of a <see cref="Multi"/>: this one failed.</summary>
    Error = -1,
}

/// <summary>Transaction ids that the protocol reserves; all other replies come in the order of their
/// requests.</summary>
internal static class ReservedXid
{
    internal const int Event = -1;
    internal const int Ping = -2;
    internal const int Auth = -4;
    internal const int SetWatches = -8;

    /// <summary>The id after another: 1 and up, and round again, for those below are reserved.</summary>
    internal static int After(int xid) => xid == int.MaxValue ? 1 : xid + 1;
}
