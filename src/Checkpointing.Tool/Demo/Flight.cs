namespace Checkpointing.Tool.Demo;

/// <summary>One flight.</summary>
/// <param name="Date">Local time of departure; minutes precision.</param>
/// <param name="DelayMinutes">Delay on arrival; negative = early.</param>
/// <param name="DistanceMiles">Distance flown.</param>
/// <param name="Origin">Airport it left from, for example <c>DTW</c>.</param>
/// <param name="Destination">Airport it went to.</param>
/// <param name="Replay">Which pass over the input this is, from 0.</param>
internal readonly record struct Flight(
    DateTime Date, int DelayMinutes, int DistanceMiles, string Origin, string Destination, int Replay = 0)
{
    /// <summary>How far the dates are moved on from one pass over the input to the next.</summary>
    public static readonly TimeSpan ReplayShift = TimeSpan.FromDays(90);

    /// <summary>The key of the job: state of each pass is its own, so that state grows with the passes.</summary>
    public OriginKey Key => new(Origin, Replay);

    /// <summary>The same flight in a later pass over the input.</summary>
    public Flight InReplay(int replay) => this with { Date = Date + (ReplayShift * replay), Replay = replay };
}
