using System.Net;
using System.Net.Sockets;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>Carries connections to a server, and cuts them where it is told.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Task> _carried = [];
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private int _frames;
    private int _pings;
    private int _cutAt;
    private bool _isCutBefore;
    private int _actAt;
    private Func<Task>? _act;
    private bool _isRefusing;

    public TcpRelay(int serverPort)
    {
        ServerPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where connections are carried to.</summary>
    public int ServerPort { get; set; }

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Requests that came by, pings and new connections not counted.</summary>
    public int Frames => Volatile.Read(ref _frames);

    /// <summary>Pings that came by.</summary>
    public int Pings => Volatile.Read(ref _pings);

    /// <summary>Connections that were cut as asked.</summary>
    public int Cuts { get; private set; }

    /// <summary>Cuts at the n-th request from now: before it reaches the server, or when the server has it and its
    /// answer is on the way.</summary>
    public void CutAt(int request, bool isBefore)
    {
        lock (_gate)
        {
            (_cutAt, _isCutBefore) = (_frames + request, isBefore);
        }
    }

    /// <summary>Does something when the n-th request from now has come and before it goes on, or is cut.</summary>
    public void ActAt(int request, Func<Task> act)
    {
        lock (_gate)
        {
            (_actAt, _act) = (_frames + request, act);
        }
    }

    /// <summary>Cuts all connections now.</summary>
    public void Cut()
    {
        Socket[] sockets;
        lock (_gate)
        {
            sockets = [.. _sockets];
            _sockets.Clear();
        }

        foreach (var socket in sockets)
        {
            socket.Dispose();
        }
    }

    /// <summary>Whether new connections are closed at once.</summary>
    public void Refuse(bool isRefusing)
    {
        Volatile.Write(ref _isRefusing, isRefusing);
        if (isRefusing)
        {
            Cut();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        await Task.WhenAll(_carried);
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            if (Volatile.Read(ref _isRefusing))
            {
                client.Dispose();
                continue;
            }

            _carried.Add(CarryAsync(client));
        }
    }

    private async Task CarryAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, ServerPort, _stop.Token);
            lock (_gate)
            {
                _sockets.AddRange([client, server]);
            }

            await Task.WhenAny(RequestsAsync(client, server), AnswersAsync(server, client));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
        finally
        {
            client.Dispose();
            server.Dispose();
        }
    }

    // Requests are cut at their borders: a length, then as many bytes. The first is the greeting.
    private async Task RequestsAsync(Socket client, Socket server)
    {
        try
        {
            for (var isFirst = true; ; isFirst = false)
            {
                var frame = await ReadFrameAsync(client);
                if (frame is null)
                {
                    return;
                }

                // Behind length and id: the operation. 11 is a ping.
                if (!isFirst && frame[11] == 11)
                {
                    Interlocked.Increment(ref _pings);
                }
                else if (!isFirst)
                {
                    bool isCut;
                    Func<Task>? act;
                    lock (_gate)
                    {
                        isCut = ++_frames == _cutAt;
                        act = _frames == _actAt ? _act : null;
                    }

                    if (act is not null)
                    {
                        await act();
                    }

                    if (isCut)
                    {
                        Cuts++;
                        if (!_isCutBefore)
                        {
                            await server.SendAsync(frame);

                            // The server has done it when the answer is there; the client never sees that.
                            Cut(client);
                            await server.ReceiveAsync(new byte[1]);
                        }

                        return;
                    }
                }

                await server.SendAsync(frame);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private static async Task AnswersAsync(Socket server, Socket client)
    {
        var buffer = new byte[16 << 10];
        try
        {
            while (await server.ReceiveAsync(buffer) is var count and > 0)
            {
                await client.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private void Cut(Socket socket)
    {
        lock (_gate)
        {
            _sockets.Remove(socket);
        }

        socket.Dispose();
    }

    private static async Task<byte[]?> ReadFrameAsync(Socket socket)
    {
        var length = new byte[4];
        if (!await FillAsync(socket, length))
        {
            return null;
        }

        var frame = new byte[4 + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(length)];
        length.CopyTo(frame, 0);
        return await FillAsync(socket, frame.AsMemory(4)) ? frame : null;
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> target)
    {
        while (target.Length > 0)
        {
            var count = await socket.ReceiveAsync(target);
            if (count == 0)
            {
                return false;
            }

            target = target[count..];
        }

        return true;
    }
}
