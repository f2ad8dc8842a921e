using Checkpointing.KeyGroups;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Torture.States;

/// <summary>One operator of a job on one kind of backend, with the coordinator's part of the protocol in small: owners
/// of files are kept by the real registry, and files that nobody owns are really deleted.</summary>
internal sealed class HistoryJob(
    string name, ICheckpointStorage storage, IdSource ids, TimeProvider clock, int keyGroupCount) : IAsyncDisposable
{
    private readonly List<SubtaskState<string>> _subtasks = [];
    private readonly List<KeyedStateBackend> _backends = [];
    private readonly List<StoredCheckpoint> _retained = [];
    private readonly List<InFlight> _inFlight = [];
    private readonly List<(StoredCheckpoint Checkpoint, HashSet<CheckpointId> WaitsFor)> _leaving = [];
    private SharedStateRegistry _registry = new();
    private JobId? _leftBehind;
    private JobId _job = $"{name}-1";
    private CheckpointId? _confirmed;
    private int _generation = 1;
    private int _attempt;

    internal IReadOnlyList<SubtaskState<string>> Subtasks => _subtasks;

    /// <summary>The backends of <see cref="Subtasks"/>.</summary>
    internal IReadOnlyList<KeyedStateBackend> Backends => _backends;

    /// <summary>Completed and not subsumed, the oldest first.</summary>
    internal IReadOnlyList<StoredCheckpoint> Retained => _retained;

    /// <summary>Starts another attempt. If it starts from somebody else's checkpoint, that one vanishes, with the whole
    /// job that it is of, as soon as a checkpoint of the new job has completed.</summary>
    internal async Task OpenAsync(HistoryOpening opening)
    {
        _attempt++;
        _confirmed = opening.From?.Id;
        if (opening.IsForeign)
        {
            _leftBehind ??= _job;
            _job = $"{name}-{++_generation}";
            _registry = new();
            _retained.Clear();
        }

        for (var subtask = 0; subtask < opening.Parallelism; subtask++)
        {
            var range = KeyGroupAssignment.RangeOf(subtask, opening.Parallelism, keyGroupCount);
            var context = new SubtaskStateContext
            {
                Job = _job,
                Operator = "op",
                SubtaskIndex = subtask,
                Range = range,
                MaxParallelism = keyGroupCount,
                States = opening.States,
                UsesTimers = true,
                Restore = opening.From is not { } from
                    ? SubtaskRestore.None
                    : new(
                        from.Id, opening.IsForeign,
                        [.. from.Handles.Where(handle => handle.KeyGroups.Overlaps(range))], []),
                Backend = new BackendTap(opening.Factory, _backends),
                Storage = storage,
                Ids = ids,
                Time = clock,
                Logger = NullLogger.Instance,
            };
            _subtasks.Add(await SubtaskState.OpenAsync(context, StateSerializer.String, default));
            opening.Opened?.Invoke();
        }
    }

    /// <summary>Ends the attempt: pending checkpoints are gone, and so is what only it owns.</summary>
    internal async Task CloseAsync()
    {
        foreach (var pending in _inFlight.ToList())
        {
            await AbortAsync(pending, isNotified: false);
        }

        for (var subtask = 0; subtask < _subtasks.Count; subtask++)
        {
            await _subtasks[subtask].DisposeAsync();
            await DeleteAsync(_registry.ReleaseAll(OwnerOf(subtask)));
        }

        _subtasks.Clear();
        _backends.Clear();
    }

    /// <summary>The synchronous part, in all subtasks.</summary>
    /// <param name="id">The checkpoint.</param>
    /// <param name="kind">What is asked for.</param>
    /// <param name="namesBase">Whether the newest confirmed checkpoint is named as base.</param>
    /// <param name="format">Form of a savepoint.</param>
    internal InFlight Trigger(CheckpointId id, CheckpointKind kind, bool namesBase, SavepointFormat format)
    {
        var request = new SnapshotRequest
        {
            CheckpointId = id,
            Kind = kind,
            Format = format,
            Base = namesBase ? _confirmed : null,
            Job = _job,
            Epoch = 1,
            Attempt = _attempt,
            ExclusiveFolder = kind == CheckpointKind.Savepoint
                ? $"saved/{name}-{id}" : CheckpointLayout.CheckpointFolder(_job, id),
        };
        var inFlight = new InFlight(request, []);
        _inFlight.Add(inFlight);
        foreach (var subtask in _subtasks)
        {
            inFlight.Plans.Add(subtask.PrepareSnapshot(request));
        }

        return inFlight;
    }

    /// <summary>The asynchronous part, in some of the subtasks.</summary>
    internal static async Task WriteAsync(InFlight inFlight, int subtaskCount)
    {
        for (var subtask = inFlight.Written.Count; subtask < subtaskCount; subtask++)
        {
            inFlight.Written.Add(await inFlight.Plans[subtask].WriteAsync(default));
            await inFlight.Plans[subtask].DisposeAsync();
        }
    }

    /// <summary>All subtasks have written and acknowledge.</summary>
    /// <param name="inFlight">The checkpoint.</param>
    /// <param name="retainedCount">How many are kept.</param>
    /// <param name="isNotified">Whether the subtask of an index is told.</param>
    internal async Task<StoredCheckpoint> CompleteAsync(
        InFlight inFlight, int retainedCount, Func<int, bool> isNotified)
    {
        var handles = await AcknowledgeAsync(inFlight);
        var completed = new StoredCheckpoint(
            _job, inFlight.Request.CheckpointId, inFlight.Request.Kind, handles, inFlight.Request.ExclusiveFolder);
        _inFlight.Remove(inFlight);
        if (completed.Kind != CheckpointKind.Savepoint)
        {
            _retained.Add(completed);
            _confirmed = completed.Id;
            for (var subtask = 0; subtask < _subtasks.Count; subtask++)
            {
                if (isNotified(subtask))
                {
                    _subtasks[subtask].NotifyCompleted(completed.Id);
                }
            }

            if (_leftBehind is { } foreign)
            {
                _leftBehind = null;
                await DeleteFolderAsync(foreign.Name);
            }
        }

        while (_retained.Count > retainedCount)
        {
            _leaving.Add((_retained[0], [.. _inFlight.Select(static pending => pending.Request.CheckpointId)]));
            _retained.RemoveAt(0);
        }

        await EndAsync(completed.Id);
        return completed;
    }

    /// <summary>Gives a checkpoint up, whatever of it is written; what is, may have been acknowledged.</summary>
    internal async Task AbortAsync(InFlight inFlight, bool isNotified)
    {
        foreach (var plan in inFlight.Plans.Skip(inFlight.Written.Count))
        {
            await plan.DisposeAsync();
        }

        _inFlight.Remove(inFlight);
        await AcknowledgeAsync(inFlight);
        await DeleteAsync(_registry.ReleaseAll(OwnerOf(inFlight.Request.CheckpointId)));
        await DeleteFolderAsync(inFlight.Request.ExclusiveFolder);
        if (isNotified)
        {
            _subtasks.ForEach(subtask => subtask.NotifyAborted(inFlight.Request.CheckpointId));
        }

        await EndAsync(inFlight.Request.CheckpointId);
    }

    /// <summary>Deletes a savepoint, as its owner may at any time.</summary>
    internal Task DeleteAsync(StoredCheckpoint savepoint) => DeleteFolderAsync(savepoint.Folder);

    /// <summary>Files that the retained checkpoints name and that are not there; there should be none.</summary>
    internal async Task<List<string>> FindMissingAsync()
    {
        var missing = new List<string>();
        foreach (var file in _retained.SelectMany(static checkpoint => checkpoint.Files))
        {
            if (await storage.GetLengthAsync(file.Path, default) != file.FileSizeBytes)
            {
                missing.Add(file.Path);
            }
        }

        return missing;
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private static KeyedStateHandle ToAbsolute(KeyedStateHandle handle, string folder) => handle switch
    {
        KeyGroupsStateHandle full => full with { Stream = ToAbsolute(full.Stream, folder) },
        IncrementalKeyedStateHandle native => native with
        {
            PrivateFiles = native.PrivateFiles
                .Select(file => file with { Handle = ToAbsolute(file.Handle, folder) }).ToValueList(),
            MetaFile = ToAbsolute(native.MetaFile, folder),
        },
        _ => handle,
    };

    private static StreamStateHandle ToAbsolute(StreamStateHandle handle, string folder) =>
        handle is RelativeFileStateHandle file
            ? new FileStateHandle(StoragePath.Combine(folder, file.RelativePath), file.FileSizeBytes, file.Digest)
            : handle;

    private SharedStateOwner OwnerOf(int subtask) => SharedStateOwner.Attempt(1, _attempt, "op", subtask);

    private SharedStateOwner OwnerOf(CheckpointId id) => SharedStateOwner.Checkpoint(_job, id);

    private async Task<List<KeyedStateHandle>> AcknowledgeAsync(InFlight inFlight)
    {
        var handles = new List<KeyedStateHandle>();
        for (var subtask = 0; subtask < inFlight.Written.Count; subtask++)
        {
            var written = inFlight.Written[subtask];
            if (written.Keyed is { } keyed)
            {
                _registry.RegisterAll(keyed, OwnerOf(subtask));
                var registered = _registry.RegisterAll(keyed, OwnerOf(inFlight.Request.CheckpointId));
                handles.Add(ToAbsolute(registered, inFlight.Request.ExclusiveFolder));
            }

            await DeleteAsync(_registry.GiveUp(OwnerOf(subtask), written.GivenUp));
        }

        return handles;
    }

    /// <summary>What left the list goes when no checkpoint that was triggered before may point into it.</summary>
    private async Task EndAsync(CheckpointId ended)
    {
        _leaving.ForEach(leaving => leaving.WaitsFor.Remove(ended));
        foreach (var leaving in _leaving.Where(static leaving => leaving.WaitsFor.Count == 0).ToList())
        {
            _leaving.Remove(leaving);
            await DeleteFolderAsync(leaving.Checkpoint.Folder);
            if (leaving.Checkpoint.Job == _job)
            {
                await DeleteAsync(_registry.ReleaseAll(OwnerOf(leaving.Checkpoint.Id)));
            }
        }
    }

    private async Task DeleteAsync(IEnumerable<SharedStateEntry> entries)
    {
        foreach (var path in entries.Select(static entry => entry.Handle).OfType<FileStateHandle>())
        {
            await storage.DeleteAsync(path.Path, default);
        }
    }

    private async Task DeleteFolderAsync(string folder)
    {
        var files = new List<string>();
        await foreach (var file in storage.ListAsync(folder, default))
        {
            files.Add(file.Path);
        }

        foreach (var file in files)
        {
            await storage.DeleteAsync(file, default);
        }
    }

    /// <summary>Lets the test at the backends that the typed states stand on.</summary>
    private sealed class BackendTap(IKeyedStateBackendFactory factory, List<KeyedStateBackend> backends)
        : IKeyedStateBackendFactory
    {
        public async ValueTask<KeyedStateBackend> OpenAsync(
            KeyedStateBackendContext context, CancellationToken cancellationToken)
        {
            var backend = await factory.OpenAsync(context, cancellationToken);
            backends.Add(backend);
            return backend;
        }
    }
}

/// <summary>How an attempt of a <see cref="HistoryJob"/> starts.</summary>
internal sealed record HistoryOpening
{
    public required IKeyedStateBackendFactory Factory { get; init; }

    public required int Parallelism { get; init; }

    public required StateDescriptor[] States { get; init; }

    /// <summary>Null: empty.</summary>
    public StoredCheckpoint? From { get; init; }

    /// <summary>Whether <see cref="From"/> is another job's.</summary>
    public bool IsForeign { get; init; }

    /// <summary>Called after each subtask.</summary>
    public Action? Opened { get; init; }
}

/// <summary>A triggered checkpoint of one job.</summary>
internal sealed record InFlight(SnapshotRequest Request, List<ISnapshotPlan> Plans)
{
    /// <summary>What subtasks have written, in their order.</summary>
    public List<SubtaskSnapshot> Written { get; } = [];
}

/// <summary>A completed checkpoint of one job: its handles as a restore gets them.</summary>
internal sealed record StoredCheckpoint(
    JobId Job, CheckpointId Id, CheckpointKind Kind, IReadOnlyList<KeyedStateHandle> Handles, string Folder)
{
    /// <summary>Whether every backend can restore it.</summary>
    public bool IsCanonical => Handles.All(static handle => handle is KeyGroupsStateHandle);

    /// <summary>The files that it names.</summary>
    public IEnumerable<FileStateHandle> Files => Handles.SelectMany(static handle => handle switch
    {
        IncrementalKeyedStateHandle incremental => [
            .. incremental.SharedFiles.Concat(incremental.PrivateFiles).Select(static file => file.Handle),
            incremental.MetaFile],
        KeyGroupsStateHandle full => new[] { full.Stream },
        _ => [],
    }).OfType<FileStateHandle>();
}
