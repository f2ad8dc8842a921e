using Checkpointing.Hosting.Runtime;
using Checkpointing.Hosting.Sinks;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage.InMemory;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>What a subtask is opened with, for tests without a host.</summary>
internal static class SubtaskContexts
{
    public static readonly Guid Lineage = new("11111111-2222-4333-8444-555555555555");

    public static SubtaskContext Of(
        string operatorName = "op", int index = 0, long epoch = 1, int attempt = 0, JobId? job = null,
        Func<bool>? mayCommit = null) => new()
    {
        Address = new(job ?? new JobId("job"), epoch, attempt, operatorName, index),
        Parallelism = 1,
        LineageId = Lineage,
        KeyGroups = KeyGroupRange.All(8),
        MayCommit = mayCommit ?? (() => true),
        Counters = new(),
        State = new()
        {
            Job = job ?? new JobId("job"),
            Operator = operatorName,
            SubtaskIndex = index,
            Range = KeyGroupRange.Empty,
            MaxParallelism = 8,
            States = [],
            Restore = SubtaskRestore.None,
            Backend = new HeapBackendFactory(),
            Storage = new InMemoryCheckpointStorage(),
            Ids = IdSource.System,
            Time = TimeProvider.System,
            Logger = NullLogger.Instance,
        },
    };

    /// <summary>Opens operator state and hands it to a sink's context.</summary>
    public static async Task<SinkContext> SinkContextAsync(
        SubtaskContext subtask, IReadOnlyList<StateDescriptor> states)
    {
        var state = await SubtaskState.OpenAsync(subtask.State with { States = states }, CancellationToken.None);
        return new(subtask, state.Operator);
    }
}
