using System.Globalization;

namespace Checkpointing.State;

/// <summary>Event time: milliseconds since 1970-01-01 UTC.</summary>
/// <param name="Milliseconds">May be negative.</param>
public readonly record struct Timestamp(long Milliseconds) : IComparable<Timestamp>
{
    /// <summary>Before every event.</summary>
    public static Timestamp MinValue => new(long.MinValue);

    /// <summary>After every event: the watermark at the end of an input.</summary>
    public static Timestamp MaxValue => new(long.MaxValue);

    /// <summary>From a date; its kind is ignored: what is given is taken as UTC.</summary>
    public static Timestamp FromDateTime(DateTime value) =>
        new((value.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond);

    /// <summary>The date, of kind UTC.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The date lies outside the years 1 to 9999.</exception>
    public DateTime ToDateTime() => DateTime.UnixEpoch.AddMilliseconds(Milliseconds);

    /// <inheritdoc/>
    public int CompareTo(Timestamp other) => Milliseconds.CompareTo(other.Milliseconds);

    /// <summary>Earlier.</summary>
    public static bool operator <(Timestamp left, Timestamp right) => left.Milliseconds < right.Milliseconds;

    /// <summary>Later.</summary>
    public static bool operator >(Timestamp left, Timestamp right) => left.Milliseconds > right.Milliseconds;

    /// <summary>Earlier or the same.</summary>
    public static bool operator <=(Timestamp left, Timestamp right) => left.Milliseconds <= right.Milliseconds;

    /// <summary>Later or the same.</summary>
    public static bool operator >=(Timestamp left, Timestamp right) => left.Milliseconds >= right.Milliseconds;

    /// <inheritdoc/>
    public override string ToString() => Milliseconds.ToString(CultureInfo.InvariantCulture);
}
