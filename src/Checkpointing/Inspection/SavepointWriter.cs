using System.Runtime.CompilerServices;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Inspection;

/// <summary>Settings of a <see cref="SavepointWriter"/>.</summary>
public sealed class SavepointWriterOptions
{
    /// <summary>Memory for rows that wait to be sorted, in bytes, for each operator; at least 64 KiB. More rows than
    /// fit
    /// are sorted on the storage. Default: 64 MiB.</summary>
    public long MaxBufferBytes { get; set; } = 64L << 20;

    /// <summary>Name that the savepoint gives as that of its job; any job may resume from it. Default:
    /// <c>bootstrap</c>.</summary>
    public string Job { get; set; } = "bootstrap";

    /// <summary>Source of ids. Default: the system's.</summary>
    public IdSource Ids { get; set; } = IdSource.System;

    /// <summary>Time. Default: the system's.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;
}

/// <summary>Writes a savepoint without a job: state made of rows, for example of a table, that a new job then starts
/// from.</summary>
/// <remarks>
/// <para>Rows come in any order and any number: memory stays below <see cref="SavepointWriterOptions.MaxBufferBytes"/>.
/// The savepoint is canonical, so every backend restores it, at any parallelism.</para>
/// <para>One caller at a time. Disposed without <see cref="CompleteAsync"/> nothing stays.</para>
/// </remarks>
public sealed partial class SavepointWriter : IAsyncDisposable
{
    private const int Epoch = 1;

    private readonly ICheckpointStorage _storage;
    private readonly SavepointWriterOptions _options;
    private readonly int _maxParallelism;
    private readonly SnapshotRequest _request;
    private readonly Dictionary<string, SavepointOperator> _operators = new(StringComparer.Ordinal);
    private readonly List<string> _made = [];
    private readonly DateTimeOffset _begunAt;
    private bool _isComplete;
    private bool _isDisposed;

    private SavepointWriter(
        ICheckpointStorage storage, string target, int maxParallelism, SavepointWriterOptions options)
    {
        (_storage, _maxParallelism, _options, _begunAt) =
            (storage, maxParallelism, options, options.Time.GetUtcNow());
        var job = new JobId(options.Job);
        Path = StoragePath.Combine(
            StoragePath.Normalize(target),
            $"savepoint-{job.Name[..Math.Min(6, job.Name.Length)]}-{options.Ids.NewGuid():N}");
        _request = new()
        {
            CheckpointId = new(1), Kind = CheckpointKind.Savepoint, Base = null, Job = job, Epoch = Epoch, Attempt = 0,
            ExclusiveFolder = Path,
        };
    }

    /// <summary>Folder of the savepoint below the storage's root.</summary>
    public string Path { get; }

