using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>One connection to one server, on which a session goes on. When it ends it is over; a client makes the
/// next.</summary>
/// <remarks>Requests are sent in the order of the calls and answered in that order. Safe for concurrent
/// calls.</remarks>
internal sealed class ZooKeeperConnection : IAsyncDisposable
{
    private const int MaxFrameBytes = 16 << 20;
    private const int MaxBytesAWrite = 64 << 10;

    private readonly Stream _stream;
    private readonly FrameReader _frames;
    private readonly WatchTable _watches;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Queue<PendingRequest> _inFlight = new();
    private readonly Queue<PendingRequest> _authentications = new();
    private readonly Channel<(Memory<byte> Frame, PendingRequest? Request)> _outgoing =
        Channel.CreateUnbounded<(Memory<byte>, PendingRequest?)>(new() { SingleReader = true });

    private int _lastXid;
    private long _lastSent;
    private long _lastReceived;
    private long _lastZxid;

    private ZooKeeperConnection(
        Stream stream, FrameReader frames, ConnectResponse response, long lastZxid, WatchTable watches,
        TimeProvider time)
    {
        (_stream, _frames, _watches, _time, _lastZxid) = (stream, frames, watches, time, lastZxid);
        Response = response;
        _lastSent = _lastReceived = time.GetTimestamp();
        Completion = RunAsync();
    }

    /// <summary>What the server answered.</summary>
    internal ConnectResponse Response { get; }

    /// <summary>Ends with the connection, with the reason as a sentence's rest; never fails. Then all requests are
    /// answered.</summary>
    internal Task<string> Completion { get; }

    /// <summary>The newest transaction that was seen.</summary>
    internal long LastZxid => Volatile.Read(ref _lastZxid);

    /// <summary>Connects and takes a session up.</summary>
    /// <returns>Null if the session is over.</returns>
    /// <exception cref="IOException">The server hung up or does not answer.</exception>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    /// <exception cref="ZooKeeperProtocolException">It is no ZooKeeper server.</exception>
    /// <exception cref="AuthenticationException">TLS did not come about.</exception>
    internal static async Task<ZooKeeperConnection?> ConnectAsync(
        DnsEndPoint server, SslClientAuthenticationOptions? tls, ZooKeeperSessionId session, long lastZxid,
        WatchTable watches, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null)
            {
                stream = await EncryptAsync(stream, server, tls, cancellationToken).ConfigureAwait(false);
            }

