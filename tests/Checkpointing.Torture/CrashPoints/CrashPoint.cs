using System.Globalization;
using Checkpointing.Testing.Simulation;

namespace Checkpointing.Torture.CrashPoints;

/// <summary>Where a process dies, what is left of the unsynced, and perhaps where the recovering process
/// dies.</summary>
internal sealed record CrashPoint(string Medium, string Scenario, int Operation, CrashAftermath Aftermath)
{
    internal const string OnStorage = "files";
    internal const string InMemory = "memory";

    /// <summary>Operation at which the recovering process dies; 0: it does not.</summary>
    internal int Second { get; init; }

    /// <summary>What is left then.</summary>
    internal CrashAftermath SecondAftermath { get; init; }

    internal bool KeepsRegisterInMemory => Medium == InMemory;

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    internal static CrashPoint Parse(string text)
    {
        var parts = text.Split('/');
        if (parts.Length is not (4 or 6))
        {
            throw new ArgumentException($"A crash point is MEDIUM/SCENARIO/N/AFTERMATH[/N/AFTERMATH], not '{text}'.");
        }

        var point = new CrashPoint(
            parts[0], parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture),
            Enum.Parse<CrashAftermath>(parts[3]));
        return parts.Length == 4 ? point : point with
        {
            Second = int.Parse(parts[4], CultureInfo.InvariantCulture),
            SecondAftermath = Enum.Parse<CrashAftermath>(parts[5]),
        };
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Medium}/{Scenario}/{Operation}/{Aftermath}{(Second == 0 ? "" : $"/{Second}/{SecondAftermath}")}");
}
