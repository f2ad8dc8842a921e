using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>What a client and a server said to each other, frame by frame: <c>&gt;</c> from the client, <c>&lt;</c>
/// from the server, <c>-</c> for the end of a connection and who ended it; behind <c>#</c> is for people.</summary>
internal abstract class Transcript : IAsyncDisposable
{
    protected const string CutByTest = "- cut";
    protected const string EndedByServer = "- server";
    protected const string EndedByClient = "- client";
    private const int PingOperation = 11;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private int _pings;

    /// <summary>Where the client connects to.</summary>
    internal string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Pings that the client sent.</summary>
    internal int Pings => Volatile.Read(ref _pings);

    protected CancellationToken Stopping => _stop.Token;

    protected Task Accepting { get; private set; } = Task.CompletedTask;

    /// <summary>Cuts the connection, does something before the next one, and lets the next one come.</summary>
    /// <param name="meanwhile">Only done at a real server: in a transcript it has been done.</param>
    internal abstract Task CutAsync(Func<Task> meanwhile);

    /// <summary>Does something at a real server.</summary>
    internal abstract Task MeanwhileAsync(Func<Task> action);

    public virtual async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await Accepting;
        _stop.Dispose();
    }

    protected abstract Task ServeAsync(NetworkStream client);

    protected void Start()
    {
        _listener.Start();
        Accepting = AcceptAsync();
    }

    protected bool IsPing(byte[] frame)
    {
        if (frame.Length != 8 || BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4)) != PingOperation)
        {
            return false;
        }

        Interlocked.Increment(ref _pings);
        return true;
    }

    protected static async Task<byte[]?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var length = new byte[sizeof(int)];
        if (await stream.ReadAtLeastAsync(length, length.Length, false, cancellationToken) < length.Length)
        {
            return null;
        }

        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await stream.ReadExactlyAsync(frame, cancellationToken);
        return frame;
    }

    protected static async Task WriteAsync(Stream stream, byte[] frame, CancellationToken cancellationToken)
    {
        var bytes = new byte[sizeof(int) + frame.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, frame.Length);
        frame.CopyTo(bytes, sizeof(int));
        await stream.WriteAsync(bytes, cancellationToken);
    }

    private async Task AcceptAsync()
    {
        // One connection at a time: a client has no more.
        while (!Stopping.IsCancellationRequested)
        {
            try
            {
                using var client = await _listener.AcceptSocketAsync(Stopping);
                client.NoDelay = true;
                await using var stream = new NetworkStream(client);
                await ServeAsync(stream);
            }
            catch (Exception e) when (
                e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
            {
            }
        }
    }
}

/// <summary>Stands between a client and a real server, and writes down what they say.</summary>
internal sealed class TranscriptRecorder : Transcript
{
    private static readonly Dictionary<int, string> s_operations = new()
    {
        [1] = "create", [2] = "delete", [3] = "exists", [4] = "getData", [5] = "setData", [9] = "sync", [11] = "ping",
        [12] = "getChildren2", [13] = "check", [14] = "multi", [15] = "create2", [100] = "auth", [101] = "setWatches",
        [-11] = "closeSession",
    };

    private readonly int _serverPort;
    private readonly List<string> _lines = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _cut = NewSignal();
    private TaskCompletionSource _open = NewSignal();

    internal TranscriptRecorder(int serverPort)
    {
        _serverPort = serverPort;
        _open.SetResult();
        Start();
    }

    internal string ServerAddress => $"127.0.0.1:{_serverPort}";

    internal string[] Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    internal override async Task CutAsync(Func<Task> meanwhile)
    {
        _open = NewSignal();
        _cut.SetResult();
        await meanwhile();
        _cut = NewSignal();
        _open.SetResult();
    }

    internal override Task MeanwhileAsync(Func<Task> action) => action();

