namespace Checkpointing.Testing.Simulation;

/// <summary>A promise that does not hold.</summary>
/// <param name="Promise">Which: <c>I1</c> to <c>I6</c>; docs/reliability.md lists them.</param>
/// <param name="What">What was found.</param>
public sealed record InvariantBreach(string Promise, string What)
{
    /// <summary>For example <c>I1: 'job/shared/…' is missing, …</c>.</summary>
    public override string ToString() => $"{Promise}: {What}";
}
