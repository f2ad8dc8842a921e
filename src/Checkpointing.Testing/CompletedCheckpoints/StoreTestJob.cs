using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>A job of two subtasks with its coordinator, over a register and a storage.</summary>
internal sealed class StoreTestJob : ITaskGateway, IAsyncDisposable
{
    private const int Parallelism = 2;
    private const int MaxParallelism = 8;

    private readonly ICheckpointStorage _storage;
    private readonly CancellationToken _cancellationToken;
    private volatile Dictionary<SubtaskAddress, StoreTestTask> _tasks = [];

    public StoreTestJob(
        ICheckpointRegister register, ICheckpointStorage storage, string name, CheckpointCoordinatorOptions options,
        CancellationToken cancellationToken)
    {
        (_storage, _cancellationToken) = (storage, cancellationToken);
        Name = name;
        Coordinator = new CheckpointCoordinatorBuilder(storage)
            .WithJob(new JobTopology(name, MaxParallelism) { { "totals", Parallelism } })
            .WithTaskGateway(this).WithRegister(register).WithOptions(options).WithHolder("conformance").Build();
    }

    public string Name { get; }

    public CheckpointCoordinator Coordinator { get; }

    public IReadOnlyList<StoreTestTask> Tasks => [.. Coordinator.Subtasks.Select(subtask => _tasks[subtask])];

    public IEnumerable<long> RetainedIds => Coordinator.Retained.Select(static checkpoint => checkpoint.Id.Value);

    public static StoreTestJob Of(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken, int retained = 1,
        string name = "job") =>
        new(setup.Register, setup.Storage, name, new() { MaxRetainedCheckpoints = retained }, cancellationToken);

    /// <summary>While it is active, these files cannot be read, and nobody knows why.</summary>
    public static FaultPlan CannotRead(params IReadOnlyList<string> paths) => new(operation =>
        operation.Kind == StorageOperationKind.OpenRead && paths.Contains(operation.Path)
            ? FaultKind.TimedOut
            : FaultKind.None);

    /// <summary>Takes the epoch, or begins the next attempt; everything that was under way is done before.</summary>
    public async Task<RestoredCheckpoint?> StartAsync(
        string? resumeFrom = null, ClaimMode claimMode = ClaimMode.NoClaim, bool startsOver = false)
    {
        RestoredCheckpoint? restored = null;
        if (startsOver)
        {
            await Coordinator.StartOverAsync(_cancellationToken).ConfigureAwait(false);
        }
        else
        {
            restored = await Coordinator.RecoverAsync(cancellationToken: _cancellationToken).ConfigureAwait(false);
        }

        if (restored is null && resumeFrom is not null)
        {
            restored = await Coordinator.ResumeAsync(
                resumeFrom, new() { ClaimMode = claimMode }, _cancellationToken).ConfigureAwait(false);
        }

        _tasks = Coordinator.Subtasks.ToDictionary(
            static subtask => subtask,
            subtask => new StoreTestTask(
                subtask, KeyGroupAssignment.RangeOf(subtask.Index, Parallelism, MaxParallelism),
                restored?.StateOf(subtask) ?? SubtaskRestore.None, _storage));
        Coordinator.Start();
        return restored;
    }

    public StoreTestJob Write(string name)
    {
        foreach (var task in Tasks)
        {
            task.Write(name);
        }

        return this;
    }

    public StoreTestJob Drop(string name)
    {
        foreach (var task in Tasks)
        {
            task.Drop(name);
        }

        return this;
    }

    public Task<CompletedCheckpoint> CheckpointAsync(CheckpointRequest? request = null) =>
        Coordinator.TriggerAsync(request ?? CheckpointRequest.Checkpoint, _cancellationToken);

    public Task EndAsync(JobTermination termination = JobTermination.Suspended) =>
        Coordinator.EndAsync(termination, _cancellationToken);

    public Task<CompletedCheckpoint> SavepointAsync(string folder) =>
        CheckpointAsync(CheckpointRequest.SavepointTo(folder));

    /// <summary>In the job's folder lies what these checkpoints need, all of it and nothing else.</summary>
    public async Task ExpectExactlyAsync(IEnumerable<CompletedCheckpoint> checkpoints)
    {
        var needed = checkpoints.SelectMany(FilesOf).ToHashSet();
        var there = await FilesAsync().ConfigureAwait(false);
        var missing = needed.Except(there).Order(StringComparer.Ordinal).ToList();
        var left = there.Except(needed).Order(StringComparer.Ordinal).ToList();
        Expect.That(missing.Count == 0, $"Retained checkpoints need what is gone: {string.Join(", ", missing)}");
        Expect.That(left.Count == 0, $"Files stayed that nothing needs: {string.Join(", ", left)}");
    }

    /// <summary>All files of a checkpoint are there.</summary>
    public async Task ExpectFilesAsync(CompletedCheckpoint checkpoint)
    {
        foreach (var file in FilesOf(checkpoint))
        {
            Expect.That(
                await _storage.GetLengthAsync(file, _cancellationToken).ConfigureAwait(false) is not null,
                $"Checkpoint {checkpoint.Id} needs '{file}', which is gone.");
        }
    }

    /// <summary>What lies in the job's folder, without statistics, and without the register, should that be
    /// there.</summary>
    public Task<HashSet<string>> FilesAsync() => FilesBelowAsync(_storage, Name, _cancellationToken);

    /// <summary>What lies in a folder, without a register and statistics, should these be there.</summary>
    public static async Task<HashSet<string>> FilesBelowAsync(
        ICheckpointStorage storage, string folder, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>();
        await foreach (var file in storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            if (!file.Path.StartsWith($"{folder}/register/", StringComparison.Ordinal)
                && !file.Path.StartsWith($"{folder}/statistics/", StringComparison.Ordinal))
            {
                found.Add(file.Path);
            }
        }

        return found;
    }

    public async ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken)
    {
        if (!_tasks.TryGetValue(message.Target, out var task))
        {
            return;
        }

        if (task.Declines)
        {
            var cause = new CheckpointStorageUnavailableException("disk", "is full (in this case).");
            await Coordinator.DeclineAsync(new(message.Target, message.CheckpointId, cause), cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        var snapshot = await task.SnapshotAsync(message.Request).ConfigureAwait(false);
        await Coordinator.AcknowledgeAsync(new(message.Target, message.CheckpointId, snapshot), cancellationToken)
            .ConfigureAwait(false);
    }

    public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken)
    {
        _tasks.GetValueOrDefault(message.Target)?.Completed(message.CheckpointId);
        return ValueTask.CompletedTask;
    }

    public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken)
    {
        _tasks.GetValueOrDefault(message.Target)?.Aborted(message.CheckpointId);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => Coordinator.DisposeAsync();

    private static IEnumerable<string> FilesOf(CompletedCheckpoint checkpoint) =>
        checkpoint.Metadata.Operators.SelectMany(static o => o.Subtasks)
            .Select(static subtask => subtask.ManagedKeyed).OfType<IncrementalKeyedStateHandle>()
            .SelectMany(static handle =>
                handle.SharedFiles.Concat(handle.PrivateFiles).Select(static file => file.Handle)
                    .Append(handle.MetaFile))
            .OfType<FileStateHandle>().Select(static file => file.Path)
            .Append(checkpoint.MetadataPath);
}
