using Checkpointing.KeyGroups;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.State;

/// <summary>What the state of a subtask is opened for.</summary>
public sealed record SubtaskStateContext
{
    /// <summary>The job.</summary>
    public required JobId Job { get; init; }

    /// <summary>Name of the operator.</summary>
    public required string Operator { get; init; }

    /// <summary>The subtask, from 0.</summary>
    public required int SubtaskIndex { get; init; }

    /// <summary>Key groups that it owns; empty for an operator without keyed state.</summary>
    public required KeyGroupRange Range { get; init; }

    /// <summary>Number of key groups of the job.</summary>
    public required int MaxParallelism { get; init; }

    /// <summary>All states that the program declares, keyed and operator.</summary>
    public required IReadOnlyList<StateDescriptor> States { get; init; }

    /// <summary>Whether the operator has timers, which are then kept as a state of their own. Default: false.</summary>
    public bool UsesTimers { get; init; }

    /// <summary>What to restore.</summary>
    public required SubtaskRestore Restore { get; init; }

    /// <summary>Leave stored states that are not declared behind, with a warning, instead of refusing.</summary>
    public bool AllowNonRestoredState { get; init; }

    /// <summary>Where keyed state lives.</summary>
    public required IKeyedStateBackendFactory Backend { get; init; }

    /// <summary>The storage.</summary>
    public required ICheckpointStorage Storage { get; init; }

    /// <summary>Source of ids.</summary>
    public required IdSource Ids { get; init; }

    /// <summary>Time.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Log.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>Sees what passes in and out; null, the default: nobody does.</summary>
    internal StateObserver? Observer { get; init; }
}
