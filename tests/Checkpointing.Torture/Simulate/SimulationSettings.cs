using Checkpointing.Testing.Faults;

namespace Checkpointing.Torture.Simulate;

/// <summary>What one seed has and what it does without: each seed turns some faults off, so that none hides
/// another.</summary>
internal sealed class SimulationSettings
{
    private static readonly FaultKind[] s_kinds =
    [
        FaultKind.NotFound, FaultKind.Denied, FaultKind.NoSpace, FaultKind.DeviceError, FaultKind.TimedOut,
        FaultKind.ShortWrite, FaultKind.AppliedButFailed, FaultKind.AppliedLate, FaultKind.Delayed, FaultKind.BitFlip,
        FaultKind.ShortRead, FaultKind.CutRead,
    ];

    internal SimulationSettings(Random random)
    {
        bool Draw(int percent) => random.Next(100) < percent;

        KeepsRegisterInMemory = Draw(50);
        Faults = [.. s_kinds.Where(_ => Draw(35))];
        FaultRate = random.Next(4) switch { 0 => 0, 1 => 0.004, 2 => 0.015, _ => 0.05 };
        LossRate = Draw(50) ? 0 : 0.04;
        DeclineRate = Draw(60) ? 0 : 0.1;
        Retained = 1 + random.Next(3);
        Concurrent = 1 + random.Next(2);
        HasCounts = Draw(25);
        Interval = Draw(30) ? TimeSpan.FromSeconds(30) : null;
        CutsPower = Draw(50);
        Crashes = Draw(60);
        Pauses = Draw(60);
        IsSkewed = Draw(60);
        HasHeirs = Draw(30);
        Rescales = Draw(50);
        Steps = 150 + random.Next(450);
    }

    internal bool KeepsRegisterInMemory { get; }

    internal IReadOnlyList<FaultKind> Faults { get; }

    internal double FaultRate { get; }

    internal double LossRate { get; }

    internal double DeclineRate { get; }

    internal int Retained { get; }

    internal int Concurrent { get; }

    internal bool HasCounts { get; }

    internal TimeSpan? Interval { get; }

    internal bool CutsPower { get; }

    internal bool Crashes { get; }

    internal bool Pauses { get; }

    internal bool IsSkewed { get; }

    internal bool HasHeirs { get; }

    internal bool Rescales { get; }

    internal int Steps { get; }
}
