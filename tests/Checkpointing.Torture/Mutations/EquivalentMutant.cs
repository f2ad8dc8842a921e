namespace Checkpointing.Torture.Mutations;

/// <summary>A mutant that nobody can tell from the original.</summary>
/// <param name="File">The file, below <c>src/Checkpointing</c>.</param>
/// <param name="Original">What stood there, on one line.</param>
/// <param name="Replacement">What took its place, on one line.</param>
/// <param name="Why">Why it makes no difference.</param>
internal sealed record EquivalentMutant(string File, string Original, string Replacement, string Why)
{
    /// <summary>All that are known.</summary>
    internal static IReadOnlyList<EquivalentMutant> All { get; } =
    [
        new("CompletedCheckpoints/CheckpointPins.cs", "{ // In doubt the pin holds. return PinState.Living; }", "{}",
            "Stryker puts the default there, which is Living."),
        new("CompletedCheckpoints/OwnedFolders.cs", "{ return null; }", "{}",
            "Stryker puts the default there, which is null."),
        new("CompletedCheckpoints/OwnedFolders.cs", "record.Claims.Append", "record.Claims.Prepend",
            "They go into a set."),
        new("SharedState/OwnerBits.cs", "_first |= Mask(bit)", "_first ^= Mask(bit)",
            "The bit is not set: that was asked before."),
        new("SharedState/SharedStateRegistry.cs", "_freeBits.Min", "_freeBits.Max",
            "Any free bit does; the lowest takes less memory."),
        new("SharedState/SharedStateRegistry.cs", "_length > (2 * Count) + Slack", "_length >= (2 * Count) + Slack",
            "It says how much of what was given up is remembered, not what."),
        new("SharedState/SharedStateRegistry.cs", "(2 * Count) + Slack", "(2 * Count) - Slack",
            "It says how much of what was given up is remembered, not what."),
    ];

    internal static EquivalentMutant? Find(Mutant mutant) =>
        All.FirstOrDefault(one => one.File == mutant.File
            && one.Original == Mutant.OnOneLine(mutant.Original)
            && one.Replacement == Mutant.OnOneLine(mutant.Replacement));
}
