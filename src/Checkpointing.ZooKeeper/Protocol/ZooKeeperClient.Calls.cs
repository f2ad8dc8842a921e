namespace Checkpointing.ZooKeeper.Protocol;

internal sealed partial class ZooKeeperClient
{
    private const int AllPermissions = 31;
    private const int EphemeralFlag = 1;
    private const int SequentialFlag = 2;

    /// <summary>Creates a node. With a digest it is for its holder alone.</summary>
    /// <returns>Its path, with the number that a sequential one got.</returns>
    internal Task<string> CreateAsync(
        string path, ReadOnlyMemory<byte> data, bool isEphemeral = false, bool isSequential = false,
        CancellationToken cancellationToken = default) =>
        CallAsync(
            ZooKeeperOperation.Create, path, isRepeatable: false,
            (writer, serverPath) => WriteCreate(
                writer, serverPath, data, isEphemeral, isSequential, _settings.Digest is not null),
            ReadPath, onAnswer: null, cancellationToken);

    /// <summary>Creates a node and gives its facts.</summary>
    internal Task<NodeStat> Create2Async(
        string path, ReadOnlyMemory<byte> data, bool isEphemeral = false,
        CancellationToken cancellationToken = default) =>
        CallAsync(
            ZooKeeperOperation.Create2, path, isRepeatable: false,
            (writer, serverPath) => WriteCreate(
                writer, serverPath, data, isEphemeral, false, _settings.Digest is not null),
            static (ref JuteReader body) =>
            {
                body.ReadText();
                return NodeStat.Read(ref body);
            },
            onAnswer: null, cancellationToken);

