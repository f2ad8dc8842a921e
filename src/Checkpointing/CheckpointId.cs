using System.Globalization;

namespace Checkpointing;

/// <summary>Number of a checkpoint within its job: from 1, never given twice, never going back.</summary>
/// <param name="Value">At least 0; 0 is below every checkpoint.</param>
public readonly record struct CheckpointId(long Value) : IComparable<CheckpointId>
{
    /// <summary>Below every checkpoint.</summary>
    public static CheckpointId None => new(0);

    /// <inheritdoc/>
    public int CompareTo(CheckpointId other) => Value.CompareTo(other.Value);

    /// <summary>Older.</summary>
    public static bool operator <(CheckpointId left, CheckpointId right) => left.Value < right.Value;

    /// <summary>Newer.</summary>
    public static bool operator >(CheckpointId left, CheckpointId right) => left.Value > right.Value;

    /// <summary>Older or the same.</summary>
    public static bool operator <=(CheckpointId left, CheckpointId right) => left.Value <= right.Value;

    /// <summary>Newer or the same.</summary>
    public static bool operator >=(CheckpointId left, CheckpointId right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
