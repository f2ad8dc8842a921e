namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>A request failed.</summary>
/// <param name="code">Why.</param>
/// <param name="path">Node that it was about, as the caller named it.</param>
/// <param name="problem">For people; null for what the code says.</param>
/// <param name="innerException">What caused it.</param>
internal sealed class ZooKeeperException(
    ZooKeeperErrorCode code, string? path, string? problem = null, Exception? innerException = null)
    : Exception(
        $"{(path is null ? "" : $"Node '{path}': ")}{problem ?? code.ToString()}", innerException)
{
    internal ZooKeeperErrorCode Code { get; } = code;

    internal string? Path { get; } = path;

    /// <summary>What went wrong, without the node.</summary>
    internal string Problem { get; } = problem ?? code.ToString();

    /// <summary>Whether the server may have done what was asked, or may do so still: the request had left, and no
    /// answer came.</summary>
    internal bool MayHaveHappened { get; init; }
}

/// <summary>The other side does not speak the protocol, or its bytes are damaged. The connection is given up.</summary>
internal sealed class ZooKeeperProtocolException(string problem) : Exception($"Not ZooKeeper's protocol: {problem}.");
