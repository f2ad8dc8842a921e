using System.Collections.ObjectModel;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.State;

/// <summary>What a backend is opened for.</summary>
public sealed record KeyedStateBackendContext
{
    /// <summary>The job.</summary>
    public required JobId Job { get; init; }

    /// <summary>Name of the operator, for messages and folder names.</summary>
    public required string Operator { get; init; }

    /// <summary>The subtask, from 0.</summary>
    public required int SubtaskIndex { get; init; }

    /// <summary>Key groups that the backend owns. Rows of other groups are neither restored nor returned.</summary>
    public required KeyGroupRange Range { get; init; }

    /// <summary>Number of key groups of the job.</summary>
    public required int MaxParallelism { get; init; }

    /// <summary>The states that the program declares. A stored state that is not among them is left out.</summary>
    public required IReadOnlyList<StateDescription> States { get; init; }

    /// <summary>States with a time to live, by name: how long after its stamp a value has expired. Rows that have may
    /// be dropped after <see cref="KeyedStateBackend.StartExpiring"/>; nobody asks for them. Default: none.</summary>
    public IReadOnlyDictionary<string, TimeSpan> TimesToLive { get; init; } =
        ReadOnlyDictionary<string, TimeSpan>.Empty;

    /// <summary>Reductions of states that have a built-in one and no time to live, by name of the state: a backend may
    /// fold by it in <see cref="KeyedStateTable.TryMerge"/>. Default: none.</summary>
    public IReadOnlyDictionary<string, Reduction> Reductions { get; init; } =
        ReadOnlyDictionary<string, Reduction>.Empty;

    /// <summary>What to restore: every handle that holds key groups of <see cref="Range"/>; empty for a new
    /// backend.</summary>
    public required IReadOnlyList<KeyedStateHandle> RestoreFrom { get; init; }

    /// <summary>The checkpoint that <see cref="RestoreFrom"/> is of. <see cref="CheckpointId.None"/> if there is none.
    /// It counts as confirmed: it is the base of the next checkpoint unless it is foreign.</summary>
    public CheckpointId RestoredCheckpoint { get; init; }

    /// <summary>Whether the restored files belong to another job (NoClaim): the first snapshot then makes links or
    /// copies of
    /// its own on the storage side instead of referring to them.</summary>
    public bool RestoredIsForeign { get; init; }

    /// <summary>The storage.</summary>
    public required ICheckpointStorage Storage { get; init; }

    /// <summary>Source of ids.</summary>
    public required IdSource Ids { get; init; }

    /// <summary>Time.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Log.</summary>
    public required ILogger Logger { get; init; }
}
