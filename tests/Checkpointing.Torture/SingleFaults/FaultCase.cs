using System.Globalization;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Torture.SingleFaults;

/// <summary>One or two faults in a scenario.</summary>
internal sealed record FaultCase(string Medium, string Scenario, PlannedFault First)
{
    /// <summary>A second fault, if there is one.</summary>
    internal PlannedFault? Second { get; init; }

    internal IReadOnlyList<PlannedFault> Faults => Second is { } second ? [First, second] : [First];

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    internal static FaultCase Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length is 3 or 4
            ? new(parts[0], parts[1], ParseFault(parts[2])) { Second = parts.Length == 4 ? ParseFault(parts[3]) : null }
            : throw new ArgumentException($"A case is MEDIUM/SCENARIO/N:FAULT[:ever][/N:FAULT[:ever]], not '{text}'.");
    }

    public override string ToString() => $"{Medium}/{Scenario}/{string.Join('/', Faults.Select(ToText))}";

    private static string ToText(PlannedFault fault) => string.Create(
        CultureInfo.InvariantCulture, $"{fault.Number}:{fault.Kind}{(fault.IsForEver ? ":ever" : "")}");

    private static PlannedFault ParseFault(string text)
    {
        var parts = text.Split(':');
        var number = int.Parse(parts[0], CultureInfo.InvariantCulture);
        return new(number, Enum.Parse<FaultKind>(parts[1]), parts.Length > 2);
    }
}