    /// <summary>Begins a savepoint in a new folder.</summary>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <param name="target">Folder that the savepoint's own is made in; <c>""</c> for the root.</param>
    /// <param name="maxParallelism">Number of key groups, 1 to 32,768: that of the job which is to resume.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    public static SavepointWriter Create(
        ICheckpointStorage storage, string target, int maxParallelism, SavepointWriterOptions? options = null)
    {
        const int MinBufferBytes = 64 << 10;
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxParallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxParallelism, KeyGroupAssignment.MaxParallelismLimit);
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBufferBytes, MinBufferBytes);
        return new(storage, target, maxParallelism, options);
    }

    /// <summary>Writes rows of a keyed state as they are stored, for example what
    /// <see cref="CheckpointReader.ReadRawAsync"/> gives.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="state">The state.</param>
    /// <param name="rows">Its rows, in any order; their key groups are found anew.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    /// <exception cref="ArgumentException">The state is written already, or is no keyed one.</exception>
    public async ValueTask WriteRawAsync(
        string operatorName,
        StateDescription state,
        IAsyncEnumerable<RawStateEntry> rows,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(rows);
        if (state.Key is null)
        {
            throw new ArgumentException($"State '{state.Name}' belongs to no key.", nameof(state));
        }

        var target = Operator(operatorName);
        var index = target.Declare(state);
        await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            await target.AddAsync(
                index, row.Key.Span, row.Namespace.Span, row.UserKey.Span, row.Value.ToArray(), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Writes the items of an operator state.</summary>
    /// <param name="operatorName">Name of the operator.</param>
    /// <param name="descriptor">The state.</param>
    /// <param name="items">Its items; kept in memory.</param>
    /// <exception cref="ArgumentException">The state is written already.</exception>
    public void Write<T>(string operatorName, OperatorListStateDescriptor<T> descriptor, IEnumerable<T> items)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(items);
        var target = Operator(operatorName);
        target.CheckName(descriptor.Name);
        List<T> kept = [.. items];
        target.Lists.Add((descriptor, state => state.GetState(descriptor).Replace(kept)));
    }

    /// <summary>Sorts what was written, stores it, and makes it durable.</summary>
    /// <param name="cancellationToken">Observed between two rows; not once the metadata is being written.</param>
    /// <returns>The savepoint as it was read back.</returns>
    /// <exception cref="ArgumentException">A state that holds one value a key got two.</exception>
    public async Task<CompletedCheckpoint> CompleteAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isComplete)
        {
            throw new InvalidOperationException("The savepoint is complete already.");
        }

        var operators = new List<OperatorCheckpoint>();
        foreach (var one in _operators.Values)
        {
            operators.Add(await StoreAsync(one, cancellationToken).ConfigureAwait(false));
            await one.Rows.RemoveRunsAsync().ConfigureAwait(false);
        }

        var metadata = new CheckpointMetadata(_request.CheckpointId, [], operators.ToValueList())
        {
            Info = new(
                _request.Job, _options.Ids.NewGuid(), _options.Ids.NewGuid(), Epoch,
                new(CheckpointKind.Savepoint, CheckpointRetention.Always), ToMilliseconds(_begunAt),
                ToMilliseconds(_options.Time.GetUtcNow()), []),
        };
        await _storage.SyncFoldersAsync([Path], cancellationToken).ConfigureAwait(false);
        await _storage.WriteAllAsync(
            StoragePath.Combine(Path, CheckpointLayout.MetadataName),
            CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1),
            cancellationToken).ConfigureAwait(false);
        _isComplete = true;
        return await CheckpointLoader.LoadAsync(_storage, Path, CancellationToken.None).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        foreach (var one in _operators.Values)
        {
            await one.Rows.RemoveRunsAsync().ConfigureAwait(false);
        }

        foreach (var path in _isComplete ? [] : _made)
        {
            await ExclusiveFiles.DeleteQuietlyAsync(_storage, path).ConfigureAwait(false);
        }
    }

    private static DateTimeOffset ToMilliseconds(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    private SavepointOperator Operator(string name)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isComplete)
        {
            throw new InvalidOperationException("The savepoint is complete already.");
        }

        NameRules.Check(name, "An operator name", nameof(name));
        if (!_operators.TryGetValue(name, out var found))
        {
            var sorter = new RowSorter(
                _storage, () => StoragePath.Combine(Path, $"run-{_options.Ids.NewGuid():N}"), _options.MaxBufferBytes);
            _operators.Add(name, found = new(name, _maxParallelism, sorter));
        }

        return found;
    }

    private async ValueTask<OperatorCheckpoint> StoreAsync(
        SavepointOperator one, CancellationToken cancellationToken)
    {
        var keyed = one.States.Count == 0 ? null : await StoreKeyedAsync(one, cancellationToken).ConfigureAwait(false);
        var (listed, lists) = await StoreListsAsync(one, cancellationToken).ConfigureAwait(false);
        return new(
            OperatorId.FromName(one.Name), 1, _maxParallelism,
            [new SubtaskCheckpoint(0) { ManagedKeyed = keyed, ManagedOperator = listed }])
        {
            Name = one.Name,
            States = [.. one.States, .. lists],
        };
    }

    private async ValueTask<KeyedStateHandle> StoreKeyedAsync(
        SavepointOperator one, CancellationToken cancellationToken)
    {
        var writer = await CanonicalSnapshotWriter.CreateAsync(
            _storage, _request, _options.Ids, KeyGroupRange.All(_maxParallelism), one.States, cancellationToken)
            .ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await foreach (var row in one.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                await writer.WriteRowAsync(row.State, row.Key, row.Value, cancellationToken).ConfigureAwait(false);
            }

            var handle = await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            Remember(handle.Stream);
            return handle;
        }
    }

    private async ValueTask<(OperatorStateHandle? Handle, IReadOnlyList<StateDescription> States)> StoreListsAsync(
        SavepointOperator one, CancellationToken cancellationToken)
    {
        var descriptors = one.Lists.Select(static list => list.Descriptor).ToList();
        var state = new OperatorState(one.Name, descriptors);
        one.Lists.ForEach(list => list.Fill(state));
        var handle = await new OperatorStateSnapshot(state).WriteAsync(
            new()
            {
                Job = _request.Job,
                Operator = one.Name,
                SubtaskIndex = 0,
                Range = KeyGroupRange.Empty,
                MaxParallelism = _maxParallelism,
                States = descriptors,
                Restore = SubtaskRestore.None,
                Backend = new HeapBackendFactory(),
                Storage = _storage,
                Ids = _options.Ids,
                Time = _options.Time,
                Logger = NullLogger.Instance,
            },
            _request,
            cancellationToken).ConfigureAwait(false);
        Remember(handle?.Stream);
        return (handle, state.Describe());
    }

    private void Remember(StreamStateHandle? stream)
    {
        if (stream is RelativeFileStateHandle file)
        {
            _made.Add(StoragePath.Combine(Path, file.RelativePath));
        }
    }

    private static async IAsyncEnumerable<KeyedStateEntry<TKey, TValue>> WithoutNamespace<TKey, TValue>(
        IAsyncEnumerable<(TKey Key, TValue Value)> rows,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        await foreach (var (key, value) in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return new(0, key, default, value);
        }
    }
}
