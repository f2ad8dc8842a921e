using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Execution;

/// <summary>What comes to one subtask: a bounded channel an input, a mailbox for messages, and one signal for
/// all.</summary>
/// <remarks>Any thread writes; one loop reads.</remarks>
internal sealed class SubtaskInbox
{
    private readonly Channel<StreamElement>[] _inputs;
    private readonly Channel<object> _mailbox = Channel.CreateUnbounded<object>(new() { SingleReader = true });

    // Holds one token: a signal given while nobody waits is not lost, many are one.
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public SubtaskInbox(int inputCount, int capacity) => _inputs = [.. Enumerable.Range(0, inputCount).Select(_ =>
        Channel.CreateBounded<StreamElement>(
            new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true }))];

    /// <summary>Puts an element into an input; waits while it is full.</summary>
    public ValueTask SendAsync(int input, StreamElement element, CancellationToken cancellationToken)
    {
        if (_inputs[input].Writer.TryWrite(element))
        {
            Signal();
            return ValueTask.CompletedTask;
        }

        return WaitAndSendAsync(input, element, cancellationToken);
    }

    /// <summary>Puts a message into the mailbox; never waits.</summary>
    public void Post(object message)
    {
        _mailbox.Writer.TryWrite(message);
        Signal();
    }

    public bool TryReceive(int input, [NotNullWhen(true)] out StreamElement? element) =>
        _inputs[input].Reader.TryRead(out element);

    public bool TryReceiveMessage([NotNullWhen(true)] out object? message) => _mailbox.Reader.TryRead(out message);

    /// <summary>Wakes the loop.</summary>
    public void Signal() => _signal.Writer.TryWrite(true);

    /// <summary>Waits until something has come since the last wait.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken) =>
        await _signal.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);

    private async ValueTask WaitAndSendAsync(int input, StreamElement element, CancellationToken cancellationToken)
    {
        await _inputs[input].Writer.WriteAsync(element, cancellationToken).ConfigureAwait(false);
        Signal();
    }
}
