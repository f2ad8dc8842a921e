namespace Checkpointing.Hosting.Sinks;

/// <summary>What a sink does with output that was committed after the checkpoint that the job starts from.</summary>
public enum SinkFallBack
{
    /// <summary>The output is cut back to what the checkpoint counts; the replay writes the rest again. Whoever has
    /// read
    /// those rows reads them twice.</summary>
    TakeBack = 0,

    /// <summary>The start is refused with a <see cref="SinkOutputException"/>, and nothing is changed. A new job is
    /// refused, too, if the output holds anything but its header.</summary>
    Refuse = 1,
}
