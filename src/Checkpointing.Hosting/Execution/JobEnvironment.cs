using System.Diagnostics.Metrics;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting.Runtime;
using Checkpointing.State;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Execution;

/// <summary>What a run of a job is given by its host.</summary>
internal sealed record JobEnvironment
{
    public required ICheckpointStorage Storage { get; init; }

    public required IKeyedStateBackendFactory Backend { get; init; }

    public required ICheckpointRegister? Register { get; init; }

    public required InProcessHostOptions Options { get; init; }

    public required ILoggerFactory LoggerFactory { get; init; }

    public required TimeProvider Time { get; init; }

    public required IdSource Ids { get; init; }

    /// <summary>Null: the one that all of the process share.</summary>
    public Meter? Meter { get; init; }

    public JobCounters Counters { get; init; } = new();

    public bool AllowNonRestoredState { get; init; }

    /// <summary>Null: nobody wants to know.</summary>
    public ProgressReporter? Progress { get; init; }

    /// <summary>Whether the coordinator still may complete checkpoints: false once it has been fenced.</summary>
    public Func<bool> IsCoordinatorAlive { get; init; } = static () => true;

    public SubtaskContext ContextOf(
        JobPlan plan, PlannedSubtask subtask, SubtaskAddress address, SubtaskRestore restore, Guid lineageId,
        Func<bool> mayCommit) => new()
        {
            Address = address,
            Parallelism = subtask.Parallelism,
            LineageId = lineageId,
            KeyGroups = plan.KeyGroupsOf(subtask),
            MayCommit = mayCommit,
            Counters = Counters,
            State = new SubtaskStateContext
            {
                Job = address.Job,
                Operator = address.Operator,
                SubtaskIndex = address.Index,
                Range = KeyGroups.KeyGroupRange.Empty,
                MaxParallelism = plan.Job.MaxParallelism,
                States = [],
                Restore = restore,
                AllowNonRestoredState = AllowNonRestoredState,
                Backend = Backend,
                Storage = Progress is null ? Storage : new ObservedStorage(Storage, Progress),
                Ids = Ids,
                Time = Time,
                Logger = LoggerFactory.CreateLogger($"Checkpointing.Operators.{address.Operator}"),
            },
        };
}
