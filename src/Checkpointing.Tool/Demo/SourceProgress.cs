namespace Checkpointing.Tool.Demo;

/// <summary>How far the source of a running job is. Written by the source, read by whoever shows it.</summary>
internal sealed class SourceProgress
{
    private long _position;
    private long _restored;

    /// <summary>Flights read, from the beginning of the input.</summary>
    public long Position
    {
        get => Interlocked.Read(ref _position);
        set => Interlocked.Exchange(ref _position, value);
    }

    /// <summary>Position that the job began at.</summary>
    public long Restored
    {
        get => Interlocked.Read(ref _restored);
        set => Interlocked.Exchange(ref _restored, value);
    }
}
