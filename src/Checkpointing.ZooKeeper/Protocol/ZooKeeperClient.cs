using System.Security.Authentication;
using System.Text;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>A session with an ensemble: connects, goes on at another server when a connection breaks, begins a new
/// session when the old one is lost, and carries requests meanwhile.</summary>
/// <remarks>
/// <para>Reads, and requests that had not left yet, are sent again within their time-out. A change whose answer is
/// lost is not: it fails with <see cref="ZooKeeperException.MayHaveHappened"/>.</para>
/// <para>Safe for concurrent calls.</para>
/// </remarks>
internal sealed partial class ZooKeeperClient : IAsyncDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    private readonly ServerList _servers;
    private readonly ZooKeeperClientSettings _settings;
    private readonly WatchTable _watches = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _running;

    // Ended with null when the client is closed for good.
    private TaskCompletionSource<ZooKeeperConnection?> _connected =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CancellationTokenSource _session = new();
    private ZooKeeperSessionId _sessionId;
    private long _lastZxid;
    private string _lastProblem = "no server has answered yet";
    private bool _isRefused;

    internal ZooKeeperClient(ServerList servers, ZooKeeperClientSettings settings)
    {
        (_servers, _settings) = (servers, settings);
        _sessionId = ZooKeeperSessionId.New(settings.SessionTimeout);
        _running = RunAsync();
    }

    /// <summary>Id of the session; 0 before the first.</summary>
    internal long SessionId => Volatile.Read(ref _sessionId).Id;

    /// <summary>The session's secret: for tests, and for nobody else.</summary>
    internal ZooKeeperSessionId SessionSecret => Volatile.Read(ref _sessionId);

    /// <summary>Why the last connection ended, or did not come about.</summary>
    internal string LastProblem => Volatile.Read(ref _lastProblem);

    /// <summary>Watches that have not fired.</summary>
    internal int WatchCount => _watches.Count;

    /// <summary>Cancelled when the present session is lost: then its ephemeral nodes are gone.</summary>
    internal CancellationToken SessionLost
    {
        get
        {
            lock (_gate)
            {
                return _session.Token;
            }
        }
    }

    /// <summary>The servers.</summary>
    public override string ToString() => $"zookeeper://{_servers}";

    /// <summary>Ends the session, so that its ephemeral nodes go at once, and the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            await _running.ConfigureAwait(false);
            return;
        }

        if (Volatile.Read(ref _connected).Task is { IsCompletedSuccessfully: true, Result: { } connection })
        {
            var farewell = new PendingRequest<bool>(
                ZooKeeperOperation.Close, static _ => { }, static (ref JuteReader _) => true, onAnswer: null);
            if (connection.TrySend(farewell))
            {
                // Without the answer the session times out by itself.
                await Task.WhenAny(farewell.Reply, Task.Delay(_settings.ConnectTimeout, _settings.Time))
                    .ConfigureAwait(false);
            }
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stop.Dispose();
        _session.Dispose();
    }

    private async Task RunAsync()
    {
        // The constructor returns at once.
        await Task.Yield();
        var turn = Math.Abs(BitConverter.ToInt32(_settings.Ids.NewGuid().ToByteArray()) % _servers.Servers.Count);
        var pause = s_firstPause;
        for (var failures = 0; !_stop.IsCancellationRequested && !_isRefused; turn++)
        {
            var server = _servers.Servers[turn % _servers.Servers.Count];
            var problem = await ConnectOnceAsync(server, () => (failures, pause) = (0, s_firstPause))
                .ConfigureAwait(false);
            if (problem is null)
            {
                // The session is lost; this server can begin a new one.
                turn--;
                continue;
            }

            Volatile.Write(ref _lastProblem, $"{server.Host}:{server.Port} {problem}");
            if (!_stop.IsCancellationRequested)
            {
                _settings.OnDisconnected?.Invoke($"{server.Host}:{server.Port}", problem);
            }

            if (++failures % _servers.Servers.Count == 0)
            {
                await PauseAsync(pause).ConfigureAwait(false);
                pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
            }
        }

        Volatile.Read(ref _connected).TrySetResult(null);
        await LoseSessionAsync().ConfigureAwait(false);
    }

    /// <returns>Why the connection ended; null if the session is over.</returns>
    private async Task<string?> ConnectOnceAsync(System.Net.DnsEndPoint server, Action onConnected)
    {
        try
        {
            using var timeout = new CancellationTokenSource(_settings.ConnectTimeout, _settings.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
            ZooKeeperConnection? connection;
            try
            {
                connection = await ZooKeeperConnection.ConnectAsync(
                    server, _settings.Tls, _sessionId, _lastZxid, _watches, _settings.Time, either.Token)
                    .ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return $"does not answer within {_settings.ConnectTimeout.TotalSeconds} s";
            }

            if (connection is null)
            {
                await LoseSessionAsync().ConfigureAwait(false);
                return null;
            }

            await using (connection.ConfigureAwait(false))
            {
                return await ServeAsync(server, connection, onConnected).ConfigureAwait(false);
            }
        }
        catch (System.Net.Sockets.SocketException e)
        {
            return $"cannot be reached: {e.Message}";
        }
        catch (IOException e)
        {
            return e.InnerException is null ? e.Message : $"broke: {e.Message}";
        }
        catch (AuthenticationException e)
        {
            return $"did not agree on TLS (ZooKeeperOptions.Tls): {e.GetBaseException().Message}";
        }
        catch (ZooKeeperProtocolException e)
        {
            return $"sent what is not understood: {e.Message}";
        }
    }

    private async Task<string> ServeAsync(
        System.Net.DnsEndPoint server, ZooKeeperConnection connection, Action onConnected)
    {
        Volatile.Write(ref _sessionId, connection.Response.Session);
        if (_settings.Digest is { } digest && !await AuthenticateAsync(connection, digest).ConfigureAwait(false))
        {
            _isRefused = true;
            Volatile.Write(ref _lastProblem, "the digest was refused");
            return "refused the digest";
        }

        connection.SetWatches(_watches.Keys(), _lastZxid);
        onConnected();
        _settings.OnConnected?.Invoke($"{server.Host}:{server.Port}", SessionId);
        Volatile.Read(ref _connected).TrySetResult(connection);
        using var stopping = _stop.Token.UnsafeRegister(
            static connection => ((ZooKeeperConnection)connection!).End(), connection);
        var reason = await connection.Completion.ConfigureAwait(false);
        Volatile.Write(
            ref _connected, new TaskCompletionSource<ZooKeeperConnection?>(
                TaskCreationOptions.RunContinuationsAsynchronously));
        _lastZxid = Math.Max(_lastZxid, connection.LastZxid);
        return reason;
    }

    private static async Task<bool> AuthenticateAsync(ZooKeeperConnection connection, string digest)
    {
        var request = new PendingRequest<bool>(
            ZooKeeperOperation.Auth,
            writer =>
            {
                writer.WriteInt32(0); // the kind, which no server looks at
                writer.WriteText("digest");
                writer.WriteBytes(Encoding.UTF8.GetBytes(digest));
            },
            static (ref JuteReader _) => true,
            onAnswer: null);
        if (!connection.TrySend(request))
        {
            return true; // the connection is over, and with it the question
        }

        var reply = await request.Reply.ConfigureAwait(false);
        return reply.Error is ZooKeeperErrorCode.None or ZooKeeperErrorCode.ConnectionLoss;
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        // Many clients must not come back in step.
        var share = _settings.Ids.NewGuid().ToByteArray()[0] / 512.0;
        try
        {
            await Task.Delay(pause * (0.5 + share), _settings.Time, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task LoseSessionAsync()
    {
        CancellationTokenSource lost;
        var id = SessionId;
        lock (_gate)
        {
            lost = _session;
            _session = new();
            _lastZxid = 0;
            Volatile.Write(ref _sessionId, ZooKeeperSessionId.New(_settings.SessionTimeout));
        }

        if (id != 0 && !_stop.IsCancellationRequested)
        {
            _settings.OnSessionLost?.Invoke(id);
        }

        _watches.FireAll(WatchEventType.SessionLost);
        await lost.CancelAsync().ConfigureAwait(false);
        lost.Dispose();
    }
}
