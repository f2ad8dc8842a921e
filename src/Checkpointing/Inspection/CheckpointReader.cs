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
/// <remarks>
/// <para>State comes subtask by subtask in the order of key groups, and within one in the order of the rows' bytes. Of
/// a full snapshot one key group is in memory at a time; of one in a backend's own files only the files that hold the
/// state are opened.</para>
/// <para>Safe for concurrent calls; each read opens what it needs and disposes it at the end.</para>
/// </remarks>
public sealed partial class CheckpointReader
{
    private readonly ICheckpointStorage _storage;
    private readonly IKeyedStateBackendFactory? _backend;

    private CheckpointReader(
        ICheckpointStorage storage, IKeyedStateBackendFactory? backend, CompletedCheckpoint checkpoint)
    {
        (_storage, _backend, Checkpoint) = (storage, backend, checkpoint);
    }

    /// <summary>The checkpoint, its metadata verified.</summary>
    public CompletedCheckpoint Checkpoint { get; }

    /// <summary>Its states, timers among them, in stored order.</summary>
    public IReadOnlyList<StoredState> States =>
    [
        .. Checkpoint.Metadata.Operators.SelectMany(static one => one.States.Select(state =>
            new StoredState(one.Name ?? one.Id.ToString(), state)
            {
                OperatorBytes = one.Subtasks.SelectMany(static subtask => subtask.Handles)
                    .Where(handle => handle is OperatorStateHandle == StateDescriptor.IsKindOfOperator(state.Kind))
                    .Sum(static handle => Math.Max(0, handle.SizeBytes)),
            })),
    ];

    /// <summary>Opens a checkpoint: a folder, or its <c>_metadata</c>.</summary>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <param name="path">Folder or metadata file.</param>
    /// <param name="backend">Opens the files of incremental snapshots, for example a <c>RocksDbBackendFactory</c>;
    /// null: only full snapshots can be read.</param>
    /// <param name="cancellationToken">Observed between blocks.</param>
    /// <exception cref="CheckpointNotFoundException">There is none.</exception>
    /// <exception cref="CheckpointCorruptException">The metadata is damaged.</exception>
    /// <exception cref="UnsupportedFormatException">Flink wrote it: its state is not read, only its
    /// metadata.</exception>
    public static async ValueTask<CheckpointReader> OpenAsync(
        ICheckpointStorage storage, string path, IKeyedStateBackendFactory? backend,
            CancellationToken cancellationToken = default) =>
        new(storage, backend, await CheckpointLoader.LoadAsync(storage, path, cancellationToken).ConfigureAwait(false));

    /// <inheritdoc cref="OpenAsync(ICheckpointStorage, string, IKeyedStateBackendFactory?, CancellationToken)"/>
    public static ValueTask<CheckpointReader> OpenAsync(
        ICheckpointStorage storage, string path, CancellationToken cancellationToken = default) =>
        OpenAsync(storage, path, null, cancellationToken);

    /// <summary>All rows of a keyed state, as bytes. The entries' memory is theirs.</summary>
    /// <param name="operatorName">Name of the operator, or its id.</param>
    /// <param name="stateName">Name of the state; <c>_timers</c> for timers.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no such keyed state.</exception>
    /// <exception cref="CheckpointCorruptException">A file is damaged; drop what was read.</exception>
    /// <exception cref="UnsupportedFormatException">It is in the files of a backend, and none was given that opens
    /// them.</exception>
    public IAsyncEnumerable<RawStateEntry> ReadRawAsync(
        string operatorName, string stateName, CancellationToken cancellationToken = default)
    {
        var stored = Find(operatorName);
        var state = Find(stored, operatorName, stateName);
        return StateDescriptor.IsKindOfOperator(state.Kind)
            ? AsyncEnumerable.Empty<RawStateEntry>()
            : new RawStateReading(_storage, _backend, Checkpoint).ReadAsync(stored, state, cancellationToken);
    }

