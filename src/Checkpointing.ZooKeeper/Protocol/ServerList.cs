using System.Globalization;
using System.Net;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>Servers of an ensemble, and the node below which everything is:
/// <c>host:port,host:port/chroot</c>.</summary>
/// <param name="Servers">At least one.</param>
/// <param name="Chroot">Empty, or a path.</param>
internal sealed record ServerList(IReadOnlyList<DnsEndPoint> Servers, string Chroot)
{
    private const int DefaultPort = 2181;

    /// <exception cref="FormatException">The message says what is wrong.</exception>
    internal static ServerList Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var chroot = slash < 0 || slash == text.Length - 1 ? "" : text[slash..];
        if (chroot.Length > 0 && ZooKeeperPath.FindProblem(chroot) is { } problem)
        {
            throw new FormatException($"'{chroot}' in '{text}' is no path of a ZooKeeper node: {problem}.");
        }

        var servers = (slash < 0 ? text : text[..slash]).Split(',', StringSplitOptions.TrimEntries)
            .Select(server => ParseServer(server, text)).ToArray();
        return new(servers, chroot);
    }

    public override string ToString() =>
        string.Join(',', Servers.Select(static server => server.Host.Contains(':', StringComparison.Ordinal)
            ? $"[{server.Host}]:{server.Port}" : $"{server.Host}:{server.Port}")) + Chroot;

    private static DnsEndPoint ParseServer(string server, string text)
    {
        var (host, port) = (server, "");
        if (server.StartsWith('[') && server.IndexOf(']', StringComparison.Ordinal) is var end and > 0)
        {
            (host, port) = (server[1..end], server[(end + 1)..]);
            if (port.Length > 0 && port[0] != ':')
            {
                throw Malformed();
            }

            port = port.TrimStart(':');
        }
        else if (server.LastIndexOf(':') is var colon and >= 0)
        {
            (host, port) = (server[..colon], server[(colon + 1)..]);
        }

        var number = DefaultPort;
        if (host.Length == 0
            || (server.EndsWith(':') && port.Length == 0)
            || (port.Length > 0
                && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number)
                    || number is < 1 or > IPEndPoint.MaxPort)))
        {
            throw Malformed();
        }

        return new(host, number);

        FormatException Malformed() => new(
            $"'{server}' in '{text}' is no server: give host:port, with [ ] around an IPv6 address, "
            + "servers apart by commas.");
    }
}
