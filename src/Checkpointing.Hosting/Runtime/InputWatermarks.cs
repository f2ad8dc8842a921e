using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Watermarks of the inputs of a subtask, which of them are idle, and which have ended; and the event time
/// that follows from them.</summary>
/// <remarks>
/// Event time is
/// <list type="number">
/// <item>the end of time, once all inputs have ended;</item>
/// <item>else the least watermark of the active inputs: those that neither are idle nor have ended;</item>
/// <item>else, if there are none, the greatest watermark that any input has given, the end of time apart: nobody holds
/// back what one of them has said already.</item>
/// </list>
/// An input that has ended says with its last watermark that it holds nothing back, not that the others are late: an
/// idle one may yet have hours of records. So it counts in the third case alone, and with the watermark before its end.
/// The three depend on what the inputs have said and not on the order in which they became idle. Whoever follows event
/// time does not go back where it does.
/// </remarks>
internal sealed class InputWatermarks
{
    private readonly Timestamp[] _times;
    private readonly bool[] _idle;
    private readonly bool[] _ended;

    public InputWatermarks(int inputCount)
    {
        _times = new Timestamp[inputCount];
        Array.Fill(_times, Timestamp.MinValue);
        _idle = new bool[inputCount];
        _ended = new bool[inputCount];
    }

    /// <summary>Event time; it may be before an earlier value.</summary>
    public Timestamp Time { get; private set; } = Timestamp.MinValue;

    /// <summary>No input is active, and not all have ended: who comes behind need not wait either.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>The greatest watermark of an input that has ended, the end of time apart.</summary>
    public Timestamp LastOfEnded { get; private set; } = Timestamp.MinValue;

    /// <summary>Takes a watermark; the input is active with it. At the end of time it has ended.</summary>
    public void Take(int input, Timestamp time)
    {
        _idle[input] = false;
        if (time == Timestamp.MaxValue)
        {
            _ended[input] = true;
            LastOfEnded = Later(LastOfEnded, _times[input]);
        }
        else
        {
            _times[input] = Later(_times[input], time);
        }

        Combine();
    }

    /// <summary>The input waits for nothing that is in sight: it holds event time back no more.</summary>
    public void TakeIdle(int input)
    {
        _idle[input] = true;
        Combine();
    }

    /// <summary>A record came: the input holds event time back again.</summary>
    /// <returns>Whether that is news.</returns>
    public bool TakeRecords(int input)
    {
        if (!_idle[input])
        {
            return false;
        }

        _idle[input] = false;
        Combine();
        return true;
    }

    /// <summary>An input that had ended before the restore had come so far.</summary>
    public void RestoreEnded(Timestamp last)
    {
        LastOfEnded = Later(LastOfEnded, last);
        Combine();
    }

    private void Combine()
    {
        var (least, greatest) = (Timestamp.MaxValue, LastOfEnded);
        var (isActive, haveEnded) = (false, true);
        for (var i = 0; i < _times.Length; i++)
        {
            if (_ended[i])
            {
                continue;
            }

            haveEnded = false;
            greatest = Later(greatest, _times[i]);
            if (!_idle[i])
            {
                isActive = true;
                least = _times[i] < least ? _times[i] : least;
            }
        }

        IsIdle = !isActive && !haveEnded;
        Time = IsIdle ? greatest : least;
    }

    private static Timestamp Later(Timestamp one, Timestamp other) => one > other ? one : other;
}
