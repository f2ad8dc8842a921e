namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>A request on one connection, from its sending until its answer or the connection's end.</summary>
/// <remarks>It never fails: what went wrong is a <see cref="Reply{T}"/>, so that one nobody waits for any more stays
/// silent. A cancelled caller leaves it where it is, for replies come in the order of requests.</remarks>
internal abstract class PendingRequest
{
    private const int Waiting = 0;
    private const int Left = 1;
    private const int Withdrawn = 2;
    private int _state;

    internal int Xid { get; set; }

    /// <summary>Whether any byte of it may have left: then the server may do it, whatever comes back.</summary>
    internal bool HasLeft => Volatile.Read(ref _state) == Left;

    /// <summary>Says that it is about to be written.</summary>
    /// <returns>False if it was withdrawn.</returns>
    internal bool TryLeave() => Interlocked.CompareExchange(ref _state, Left, Waiting) == Waiting;

    /// <summary>Says that it is not to be sent any more.</summary>
    /// <returns>False if it has left: the server may do it.</returns>
    internal bool TryWithdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) != Left;

    internal abstract ZooKeeperOperation Operation { get; }

    internal abstract void WriteBody(JuteWriter writer);

    /// <summary>Called by the loop that reads, before it reads the next frame: a watch is set before its event can
    /// come.</summary>
    internal abstract void Complete(ZooKeeperErrorCode error, ref JuteReader body);

    internal abstract void Fail(ZooKeeperErrorCode error, string? problem);
}

/// <summary>What came of a request.</summary>
/// <param name="Error">None, or why not.</param>
/// <param name="Value">The answer, if there was no error.</param>
/// <param name="Problem">More about the error; null if there is nothing to say.</param>
internal readonly record struct Reply<T>(ZooKeeperErrorCode Error, T? Value, string? Problem = null);

/// <summary>Reads the body of an answer.</summary>
internal delegate T ReadReply<T>(ref JuteReader body);

/// <inheritdoc cref="PendingRequest"/>
/// <param name="operation">The request.</param>
/// <param name="write">Writes its body.</param>
/// <param name="read">Reads the answer's.</param>
/// <param name="onAnswer">Called before the next frame is read; null: nothing is to be done then.</param>
internal sealed class PendingRequest<T>(
    ZooKeeperOperation operation, Action<JuteWriter> write, ReadReply<T> read,
    Action<ZooKeeperErrorCode>? onAnswer) : PendingRequest
{
    private readonly TaskCompletionSource<Reply<T>> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<Reply<T>> Reply => _reply.Task;

    internal override ZooKeeperOperation Operation => operation;

    internal override void WriteBody(JuteWriter writer) => write(writer);

    internal override void Complete(ZooKeeperErrorCode error, ref JuteReader body)
    {
        T? value = default;
        if (error == ZooKeeperErrorCode.None)
        {
            value = read(ref body);
        }

        onAnswer?.Invoke(error);
        _reply.TrySetResult(new(error, value));
    }

    internal override void Fail(ZooKeeperErrorCode error, string? problem) =>
        _reply.TrySetResult(new(error, default, problem));
}