    /// <summary>Creates a node and those above it that are not there.</summary>
    internal async Task EnsurePathAsync(string path, CancellationToken cancellationToken)
    {
        if (path == "/")
        {
            // The chroot itself: made like any other node, from the servers' root.
            foreach (var ancestor in AncestorsOf(_servers.Chroot))
            {
                await CreateIfAbsentAsync(ancestor, isAbsolute: true, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        try
        {
            await CreateIfAbsentAsync(path, isAbsolute: false, cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException e) when (e.Code == ZooKeeperErrorCode.NoNode)
        {
            await EnsurePathAsync(ZooKeeperPath.ParentOf(path), cancellationToken).ConfigureAwait(false);
            await CreateIfAbsentAsync(path, isAbsolute: false, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <param name="path">The node.</param>
    /// <param name="version">That it must have; −1: any.</param>
    /// <param name="cancellationToken">Ends the wait; the node may go nevertheless.</param>
    internal Task DeleteAsync(string path, int version = -1, CancellationToken cancellationToken = default) =>
        CallAsync(
            ZooKeeperOperation.Delete, path, isRepeatable: false,
            (writer, serverPath) =>
            {
                writer.WriteText(serverPath);
                writer.WriteInt32(version);
            },
            static (ref JuteReader _) => true, onAnswer: null, cancellationToken);

    /// <returns>Null if there is no such node.</returns>
    internal Task<NodeStat?> ExistsAsync(
        string path, ZooKeeperWatch? watch = null, CancellationToken cancellationToken = default) =>
        CallAsync<NodeStat?>(
            ZooKeeperOperation.Exists, path, isRepeatable: true,
            (writer, serverPath) => WriteWatched(writer, serverPath, watch),
            static (ref JuteReader body) => NodeStat.Read(ref body),
            (error, serverPath) =>
            {
                if (error is ZooKeeperErrorCode.None or ZooKeeperErrorCode.NoNode)
                {
                    watch?.Set(
                        _watches, error == ZooKeeperErrorCode.None ? WatchKind.Data : WatchKind.Exists, serverPath);
                }
            },
            cancellationToken, isAbsenceFine: true);

    internal Task<(byte[] Data, NodeStat Stat)> GetDataAsync(
        string path, ZooKeeperWatch? watch = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            ZooKeeperOperation.GetData, path, isRepeatable: true,
            (writer, serverPath) => WriteWatched(writer, serverPath, watch),
            static (ref JuteReader body) => (body.ReadBytes().ToArray(), NodeStat.Read(ref body)),
            (error, serverPath) => SetIfThere(watch, WatchKind.Data, error, serverPath),
            cancellationToken);

    /// <returns>Names, in no order, and facts of the node.</returns>
    internal Task<(string[] Children, NodeStat Stat)> GetChildrenAsync(
        string path, ZooKeeperWatch? watch = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            ZooKeeperOperation.GetChildren2, path, isRepeatable: true,
            (writer, serverPath) => WriteWatched(writer, serverPath, watch),
            static (ref JuteReader body) => (body.ReadTexts(), NodeStat.Read(ref body)),
            (error, serverPath) => SetIfThere(watch, WatchKind.Children, error, serverPath),
            cancellationToken);

    /// <param name="path">The node.</param>
    /// <param name="data">At most about a megabyte, with all else of the request.</param>
    /// <param name="version">That it must have; −1: any.</param>
    /// <param name="cancellationToken">Ends the wait; it may be set nevertheless.</param>
    internal Task<NodeStat> SetDataAsync(
        string path, ReadOnlyMemory<byte> data, int version, CancellationToken cancellationToken = default) =>
        CallAsync(
            ZooKeeperOperation.SetData, path, isRepeatable: false,
            (writer, serverPath) =>
            {
                writer.WriteText(serverPath);
                writer.WriteBytes(data.Span);
                writer.WriteInt32(version);
            },
            static (ref JuteReader body) => NodeStat.Read(ref body), onAnswer: null, cancellationToken);

    /// <summary>Waits until the server has seen all that was done anywhere before this call.</summary>
    internal Task SyncAsync(string path, CancellationToken cancellationToken = default) =>
        CallAsync(
            ZooKeeperOperation.Sync, path, isRepeatable: true,
            static (writer, serverPath) => writer.WriteText(serverPath), ReadPath, onAnswer: null, cancellationToken);

    /// <summary>Does all or nothing.</summary>
    /// <exception cref="ZooKeeperException">The first that failed: its code and path.</exception>
    internal async Task MultiAsync(
        IReadOnlyList<MultiOperation> operations, CancellationToken cancellationToken = default)
    {
        var errors = await CallAsync(
            ZooKeeperOperation.Multi, operations.Count == 0 ? null : operations[0].Path, isRepeatable: false,
            (writer, _) =>
            {
                foreach (var operation in operations)
                {
                    WriteMultiHeader(writer, (int)operation.Operation, isLast: false);
                    operation.WriteBody(
                        writer, ZooKeeperPath.Join(_servers.Chroot, ZooKeeperPath.Check(operation.Path)),
                        _settings.Digest is not null);
                }

                WriteMultiHeader(writer, -1, isLast: true);
            },
            (ref JuteReader body) => ReadMulti(ref body, operations.Count), onAnswer: null, cancellationToken)
            .ConfigureAwait(false);

        // Of the others "inconsistency" is said, which only means that they were not done either.
        var failed = Array.FindIndex(
            errors, static error => error is not (ZooKeeperErrorCode.None or ZooKeeperErrorCode.RuntimeInconsistency));
        failed = failed >= 0 ? failed : Array.FindIndex(errors, static error => error != ZooKeeperErrorCode.None);
        if (failed >= 0)
        {
            throw new ZooKeeperException(errors[failed], operations[failed].Path);
        }
    }

    internal static void WriteCreate(
        JuteWriter writer, string serverPath, ReadOnlyMemory<byte> data, bool isEphemeral, bool isSequential,
        bool isForCreator)
    {
        writer.WriteText(serverPath);
        writer.WriteBytes(data.Span);
        writer.WriteInt32(1); // entries of the access control list
        writer.WriteInt32(AllPermissions);
        writer.WriteText(isForCreator ? "auth" : "world");
        writer.WriteText(isForCreator ? "" : "anyone");
        writer.WriteInt32((isEphemeral ? EphemeralFlag : 0) | (isSequential ? SequentialFlag : 0));
    }

    private static void WriteMultiHeader(JuteWriter writer, int operation, bool isLast)
    {
        writer.WriteInt32(operation);
        writer.WriteBoolean(isLast);
        writer.WriteInt32(-1);
    }

    /// <summary>Results of the operations, in their order.</summary>
    internal static ZooKeeperErrorCode[] ReadMulti(ref JuteReader body, int expected)
    {
        var errors = new List<ZooKeeperErrorCode>();
        while (true)
        {
            var operation = (ZooKeeperOperation)body.ReadInt32();
            var isLast = body.ReadBoolean();
            body.ReadInt32();
            if (isLast)
            {
                return errors.Count == expected
                    ? [.. errors]
                    : throw new ZooKeeperProtocolException($"{errors.Count} results of {expected} operations");
            }

            var error = ZooKeeperErrorCode.None;
            switch (operation)
            {
                case ZooKeeperOperation.Error:
                    error = (ZooKeeperErrorCode)body.ReadInt32();
                    break;
                case ZooKeeperOperation.Create:
                    body.ReadText();
                    break;
                case ZooKeeperOperation.Create2:
                    body.ReadText();
                    NodeStat.Read(ref body);
                    break;
                case ZooKeeperOperation.SetData:
                    NodeStat.Read(ref body);
                    break;
                case ZooKeeperOperation.Delete or ZooKeeperOperation.Check:
                    break;
                default:
                    throw new ZooKeeperProtocolException($"a result of operation {operation}");
            }

            errors.Add(error);
        }
    }

    private static string[] AncestorsOf(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return [.. Enumerable.Range(1, parts.Length).Select(count => "/" + string.Join('/', parts.Take(count)))];
    }

    private static void WriteWatched(JuteWriter writer, string serverPath, ZooKeeperWatch? watch)
    {
        writer.WriteText(serverPath);
        writer.WriteBoolean(watch is not null);
    }

    private string ReadPath(ref JuteReader body) => ZooKeeperPath.Strip(_servers.Chroot, body.ReadText());

    private void SetIfThere(ZooKeeperWatch? watch, WatchKind kind, ZooKeeperErrorCode error, string serverPath)
    {
        if (error == ZooKeeperErrorCode.None)
        {
            watch?.Set(_watches, kind, serverPath);
        }
    }

    private async Task CreateIfAbsentAsync(string path, bool isAbsolute, CancellationToken cancellationToken)
    {
        try
        {
            // To make it twice is to find it there.
            await CallAsync(
                ZooKeeperOperation.Create, path, isRepeatable: true,
                (writer, serverPath) => WriteCreate(
                    writer, isAbsolute ? path : serverPath, default, false, false, _settings.Digest is not null),
                static (ref JuteReader body) => body.ReadText(), onAnswer: null, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ZooKeeperException e) when (e.Code == ZooKeeperErrorCode.NodeExists)
        {
        }
    }

    private async Task<T> CallAsync<T>(
        ZooKeeperOperation operation, string? path, bool isRepeatable, Action<JuteWriter, string> write,
        ReadReply<T> read, Action<ZooKeeperErrorCode, string>? onAnswer, CancellationToken cancellationToken,
        bool isAbsenceFine = false)
    {
        var serverPath = path is null ? "" : ZooKeeperPath.Join(_servers.Chroot, ZooKeeperPath.Check(path));
        using var deadline = new CancellationTokenSource(_settings.RequestTimeout, _settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        while (true)
        {
            var request = new PendingRequest<T>(
                operation, writer => write(writer, serverPath), read,
                onAnswer is null ? null : error => onAnswer(error, serverPath));
            Reply<T> reply;
            try
            {
                var connection = await Volatile.Read(ref _connected).Task.WaitAsync(either.Token).ConfigureAwait(false)
                    ?? throw Closed(path);
                if (!connection.TrySend(request))
                {
                    // It has just ended; its successor is waited for in the next round.
                    await connection.Completion.WaitAsync(either.Token).ConfigureAwait(false);
                    await Task.Yield();
                    continue;
                }

                reply = await request.Reply.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                var isWithdrawn = request.TryWithdraw();
                throw new ZooKeeperException(
                    ZooKeeperErrorCode.OperationTimeout, path,
                    $"no answer within {_settings.RequestTimeout.TotalSeconds} s; {Volatile.Read(ref _lastProblem)}")
                {
                    MayHaveHappened = !isWithdrawn,
                };
            }
            catch (OperationCanceledException)
            {
                request.TryWithdraw();
                throw;
            }

            switch (reply.Error)
            {
                case ZooKeeperErrorCode.None:
                    return reply.Value!;
                case ZooKeeperErrorCode.NoNode when isAbsenceFine:
                    return default!;

                // A server that the session has left answers so; the connection to it ends by itself.
                case ZooKeeperErrorCode.ConnectionLoss or ZooKeeperErrorCode.SessionMoved
                    or ZooKeeperErrorCode.SessionExpired when isRepeatable || !request.HasLeft:
                    await Task.Yield();
                    continue;
                default:
                    throw new ZooKeeperException(reply.Error, path, reply.Problem is null
                        ? null : $"the answer was lost: the connection {reply.Problem}")
                    {
                        MayHaveHappened = reply.Error == ZooKeeperErrorCode.ConnectionLoss && request.HasLeft,
                    };
            }
        }
    }

    private ZooKeeperException Closed(string? path) => _isRefused
        ? new(ZooKeeperErrorCode.AuthFailed, path, "the servers refuse the digest")
        : new(ZooKeeperErrorCode.ConnectionLoss, path, "the client is closed");
}
