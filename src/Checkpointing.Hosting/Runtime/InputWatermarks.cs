using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Watermarks of the inputs of a subtask, and which of them are idle: event time is the least of all that are
/// not.</summary>
internal sealed class InputWatermarks
{
    private readonly Timestamp[] _times;
    private readonly bool[] _idle;

    public InputWatermarks(int inputCount)
    {
        _times = new Timestamp[inputCount];
        Array.Fill(_times, Timestamp.MinValue);
        _idle = new bool[inputCount];
    }

    /// <summary>The least watermark; null while all inputs that have not ended are idle.</summary>
    public Timestamp? Least { get; private set; } = Timestamp.MinValue;

    /// <summary>Takes a watermark; the input is active with it.</summary>
    public void Take(int input, Timestamp time)
    {
        _idle[input] = false;
        if (time > _times[input])
        {
            _times[input] = time;
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
    public void TakeRecords(int input)
    {
        if (_idle[input])
        {
            _idle[input] = false;
            Combine();
        }
    }

    private void Combine()
    {
        var least = Timestamp.MaxValue;
        var (mayStillSend, isActive) = (false, false);
        for (var i = 0; i < _times.Length; i++)
        {
            // An input at the end of its time has nothing to say about the others.
            if (_times[i] == Timestamp.MaxValue)
            {
                continue;
            }

            mayStillSend = true;
            if (!_idle[i])
            {
                isActive = true;
                least = _times[i] < least ? _times[i] : least;
            }
        }

        Least = mayStillSend && !isActive ? null : least;
    }
}
