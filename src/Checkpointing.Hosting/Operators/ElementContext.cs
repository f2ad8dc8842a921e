using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>The record that an operator without keys is handling. Valid during the call only.</summary>
public sealed class ElementContext
{
    internal ElementContext()
    {
    }

    /// <summary>Its event time; <see cref="Timestamp.MinValue"/> in a job without event time.</summary>
    public Timestamp Time { get; internal set; } = Timestamp.MinValue;

    /// <summary>Event time here: nothing at or before it is still expected. After a restore it begins anew.</summary>
    public Timestamp Watermark { get; internal set; } = Timestamp.MinValue;
}
