using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>A job of one task that stores one shared file and one exclusive file a checkpoint, over a real coordinator;
/// each shared file is in two checkpoints.</summary>
internal sealed class SmallJob : ITaskGateway, IAsyncDisposable
{
    private const int FileBytes = 100;

    private readonly ICheckpointStorage _storage;
    private readonly KeyGroupRange _range = KeyGroupAssignment.RangeOf(0, 1, 1);
    private readonly Dictionary<CheckpointId, List<FileStateHandle>> _maps = [];
    private readonly List<FileStateHandle> _uploads = [];
    private Guid _backend = IdSource.System.NewGuid();
    private FileStateHandle? _newest;

    internal SmallJob(ICheckpointStorage storage, ICheckpointRegister register, JobId job)
    {
        _storage = storage;
        Coordinator = new CheckpointCoordinatorBuilder(storage)
            .WithJob(new JobTopology(job, 1) { { "task", 1 } }).WithTaskGateway(this).WithRegister(register)
            .WithOptions(new() { MaxRetainedCheckpoints = 2 }).Build();
    }

    internal CheckpointCoordinator Coordinator { get; }

    internal IReadOnlyList<long> Listed => [.. Coordinator.Retained.Select(static checkpoint => checkpoint.Id.Value)];

    /// <summary>Takes the epoch, and starts the task from the newest checkpoint.</summary>
    internal async Task StartAsync()
    {
        if (await Coordinator.RecoverAsync() is { } restored)
        {
            var handle = restored.StateOf(Coordinator.Subtasks[0]).Keyed.OfType<IncrementalKeyedStateHandle>().Single();
            _backend = handle.BackendId;
            _uploads.AddRange(handle.SharedFiles.Select(static file => (FileStateHandle)file.Handle));
            _newest = _uploads[^1];
            _maps[restored.Checkpoint.Id] = [.. _uploads];
        }

        Coordinator.Start();
    }

    internal async Task<long> CheckpointAsync() =>
        (await Coordinator.TriggerAsync(CheckpointRequest.Checkpoint)).Id.Value;

    public async ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken)
    {
        var request = message.Request;
        var path = request.NewSharedPath(_backend, _range, IdSource.System);
        var digest = await _storage.CreateAllAsync(path, new byte[FileBytes], cancellationToken);
        var live = new List<FileStateHandle>();
        if (_newest is not null)
        {
            live.Add(_newest);
        }

        live.Add(_newest = new(path, FileBytes, digest));
        _uploads.Add(_newest);
        var known = request.Base is { } id && _maps.TryGetValue(id, out var map) ? map : [];
        var files = live.Select((file, index) => new StateFile(
            index.ToString("D6", CultureInfo.InvariantCulture) + ".sst",
            known.Contains(file) ? new PlaceholderStateHandle(KeyOf(file), FileBytes) : file));
        _maps[request.CheckpointId] = live;
        var exclusive = request.NewExclusivePath(IdSource.System);
        await _storage.CreateAllAsync(exclusive, new byte[FileBytes], cancellationToken);
        var handle = new IncrementalKeyedStateHandle(
            _backend, _range, request.CheckpointId, files.ToValueList(), [], new FileStateHandle(exclusive, FileBytes));
        var snapshot = new SubtaskSnapshot(handle, null, [], new(2 * FileBytes, 2, 0, 0), TakeGivenUp());
        await Coordinator.AcknowledgeAsync(
            new(message.Target, request.CheckpointId, snapshot), CancellationToken.None);
    }

    public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken)
    {
        foreach (var older in _maps.Keys.Where(key => key < message.CheckpointId).ToList())
        {
            _maps.Remove(older);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken)
    {
        _maps.Remove(message.CheckpointId);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => Coordinator.DisposeAsync();

    private SharedStateKey KeyOf(FileStateHandle file) => SharedStateKey.Of(file.Path, _backend, _range);

    private List<SharedStateKey> TakeGivenUp()
    {
        var gone = _uploads.Where(file => file != _newest && !_maps.Values.Any(map => map.Contains(file))).ToList();
        gone.ForEach(file => _uploads.Remove(file));
        return [.. gone.Select(KeyOf)];
    }
}