    protected override async Task ServeAsync(NetworkStream client)
    {
        await _open.Task.WaitAsync(Stopping);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _serverPort, Stopping);
        await using var server = socket.GetStream();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stopping);
        var requests = CarryAsync(client, server, isRequest: true, over.Token);
        var answers = CarryAsync(server, client, isRequest: false, over.Token);
        var first = await Task.WhenAny(requests, answers, _cut.Task);
        Add(first == requests ? EndedByClient : first == answers ? EndedByServer : CutByTest);
        await over.CancelAsync();
        await Task.WhenAll(requests, answers);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task CarryAsync(Stream from, Stream to, bool isRequest, CancellationToken cancellationToken)
    {
        try
        {
            var isFirst = true;
            while (await ReadAsync(from, cancellationToken) is { } frame)
            {
                Add($"{(isRequest ? '>' : '<')} {Convert.ToHexString(frame)} # {NameOf(frame, isRequest, isFirst)}");
                if (isRequest)
                {
                    IsPing(frame);
                }

                isFirst = false;
                await WriteAsync(to, frame, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
        }
    }

    private static string NameOf(byte[] frame, bool isRequest, bool isFirst)
    {
        var xid = BinaryPrimitives.ReadInt32BigEndian(frame);
        return isFirst ? "connect"
            : isRequest ? $"{xid}: {s_operations[BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4))]}"
            : xid == -1 ? "watch event"
            : $"{xid}: error {BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(12))}";
    }

    private void Add(string line)
    {
        lock (_gate)
        {
            _lines.Add(line);
        }
    }
}

/// <summary>A server made of a transcript: checks each byte of the client's and answers with what was
/// recorded.</summary>
internal sealed class TranscriptServer : Transcript
{
    private readonly string[] _lines;
    private readonly SemaphoreSlim _cuts = new(0);
    private int _next;

    internal TranscriptServer(IEnumerable<string> lines)
    {
        _lines = [.. lines.Select(static line => line.Split('#')[0].Trim()).Where(static line => line.Length > 0)];
        Start();
    }

    /// <summary>What differs from the transcript; null so far.</summary>
    internal string? Difference { get; private set; }

    /// <summary>Whether all of it was said.</summary>
    internal bool IsOver => Volatile.Read(ref _next) == _lines.Length;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _cuts.Dispose();
    }

    internal override Task CutAsync(Func<Task> meanwhile)
    {
        _cuts.Release();
        return Task.CompletedTask;
    }

    internal override Task MeanwhileAsync(Func<Task> action) => Task.CompletedTask;

    protected override async Task ServeAsync(NetworkStream client)
    {
        while (!IsOver && Difference is null)
        {
            var line = _lines[_next];
            switch (line)
            {
                case CutByTest:
                    await _cuts.WaitAsync(Stopping);
                    break;
                case EndedByClient:
                    if (await NextAsync(client) is { } more)
                    {
                        Difference = $"line {_next}: {Convert.ToHexString(more)} instead of the end";
                    }

                    break;
                case EndedByServer:
                    break;
                default:
                    var frame = Convert.FromHexString(line[2..]);
                    if (line[0] == '<')
                    {
                        await WriteAsync(client, frame, Stopping);
                    }
                    else if (await NextAsync(client, frame) is var sent && sent?.SequenceEqual(frame) != true)
                    {
                        Difference = $"line {_next}: "
                            + $"{(sent is null ? "the end" : Convert.ToHexString(sent))} instead of {line[2..]}";
                    }

                    break;
            }

            Volatile.Write(ref _next, _next + 1);
            if (line[0] == '-')
            {
                return;
            }
        }
    }

    // Pings come when they come: beyond those in the transcript they are answered.
    private async Task<byte[]?> NextAsync(NetworkStream client, byte[]? expected = null)
    {
        while (true)
        {
            var frame = await ReadAsync(client, Stopping);
            if (frame is null || !IsPing(frame) || (expected is not null && expected.SequenceEqual(frame)))
            {
                return frame;
            }

            var answer = new byte[16];
            BinaryPrimitives.WriteInt32BigEndian(answer, -2);
            await WriteAsync(client, answer, Stopping);
        }
    }
}
