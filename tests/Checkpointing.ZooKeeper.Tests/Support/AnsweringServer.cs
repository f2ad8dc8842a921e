using System.Net;
using System.Net.Sockets;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>Something else that listens where a ZooKeeper server was expected.</summary>
internal sealed class AnsweringServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly byte[]? _answer;
    private readonly bool _hangsUp;
    private readonly Task _accepting;

    /// <param name="answer">To the first bytes of a client; null: none, the connection stays as it is.</param>
    /// <param name="hangsUp">Whether it closes the connection then.</param>
    internal AnsweringServer(byte[]? answer, bool hangsUp)
    {
        (_answer, _hangsUp) = (answer, hangsUp);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    internal string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(AnswerAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }

        await Task.WhenAll(connections);
    }

    private async Task AnswerAsync(Socket client)
    {
        using (client)
        {
            try
            {
                var buffer = new byte[4096];
                for (var isFirst = true; await client.ReceiveAsync(buffer, _stop.Token) > 0; isFirst = false)
                {
                    if (isFirst && _answer is not null)
                    {
                        await client.SendAsync(_answer, _stop.Token);
                    }

                    if (_hangsUp)
                    {
                        return;
                    }
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
            }
        }
    }
}
