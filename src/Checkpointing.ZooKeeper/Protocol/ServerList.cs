using System.Globalization;
using System.Net;
using System.Net.Sockets;

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
        var servers = (slash < 0 ? text : text[..slash]).Split(',', StringSplitOptions.TrimEntries)
            .Select(server => ParseServer(server, text)).ToArray();
        var chroot = slash < 0 || slash == text.Length - 1 ? "" : text[slash..];
        if (chroot.Length > 0 && ZooKeeperPath.FindProblem(chroot) is { } problem)
        {
            throw new FormatException($"'{chroot}' in '{text}' is no path of a ZooKeeper node: {problem}.");
        }

        return new(servers, chroot);
    }

    public override string ToString() =>
        string.Join(',', Servers.Select(static server => server.Host.Contains(':', StringComparison.Ordinal)
            ? $"[{server.Host}]:{server.Port}" : $"{server.Host}:{server.Port}")) + Chroot;

    private static DnsEndPoint ParseServer(string server, string text)
    {
        // An IPv6 address has colons of its own: only brackets tell them from the port's.
        var isBracketed = server.StartsWith('[');
        var end = isBracketed
            ? server.IndexOf(']', StringComparison.Ordinal) + 1
            : server.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? colon : server.Length;
        var host = isBracketed ? server[1..Math.Max(1, end - 1)] : server[..end];
        var isAddress = IPAddress.TryParse(host, out var address)
            && address.AddressFamily == AddressFamily.InterNetworkV6;
        if (host.Length == 0
            || isBracketed != isAddress
            || host.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '[' or ']' or '@'))
        {
            throw Malformed();
        }

        var number = DefaultPort;
        var port = server.AsSpan(end);
        if (port.Length > 0
            && (port[0] != ':'
                || !int.TryParse(port[1..], NumberStyles.None, CultureInfo.InvariantCulture, out number)
                || number is < 1 or > IPEndPoint.MaxPort))
        {
            throw Malformed();
        }

        return new(host, number);

        FormatException Malformed() => new(
            $"'{server}' in '{text}' is no server: give host:port, with [ ] around an IPv6 address, "
            + "servers apart by commas.");
    }
}