    /// <summary>All items of an operator state, as bytes, by subtask and in stored order.</summary>
    /// <param name="operatorName">Name of the operator, or its id.</param>
    /// <param name="stateName">Name of the state.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no such operator.</exception>
    /// <exception cref="CheckpointCorruptException">A file is damaged.</exception>
    public async IAsyncEnumerable<KeyValuePair<int, ReadOnlyMemory<byte>>> ReadRawItemsAsync(
        string operatorName,
        string stateName,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var subtask in Find(operatorName).Subtasks.OrderBy(static one => one.Index))
        {
            if (subtask.ManagedOperator is { } handle)
            {
                var items = await OperatorStateRestore.ReadItemsAsync(_storage, handle, stateName, cancellationToken)
                    .ConfigureAwait(false);
                foreach (var item in items)
                {
                    yield return new(subtask.Index, item);
                }
            }
        }
    }

    /// <summary>Reads all rows of all states and counts them.</summary>
    /// <param name="cancellationToken">Observed between two rows.</param>
    public async IAsyncEnumerable<StateMeasure> MeasureAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var state in States)
        {
            var (rows, bytes) = (0L, 0L);
            await foreach (var row in ReadRawAsync(state.Operator, state.Name, cancellationToken).ConfigureAwait(false))
            {
                rows++;
                bytes += row.Key.Length + row.Namespace.Length + row.UserKey.Length + row.Value.Length;
            }

            if (StateDescriptor.IsKindOfOperator(state.Kind))
            {
                await foreach (var (_, item) in ReadRawItemsAsync(state.Operator, state.Name, cancellationToken)
                    .ConfigureAwait(false))
                {
                    rows++;
                    bytes += item.Length;
                }
            }

            yield return new(state, rows, bytes);
        }
    }

    /// <summary>All items of an operator state, of all subtasks, in stored order.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="descriptor">The state.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no operator of this name.</exception>
    /// <exception cref="StateMigrationException">The state was stored by a serializer that does not fit.</exception>
    public async ValueTask<IReadOnlyList<T>> ReadAsync<T>(
        string operatorName, OperatorListStateDescriptor<T> descriptor, CancellationToken cancellationToken = default)
    {
        var state = await OpenOperatorStateAsync(operatorName, descriptor, cancellationToken).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            return [.. state.Operator.GetState(descriptor).Items];
        }
    }

    /// <summary>All entries of a broadcast map: one of the stored copies, in no order that means anything.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="descriptor">The state.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointNotFoundException">The checkpoint holds no operator of this name.</exception>
    public async ValueTask<IReadOnlyList<KeyValuePair<TKey, TValue>>> ReadAsync<TKey, TValue>(
        string operatorName, BroadcastStateDescriptor<TKey, TValue> descriptor,
        CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        var state = await OpenOperatorStateAsync(operatorName, descriptor, cancellationToken).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            return [.. state.Operator.GetState(descriptor).Entries];
        }
    }

    private ValueTask<SubtaskState> OpenOperatorStateAsync(
        string operatorName, StateDescriptor descriptor, CancellationToken cancellationToken)
    {
        var stored = Find(operatorName);
        var handles = stored.Subtasks.OrderBy(static s => s.Index)
            .Select(static s => s.ManagedOperator).OfType<OperatorStateHandle>().ToList();
        var context = ContextOf(operatorName, stored, descriptor) with
        {
            Range = KeyGroupRange.Empty,
            Restore = new(Checkpoint.Id, true, [], OperatorStateAssignment.Assign(handles, 1)[0]),
        };
        return SubtaskState.OpenAsync(context, cancellationToken);
    }

    private OperatorCheckpoint Find(string operatorName) =>
        Checkpoint.Metadata.Operators.FirstOrDefault(one =>
            one.Name == operatorName || one.Id.ToString() == operatorName)
        ?? throw new CheckpointNotFoundException(
            Checkpoint.Path,
            [.. Checkpoint.Metadata.Operators.Select(static o => o.Name ?? o.Id.ToString())],
            $"It holds no operator '{operatorName}'.");

    private StateDescription Find(OperatorCheckpoint stored, string operatorName, string stateName) =>
        stored.States.FirstOrDefault(state => state.Name == stateName)
        ?? throw new CheckpointNotFoundException(
            Checkpoint.Path,
            [.. stored.States.Select(static state => state.Name)],
            $"Its operator '{operatorName}' holds no state '{stateName}'.");

    private SubtaskStateContext ContextOf(
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
        Backend = _backend ?? new State.Heap.HeapBackendFactory(),
        Storage = _storage,
        Ids = IdSource.System,
        Time = TimeProvider.System,
        Logger = NullLogger.Instance,
    };
}
