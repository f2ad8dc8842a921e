using System.Net.Security;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>How a client behaves.</summary>
internal sealed record ZooKeeperClientSettings
{
    /// <summary>Asked of the servers, which grant what their own bounds allow.</summary>
    internal TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For one server to answer a new connection.</summary>
    internal TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>For one call, with all its tries.</summary>
    internal TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Null: not encrypted.</summary>
    internal SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary><c>user:password</c> of scheme <c>digest</c>; null: none.</summary>
    internal string? Digest { get; init; }

    internal TimeProvider Time { get; init; } = TimeProvider.System;

    internal IdSource Ids { get; init; } = IdSource.System;

    /// <summary>Called with the server, and with what went wrong there.</summary>
    internal Action<string, string>? OnDisconnected { get; init; }

    /// <summary>Called with the server and the session's id.</summary>
    internal Action<string, long>? OnConnected { get; init; }

    /// <summary>Called with the lost session's id.</summary>
    internal Action<long>? OnSessionLost { get; init; }
}
