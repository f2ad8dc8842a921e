using Checkpointing.ZooKeeper.Protocol;

namespace Checkpointing.ZooKeeper;

/// <summary>What a user is told when the ensemble does not do what was asked.</summary>
internal static class ZooKeeperFailures
{
    internal static CheckpointStorageUnavailableException Unavailable(
        string what, ZooKeeperException e, bool changedNothing)
    {
        var (problem, isTransient) = e.Code switch
        {
            ZooKeeperErrorCode.NoAuth => (
                "is not for this client: its access control list names another digest. "
                + "Give the one that made it (ZooKeeperOptions.Digest).", false),
            ZooKeeperErrorCode.AuthFailed => (
                "was not reached: the servers refuse the digest. Check ZooKeeperOptions.Digest, and whether the "
                + "servers know the scheme 'digest'.", false),
            ZooKeeperErrorCode.InvalidAcl => (
                "was not made: the servers refuse its access control list. Check ZooKeeperOptions.Digest.", false),
            ZooKeeperErrorCode.NotReadOnly => (
                "was not reached: the server only reads, for it has no quorum. Start more servers of the ensemble.",
                true),
            ZooKeeperErrorCode.OperationTimeout or ZooKeeperErrorCode.ConnectionLoss => (
                $"was not reached: {e.Problem.TrimEnd('.')}. Check the servers and "
                + "ZooKeeperOptions.ConnectionString.", true),
            ZooKeeperErrorCode.SessionExpired or ZooKeeperErrorCode.SessionMoved => (
                "was not reached: the session ended meanwhile. Try again; a new one begins by itself.", true),
            _ => ($"was refused: {e.Problem} ({(int)e.Code}). Look into the log of the servers.", false),
        };
        return new(what, problem, e, isTransient) { ChangedNothing = changedNothing };
    }
}
