namespace Checkpointing.Torture.Fuzz;

/// <summary>Ends the process when one input takes for ever, and says which: nobody else could.</summary>
internal sealed class HangWatch : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly Func<long, string> _replayOf;
    private readonly Timer _timer;
    private long _index = -1;
    private long _seenIndex = -2;

    internal HangWatch(TimeSpan limit, Func<long, string> replayOf)
    {
        _limit = limit;
        _replayOf = replayOf;
        _timer = new(_ => Look(), null, limit, limit);
    }

    /// <summary>Says that an input is about to be read.</summary>
    internal void Begin(long index) => Volatile.Write(ref _index, index);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var index = Volatile.Read(ref _index);
        if (index == _seenIndex)
        {
            Console.WriteLine($"FAILED: input {index} was not read within {_limit.TotalSeconds} s");
            Console.WriteLine($"  replay: {_replayOf(index)}");
            Environment.Exit(1);
        }

        _seenIndex = index;
    }
}
