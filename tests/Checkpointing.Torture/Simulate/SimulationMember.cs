using Checkpointing.CompletedCheckpoints;
using Checkpointing.Testing.Simulation;
using Checkpointing.Torture.Cluster;

namespace Checkpointing.Torture.Simulate;

/// <summary>A process of a simulation. It may be a zombie: an older one that was paused, and wakes up.</summary>
internal sealed class SimulationMember(ClusterProcess process, SimulatedWork work)
{
    internal ClusterProcess Process { get; } = process;

    /// <summary>What it could do next.</summary>
    internal SimulatedWork Work { get; } = work;

    internal bool IsPaused { get; set; }

    /// <summary>Its start that is under way; null if none is.</summary>
    internal Task? Starting { get; set; }

    /// <summary>The job that it wants to claim with this start; null if it does not.</summary>
    internal string? Claims { get; init; }

    /// <summary>Whether it starts from another job's checkpoint, which that job may drop meanwhile.</summary>
    internal bool IsHeir { get; init; }

    /// <summary>Checkpoints that somebody waits for.</summary>
    internal List<Task<CompletedCheckpoint>> Triggers { get; } = [];
}
