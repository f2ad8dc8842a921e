using System.Runtime.CompilerServices;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Inspection;

/// <summary>Reads the state of a stored checkpoint without a job. Changes nothing on storage.</summary>
/// <remarks>Safe for concurrent calls; each read opens a backend of its own and disposes it at the end.</remarks>
public sealed class CheckpointReader
{
    private readonly ICheckpointStorage _storage;
    private readonly IKeyedStateBackendFactory _backend;

    private CheckpointReader(
        ICheckpointStorage storage, IKeyedStateBackendFactory backend, CompletedCheckpoint checkpoint)
    {
        (_storage, _backend, Checkpoint) = (storage, backend, checkpoint);
    }

    /// <summary>The checkpoint, its metadata verified.</summary>
    public CompletedCheckpoint Checkpoint { get; }

    /// <summary>Opens a checkpoint: a folder, or its <c>_metadata</c>.</summary>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <param name="path">Folder or metadata file.</param>
    /// <param name="backend">Makes what the state is restored into; it must read the checkpoint's kind of
    /// handles.</param>
    /// <param name="cancellationToken">Observed between blocks.</param>
    /// <exception cref="CheckpointNotFoundException">There is none.</exception>
    /// <exception cref="CheckpointCorruptException">The metadata is damaged.</exception>
    public static async ValueTask<CheckpointReader> OpenAsync(
        ICheckpointStorage storage, string path, IKeyedStateBackendFactory backend,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backend);
        var checkpoint = await CheckpointLoader.LoadAsync(storage, path, cancellationToken).ConfigureAwait(false);
        return new(storage, backend, checkpoint);
    }

    /// <summary>All values of a keyed state, by key group.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="keySerializer">Serializer of its keys.</param>
    /// <param name="descriptor">The state.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    /// <exception cref="StateMigrationException">The state was stored by a serializer that does not fit.</exception>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no operator of this name.</exception>
    public async IAsyncEnumerable<KeyedStateEntry<TKey, T>> ReadAsync<TKey, T>(
        string operatorName,
        StateSerializer<TKey> keySerializer,
        ValueStateDescriptor<T> descriptor,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        var state = await OpenStateAsync(operatorName, keySerializer, descriptor, cancellationToken)
            .ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            foreach (var entry in state.Keyed.ReadAll(descriptor))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return entry;
            }
        }
    }

    /// <summary>All items of an operator state, of all subtasks, in stored order.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="descriptor">The state.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no operator of this name.</exception>
    public async ValueTask<IReadOnlyList<T>> ReadAsync<T>(
        string operatorName, OperatorListStateDescriptor<T> descriptor, CancellationToken cancellationToken = default)
    {
        var stored = Find(operatorName);
        var handles = stored.Subtasks.OrderBy(static s => s.Index)
            .Select(static s => s.ManagedOperator).OfType<OperatorStateHandle>().ToList();
        var context = MakeContext(operatorName, stored, descriptor) with
        {
            Range = KeyGroupRange.Empty,
            Restore = new(Checkpoint.Id, true, [], OperatorStateAssignment.Assign(handles, 1)[0]),
        };
        var state = await SubtaskState.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            return [.. state.Operator.GetState(descriptor).Items];
        }
    }

    private ValueTask<SubtaskState<TKey>> OpenStateAsync<TKey>(
        string operatorName, StateSerializer<TKey> keySerializer, StateDescriptor descriptor,
            CancellationToken cancellationToken)
        where TKey : notnull
    {
        var stored = Find(operatorName);
        var handles = stored.Subtasks.Select(static s => s.ManagedKeyed).OfType<KeyedStateHandle>().ToList();
        var context = MakeContext(operatorName, stored, descriptor) with
        {
            Restore = new(Checkpoint.Id, true, handles, []),
        };
        return SubtaskState.OpenAsync(context, keySerializer, cancellationToken);
    }

    private OperatorCheckpoint Find(string operatorName) =>
        Checkpoint.Metadata.Operators.FirstOrDefault(o => o.Id == OperatorId.FromName(operatorName))
        ?? throw new CheckpointNotFoundException(
            Checkpoint.Path,
            [.. Checkpoint.Metadata.Operators.Select(static o => o.Name ?? o.Id.ToString())],
            $"It holds no operator '{operatorName}'.");

    private SubtaskStateContext MakeContext(
        string operatorName, OperatorCheckpoint stored, StateDescriptor descriptor) => new()
    {
        Job = Checkpoint.Job,
        Operator = operatorName,
        SubtaskIndex = 0,
        Range = KeyGroupRange.All(stored.MaxParallelism),
        MaxParallelism = stored.MaxParallelism,
        States = [descriptor],
        Restore = SubtaskRestore.None,
        AllowNonRestoredState = true,
        Backend = _backend,
        Storage = _storage,
        Ids = IdSource.System,
        Time = TimeProvider.System,
        Logger = NullLogger.Instance,
    };
}
