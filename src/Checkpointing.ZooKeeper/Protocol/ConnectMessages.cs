using System.Buffers.Binary;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>What a session is known by. A secret: whoever has it can take the session over.</summary>
/// <param name="Id">0: a new one is asked for.</param>
/// <param name="Password">16 bytes.</param>
/// <param name="Timeout">After this time without a word the servers end it.</param>
internal sealed record ZooKeeperSessionId(long Id, byte[] Password, TimeSpan Timeout)
{
    private const int PasswordBytes = 16;

    internal static ZooKeeperSessionId New(TimeSpan timeout) => new(0, new byte[PasswordBytes], timeout);
}

/// <summary>First message in each direction; neither has a header.</summary>
internal static class ConnectMessages
{
    private const int ProtocolVersion = 0;
    private const int ReplyHeaderBytes = 16;

    internal static void WriteRequest(JuteWriter writer, ZooKeeperSessionId session, long lastZxid)
    {
        writer.WriteInt32(ProtocolVersion);
        writer.WriteInt64(lastZxid);
        writer.WriteInt32((int)session.Timeout.TotalMilliseconds);
        writer.WriteInt64(session.Id);
        writer.WriteBytes(session.Password);

        // A server without a quorum answers only clients that would make do with reading. We do not, but then it tells
        // us instead of hanging up.
        writer.WriteBoolean(true);
    }

    /// <returns>Null if the session is over.</returns>
    internal static ConnectResponse? ReadResponse(ReadOnlySpan<byte> frame)
    {
        // A server without a quorum refuses to begin a session as it refuses a write: with the header of a reply.
        if (frame.Length == ReplyHeaderBytes && BinaryPrimitives.ReadInt32BigEndian(frame[^sizeof(int)..])
            == (int)ZooKeeperErrorCode.NotReadOnly)
        {
            return new(ZooKeeperSessionId.New(TimeSpan.Zero), IsReadOnly: true);
        }

        var reader = new JuteReader(frame);
        if (reader.ReadInt32() is var version and not ProtocolVersion)
        {
            throw new ZooKeeperProtocolException($"the server answers with protocol version {version}");
        }

        var timeout = reader.ReadInt32();
        var id = reader.ReadInt64();
        var password = reader.ReadBytes().ToArray();
        var isReadOnly = reader.Remaining > 0 && reader.ReadBoolean();
        return timeout <= 0 ? null : new(new(id, password, TimeSpan.FromMilliseconds(timeout)), isReadOnly);
    }
}

/// <summary>A server's answer.</summary>
/// <param name="Session">The session, with the time-out that the server grants.</param>
/// <param name="IsReadOnly">The server has lost its quorum and only reads.</param>
internal sealed record ConnectResponse(ZooKeeperSessionId Session, bool IsReadOnly);
