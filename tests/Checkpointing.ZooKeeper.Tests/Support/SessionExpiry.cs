using Checkpointing.ZooKeeper.Protocol;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>Ends a session of somebody else, as an operator would.</summary>
internal static class SessionExpiry
{
    /// <summary>Another connection takes the session over and closes it.</summary>
    internal static async Task ForceAsync(string address, ZooKeeperSessionId session)
    {
        await using var connection = await ZooKeeperConnection.ConnectAsync(
            ServerList.Parse(address).Servers[0], null, session, 0, new(), TimeProvider.System,
            CancellationToken.None);
        var close = new PendingRequest<bool>(
            ZooKeeperOperation.Close, static _ => { }, static (ref JuteReader _) => true, onAnswer: null);
        if (connection is not null && connection.TrySend(close))
        {
            await close.Reply;
        }
    }
}
