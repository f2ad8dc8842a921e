using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Tests.State;

/// <summary>Opens, snapshots and restores the state of an operator <c>op</c> on the heap backend.</summary>
internal sealed class StateFixture
{
    internal const int MaxParallelism = 16;

    private long _checkpoint;

    internal ICheckpointStorage Storage { get; init; } = new InMemoryCheckpointStorage();

    internal IdSource Ids { get; } = IdSource.FromSeed(1);

    internal ILogger Logger { get; init; } = NullLogger.Instance;

    internal SubtaskStateContext Context(params StateDescriptor[] states) => new()
    {
        Job = "job",
        Operator = "op",
        SubtaskIndex = 0,
        Range = KeyGroupRange.All(MaxParallelism),
        MaxParallelism = MaxParallelism,
        States = states,
        Restore = SubtaskRestore.None,
        Backend = new HeapBackendFactory(),
        Storage = Storage,
        Ids = Ids,
        Time = TimeProvider.System,
        Logger = Logger,
    };

    internal SnapshotRequest NextRequest(CheckpointKind kind = CheckpointKind.Checkpoint) => new()
    {
        CheckpointId = new(++_checkpoint),
        Kind = kind,
        Base = null,
        Job = "job",
        Epoch = 1,
        Attempt = 0,
        ExclusiveFolder = kind == CheckpointKind.Savepoint ? "savepoints/one" : $"job/chk-{_checkpoint}",
    };

    internal static ValueTask<SubtaskState<string>> OpenAsync(SubtaskStateContext context) =>
        SubtaskState.OpenAsync(context, StateSerializer.String, CancellationToken.None);

    internal ValueTask<SubtaskState<string>> OpenAsync(params StateDescriptor[] states) => OpenAsync(Context(states));

    internal async Task<SubtaskSnapshot> SnapshotAsync(
        SubtaskState state, CheckpointKind kind = CheckpointKind.Checkpoint)
    {
        await using var plan = state.PrepareSnapshot(NextRequest(kind));
        return await plan.WriteAsync(CancellationToken.None);
    }

    /// <summary>The context to restore one snapshot into.</summary>
    internal SubtaskStateContext ContextFrom(SubtaskSnapshot snapshot, params StateDescriptor[] states) =>
        Context(states) with { Restore = RestoreOf(snapshot) };

    internal static SubtaskRestore RestoreOf(SubtaskSnapshot snapshot) => new(
        new(1), false,
        snapshot.Keyed is { } keyed ? [keyed] : [],
        snapshot.Operator is { } operatorHandle ? [operatorHandle] : []);

    /// <summary>Changes a stored file: takes its bytes, gives the new ones, under the same name.</summary>
    internal async Task RewriteAsync(StreamStateHandle handle, Func<byte[], byte[]> change)
    {
        var path = ((FileStateHandle)handle).Path;
        var content = await Storage.ReadAllAsync(path, long.MaxValue, CancellationToken.None);
        await Storage.DeleteAsync(path, CancellationToken.None);
        await Storage.WriteAllAsync(path, change(content), CancellationToken.None);
    }
}