            var hello = new JuteWriter();
            ConnectMessages.WriteRequest(hello, session, lastZxid);
            await stream.WriteAsync(Frame(hello), cancellationToken).ConfigureAwait(false);
            var frames = new FrameReader(stream, MaxFrameBytes);
            var answer = await frames.ReadAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new IOException(tls is null
                    ? "hung up before it answered; does it expect TLS (ZooKeeperOptions.Tls)?"
                    : "hung up before it answered");
            if (ConnectMessages.ReadResponse(answer.Span) is not { } response)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
                return null;
            }

            if (response.IsReadOnly)
            {
                throw new IOException("is read-only: it has lost its quorum; start more servers of the ensemble");
            }

            return new(stream, frames, response, lastZxid, watches, time);
        }
        catch
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request.</summary>
    /// <returns>False if the connection is over: it was not sent and never will be.</returns>
    internal bool TrySend(PendingRequest request)
    {
        var writer = new JuteWriter();
        writer.WriteInt32(0); // place of the id
        writer.WriteInt32((int)request.Operation);
        request.WriteBody(writer);
        return _outgoing.Writer.TryWrite((Frame(writer), request));
    }

    /// <summary>Sets watches again that another connection had. An event that was missed meanwhile comes at
    /// once.</summary>
    internal void SetWatches(IEnumerable<(WatchKind Kind, string Path)> watches, long since)
    {
        // A server takes about a megabyte a request.
        const int MaxCharactersARequest = 64 << 10;
        var characters = 0;
        var chunk = new List<(WatchKind Kind, string Path)>();
        foreach (var watch in watches)
        {
            if (chunk.Count > 0 && characters + watch.Path.Length > MaxCharactersARequest)
            {
                Send();
            }

            chunk.Add(watch);
            characters += watch.Path.Length;
        }

        if (chunk.Count > 0)
        {
            Send();
        }

        void Send()
        {
            var writer = new JuteWriter();
            writer.WriteInt32(ReservedXid.SetWatches);
            writer.WriteInt32((int)ZooKeeperOperation.SetWatches);
            writer.WriteInt64(since);
            foreach (var kind in (ReadOnlySpan<WatchKind>)[WatchKind.Data, WatchKind.Exists, WatchKind.Children])
            {
                writer.WriteTexts([.. chunk.Where(watch => watch.Kind == kind).Select(static watch => watch.Path)]);
            }

            _outgoing.Writer.TryWrite((Frame(writer), null));
            chunk.Clear();
            characters = 0;
        }
    }

    /// <summary>Ends the connection; the session goes on until it times out.</summary>
    public async ValueTask DisposeAsync()
    {
        End();
        await Completion.ConfigureAwait(false);
    }

    /// <summary>Ends the connection without waiting; any number of times.</summary>
    internal void End() => _stop.Cancel();

    private static async Task<Stream> EncryptAsync(
        Stream stream, DnsEndPoint server, SslClientAuthenticationOptions tls, CancellationToken cancellationToken)
    {
        var encrypted = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            var options = tls;
            if (string.IsNullOrEmpty(tls.TargetHost))
            {
                options = new()
                {
                    TargetHost = server.Host,
                    ClientCertificates = tls.ClientCertificates,
                    ClientCertificateContext = tls.ClientCertificateContext,
                    LocalCertificateSelectionCallback = tls.LocalCertificateSelectionCallback,
                    RemoteCertificateValidationCallback = tls.RemoteCertificateValidationCallback,
                    CertificateChainPolicy = tls.CertificateChainPolicy,
                    CertificateRevocationCheckMode = tls.CertificateRevocationCheckMode,
                    EnabledSslProtocols = tls.EnabledSslProtocols,
                    EncryptionPolicy = tls.EncryptionPolicy,
                    CipherSuitesPolicy = tls.CipherSuitesPolicy,
                    ApplicationProtocols = tls.ApplicationProtocols,
                    AllowRenegotiation = tls.AllowRenegotiation,
                    AllowTlsResume = tls.AllowTlsResume,
                };
            }

            await encrypted.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            return encrypted;
        }
        catch (IOException e)
        {
            await encrypted.DisposeAsync().ConfigureAwait(false);
            throw new AuthenticationException(
                $"the server hung up or speaks something else; is this its port for TLS? ({e.Message})");
        }
        catch
        {
            await encrypted.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static Memory<byte> Frame(JuteWriter body)
    {
        var frame = new byte[sizeof(int) + body.Written.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Written.Length);
        body.Written.Span.CopyTo(frame.AsSpan(sizeof(int)));
        return frame;
    }

    private async Task<string> RunAsync()
    {
        // The caller goes on at once.
        await Task.Yield();
        Task<string>[] loops = [GuardAsync(ReadAsync), GuardAsync(WriteAsync), GuardAsync(KeepAliveAsync)];
        var reason = await (await Task.WhenAny(loops).ConfigureAwait(false)).ConfigureAwait(false);
        _outgoing.Writer.TryComplete();
        await _stop.CancelAsync().ConfigureAwait(false);

        // Also ends a call of the operating system that a cancellation does not reach.
        await _stream.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(loops).ConfigureAwait(false);
        foreach (var request in _inFlight.Concat(_authentications))
        {
            request.Fail(ZooKeeperErrorCode.ConnectionLoss, reason);
        }

        while (_outgoing.Reader.TryRead(out var unsent))
        {
            unsent.Request?.Fail(ZooKeeperErrorCode.ConnectionLoss, reason);
        }

        return reason;
    }

    private async Task<string> GuardAsync(Func<CancellationToken, Task<string>> loop)
    {
        try
        {
            return await loop(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return "was given up";
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException)
        {
            return $"broke: {e.Message}";
        }
        catch (ZooKeeperProtocolException e)
        {
            return $"sent what is not understood: {e.Message}";
        }
    }

    private async Task<string> WriteAsync(CancellationToken cancellationToken)
    {
        var batch = new MemoryStream();
        while (await _outgoing.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            batch.SetLength(0);
            while (batch.Length < MaxBytesAWrite && _outgoing.Reader.TryRead(out var next))
            {
                if (next.Request is null || TryEnqueue(next.Request, next.Frame.Span))
                {
                    batch.Write(next.Frame.Span);
                }
            }

            await _stream.WriteAsync(batch.GetBuffer().AsMemory(0, (int)batch.Length), cancellationToken)
                .ConfigureAwait(false);
            Volatile.Write(ref _lastSent, _time.GetTimestamp());
        }

        return "was given up";
    }

    // From here on its answer may come.
    private bool TryEnqueue(PendingRequest request, Span<byte> frame)
    {
        lock (_gate)
        {
            if (!request.TryLeave())
            {
                return false;
            }

            var isAuthentication = request.Operation == ZooKeeperOperation.Auth;
            request.Xid = isAuthentication ? ReservedXid.Auth : _lastXid = ReservedXid.After(_lastXid);
            BinaryPrimitives.WriteInt32BigEndian(frame[sizeof(int)..], request.Xid);
            (isAuthentication ? _authentications : _inFlight).Enqueue(request);
            return true;
        }
    }

    private async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        while (await _frames.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            Volatile.Write(ref _lastReceived, _time.GetTimestamp());
            Handle(frame.Span);
        }

        return "was closed by the server";
    }

    private void Handle(ReadOnlySpan<byte> frame)
    {
        var reader = new JuteReader(frame);
        var xid = reader.ReadInt32();
        var zxid = reader.ReadInt64();
        var error = (ZooKeeperErrorCode)reader.ReadInt32();
        if (zxid > 0)
        {
            Volatile.Write(ref _lastZxid, Math.Max(_lastZxid, zxid));
        }

        switch (xid)
        {
            case ReservedXid.Event:
                var type = (WatchEventType)reader.ReadInt32();
                reader.ReadInt32(); // state of the session
                _watches.Fire(type, reader.ReadText());
                break;
            case ReservedXid.Ping:
                break;
            case ReservedXid.SetWatches:
                if (error != ZooKeeperErrorCode.None)
                {
                    throw new ZooKeeperProtocolException($"watches were refused with {error}");
                }

                break;
            case ReservedXid.Auth:
                Take(_authentications, xid).Complete(error, ref reader);
                break;
            default:
                var request = Take(_inFlight, xid);
                try
                {
                    request.Complete(error, ref reader);
                }
                catch (ZooKeeperProtocolException e)
                {
                    request.Fail(ZooKeeperErrorCode.ConnectionLoss, e.Message);
                    throw;
                }

                break;
        }
    }

    private PendingRequest Take(Queue<PendingRequest> requests, int xid)
    {
        lock (_gate)
        {
            return requests.TryDequeue(out var request) && request.Xid == xid
                ? request
                : throw new ZooKeeperProtocolException($"an answer to request {xid}, which was not the next");
        }
    }

    private async Task<string> KeepAliveAsync(CancellationToken cancellationToken)
    {
        // A server ends the session after the whole time-out without a word from here.
        var timeout = Response.Session.Timeout;
        var tick = TimeSpan.FromMilliseconds(Math.Max(5, timeout.TotalMilliseconds / 6));
        using var timer = new PeriodicTimer(tick, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lastReceived)) > timeout * 2 / 3)
            {
                return $"was silent for two thirds of {timeout.TotalMilliseconds} ms";
            }

            if (_time.GetElapsedTime(Volatile.Read(ref _lastSent)) >= timeout / 3 - tick)
            {
                var ping = new JuteWriter();
                ping.WriteInt32(ReservedXid.Ping);
                ping.WriteInt32((int)ZooKeeperOperation.Ping);
                _outgoing.Writer.TryWrite((Frame(ping), null));
            }
        }

        return "was given up";
    }
}
