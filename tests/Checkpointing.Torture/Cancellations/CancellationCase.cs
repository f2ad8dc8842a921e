using System.Globalization;

namespace Checkpointing.Torture.Cancellations;

/// <summary>The token of all calls under way is cancelled at one operation of a scenario.</summary>
/// <param name="Medium">Where the register is.</param>
/// <param name="Scenario">What is done.</param>
/// <param name="Operation">Which, from 1.</param>
/// <param name="IsLate">When it is done and about to answer, and not before it begins.</param>
internal sealed record CancellationCase(string Medium, string Scenario, int Operation, bool IsLate)
{
    private const string Late = "late";

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    internal static CancellationCase Parse(string text) =>
        text.Split('/', ':') is [var medium, var scenario, var number, .. var rest] && rest is [] or [Late]
            ? new(medium, scenario, int.Parse(number, CultureInfo.InvariantCulture), rest.Length > 0)
            : throw new ArgumentException($"A case is MEDIUM/SCENARIO/N[:{Late}], not '{text}'.");

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Medium}/{Scenario}/{Operation}{(IsLate ? $":{Late}" : "")}");
}
