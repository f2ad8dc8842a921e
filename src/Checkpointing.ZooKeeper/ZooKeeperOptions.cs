using System.Net.Security;
using Checkpointing.ZooKeeper.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.ZooKeeper;

/// <summary>Which ensemble, and how to talk to it. Values and borrowed components.</summary>
public sealed class ZooKeeperOptions
{
    /// <summary>Servers, and optionally the node below which everything is: <c>host:port,host:port/chroot</c>. Port
    /// 2181 if none is given; an IPv6 address in brackets. The node is made if it is not there.</summary>
    public required string ConnectionString { get; set; }

    /// <summary>First part of the path of every node: <c>/&lt;namespace&gt;/&lt;job&gt;/register</c>. Default:
    /// <c>checkpointing</c>. Jobs of one name in one namespace are one job.</summary>
    public string Namespace { get; set; } = "checkpointing";

    /// <summary>After so long without a word from this process the servers drop its session, and with it its place in
    /// an election. 100 ms to 10 minutes; servers have bounds of their own. Default: 10 s.</summary>
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For one server to answer a new connection, 10 ms to 10 minutes. Default: 3 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>For one call with all its tries, 10 ms to 10 minutes. Default: 15 s.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary><c>user:password</c>: presented to the servers (scheme <c>digest</c>), and nodes that are made are for
    /// its holder alone. Default: null, nodes are open to all. Sent as it is: use it with <see cref="Tls"/>.</summary>
    public string? Digest { get; set; }

    /// <summary>Encrypts. With no <see cref="SslClientAuthenticationOptions.TargetHost"/> each server's own name is
    /// asked for. Default: null, not encrypted.</summary>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>Default: no log.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Default: the system's time.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Default: the system's random generator.</summary>
    public IdSource Ids { get; set; } = IdSource.System;

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">A setting is missing or outside its range; the message names it.</exception>
    public void Validate()
    {
        SettingOutOfRangeException.ThrowUnless(
            !string.IsNullOrWhiteSpace(ConnectionString), nameof(ConnectionString), ConnectionString,
            "a list of servers such as host1:2181,host2:2181");
        try
        {
            ServerList.Parse(ConnectionString);
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"{nameof(ConnectionString)}: {e.Message}", nameof(ConnectionString), e);
        }

        if (ZooKeeperPath.FindProblem("/" + Namespace) is { } problem || Namespace.Length == 0)
        {
            throw new ArgumentException(
                $"{nameof(Namespace)} '{Namespace}' is no part of a path: "
                + $"{(Namespace.Length == 0 ? "it is empty" : ZooKeeperPath.FindProblem("/" + Namespace))}.",
                nameof(Namespace));
        }

        CheckTime(SessionTimeout, TimeSpan.FromMilliseconds(100), nameof(SessionTimeout));
        CheckTime(ConnectTimeout, TimeSpan.FromMilliseconds(10), nameof(ConnectTimeout));
        CheckTime(RequestTimeout, TimeSpan.FromMilliseconds(10), nameof(RequestTimeout));
        var colon = Digest?.IndexOf(':', StringComparison.Ordinal) ?? 1;
        if (colon < 1 || colon == (Digest?.Length ?? 0) - 1)
        {
            throw new ArgumentException($"{nameof(Digest)} has the form user:password.", nameof(Digest));
        }

        ArgumentNullException.ThrowIfNull(LoggerFactory);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(Ids);
    }

    /// <summary>Begins a session with these settings.</summary>
    internal ZooKeeperClient Connect()
    {
        Validate();
        var log = LoggerFactory.CreateLogger<ZooKeeperClient>();
        return new(ServerList.Parse(ConnectionString), new()
        {
            SessionTimeout = SessionTimeout,
            ConnectTimeout = ConnectTimeout,
            RequestTimeout = RequestTimeout,
            Digest = Digest,
            Tls = Tls,
            Time = TimeProvider,
            Ids = Ids,
            OnConnected = (server, session) => ZooKeeperLog.Connected(log, server, session),
            OnDisconnected = (server, problem) => ZooKeeperLog.Disconnected(log, server, problem),
            OnSessionLost = session => ZooKeeperLog.SessionLost(log, session),
        });
    }

    private static void CheckTime(TimeSpan value, TimeSpan least, string name)
    {
        var most = TimeSpan.FromMinutes(10);
        SettingOutOfRangeException.ThrowUnless(
            value >= least && value <= most, name, value, $"{least.TotalMilliseconds} ms to 10 minutes");
    }
}
