using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Inspection;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Storage;
using Checkpointing.Tests.Coordination;
using StoredState = Checkpointing.Tests.Coordination.StoredState;

namespace Checkpointing.Tests.Inspection;

/// <summary>What jobs leave on a storage in lives of work, checkpoints, savepoints, crashes, take-overs, resumes and
/// claims, from a seed; with sweeps and forgetting beside them. Its model of who needs what is made of what the
/// coordinators reported, not of what is stored.</summary>
internal sealed class StoredHistory
{
    private readonly Random _random;
    private readonly Dictionary<string, HashSet<string>> _reported = [];
    private readonly List<Task<CompletedCheckpoint>> _triggered = [];
    private readonly bool _isCaredFor;
    private SimulatedCluster? _zombie;

    private StoredHistory(int seed, bool isCaredFor)
    {
        (_random, _isCaredFor) = (new(seed), isCaredFor);
        Register = new StorageCheckpointRegister(Storage);
    }

    public InMemoryCheckpointStorage Storage { get; } = new();

    public ICheckpointRegister Register { get; }

    public List<string> Jobs { get; } = ["job"];

    /// <summary>Sweeps and forgets that ran beside a living coordinator, and files that such sweeps deleted.</summary>
    public (int Sweeps, int Forgets, int Deleted) Cared { get; private set; }

    /// <param name="seed">Decides everything.</param>
    /// <param name="isCaredFor">Whether sweeps and forgets run beside the jobs.</param>
    public static StoredHistory Run(int seed, bool isCaredFor)
    {
        var history = new StoredHistory(seed, isCaredFor);
        history.RunJob("job", null);
        if (history._random.Next(2) == 0)
        {
            history.Jobs.Add("other");
            history.RunJob("other", "job");
        }

        return history;
    }

    /// <summary>Who needs each file: folders of checkpoints, by path.</summary>
    public Dictionary<string, HashSet<string>> Needs()
    {
        TakeAnswers();
        var needs = new Dictionary<string, HashSet<string>>();
        var records = Jobs.Select(RecordOf).OfType<RegisterRecord>().ToList();
        var kept = records.SelectMany(static record => record.Retained.Select(static one => one.Path))
            .Concat(records.Where(record => record.ClaimedBy is { } by
                && !records.Any(other => other.Job.Name == by && other.Claims.Contains(record.Job.Name)
                    && !record.IsHandingOverTo(other)))
                .SelectMany(record => record.HandedOver.Select(static one => one.Path).Concat(
                    record.HandedOverLeaving.Select(static one => one.Path).Where(path => Exists(Metadata(path))))))
            .Concat(records.SelectMany(static record => record.Leaving.Select(static one => one.Path))
                .Where(path => Exists(Metadata(path))))
            .Concat(Savepoints())
            .Concat(records.SelectMany(static record => record.Pins)
                .Where(pin => Exists(pin) && Exists(Metadata(Folder(Folder(pin))))).Select(pin => Folder(Folder(pin))))
            .ToHashSet();
        foreach (var checkpoint in kept)
        {
            foreach (var file in FilesOf(checkpoint))
            {
                (needs.TryGetValue(file, out var who) ? who : needs[file] = []).Add(checkpoint);
            }
        }

        return needs;
    }

    public IReadOnlyList<string> AllFiles() => StoredState.FilesBelow(Storage, "");

    /// <summary>Files that are needed and not there. What lies in a savepoint's folder beside its metadata is needed,
    /// whether or not anybody was told that it is complete.</summary>
    public IReadOnlyList<string> Missing()
    {
        var there = AllFiles().ToHashSet();
        return [.. Needs().Keys.Where(path => !there.Contains(path))];
    }

    public StorageCensus TakeCensus() => Now(StorageCensus.TakeAsync(Storage, Register));

    public RegisterRecord? RecordOf(string job) =>
        Now(new RegisterSession(Register, job).ReadAsync(CancellationToken.None).AsTask());

    public static T Now<T>(Task<T> task) => task.IsCompleted
        ? task.GetAwaiter().GetResult()
        : throw new InvalidOperationException("A call left the one thread.");

    private void RunJob(string job, string? from)
    {
        var epochs = 1 + _random.Next(3);
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            var cluster = NewCluster(job);
            var resumeFrom = from is not null && epoch == 0 ? NewestOf(from) : null;
            cluster.Start(resumeFrom, _random.Next(2) == 0 ? ClaimMode.Claim : ClaimMode.NoClaim);
            Live(cluster, job);
            if (_random.Next(2) == 0)
            {
                cluster.RunUntilQuiet();
            }

            if (_random.Next(3) == 0)
            {
                // A coordinator that takes the epoch and dies before its sweep.
                Now(new StandaloneCompletedCheckpointStore(
                    Register, Storage, job, IdSource.FromSeed((ulong)_random.Next()), "dies at once")
                    .TakeEpochAsync(CancellationToken.None).AsTask());
            }

            _zombie = cluster;
        }
    }

    private string? NewestOf(string job) => RecordOf(job)?.Retained is { Count: > 0 } listed ? listed[^1].Path : null;

    private SimulatedCluster NewCluster(string job) => new(
        Storage, Register, job, _random.Next(), 1 + _random.Next(3), new()
        {
            Timeout = TimeSpan.FromSeconds(10),
            MaxConcurrent = 1 + _random.Next(3),
            MaxRetainedCheckpoints = 1 + _random.Next(4),
            TolerableFailures = 1_000,
        })
    {
        DeclinePercent = _random.Next(3) == 0 ? 20 : 0,
    };

    private void Live(SimulatedCluster cluster, string job)
    {
        var acts = _random.Next(20, 90);
        for (var act = 0; act < acts; act++)
        {
            switch (_random.Next(14))
            {
                case 0 or 1:
                    cluster.Work();
                    break;
                case 2 or 3:
                    Trigger(cluster, CheckpointRequest.Checkpoint);
                    break;
                case 4 when _random.Next(3) == 0:
                    Trigger(cluster, CheckpointRequest.SavepointTo("savepoints"));
                    break;
                case 5 when _random.Next(5) == 0:
                    cluster.Advance(TimeSpan.FromSeconds(_random.Next(1, 8)));
                    break;
                case 6:
                    _zombie?.Step();
                    break;
                case 7 when _isCaredFor:
                    SweepBeside(cluster);
                    break;
                case 8 when _isCaredFor && _random.Next(2) == 0:
                    ForgetBeside(cluster, job);
                    break;
                default:
                    cluster.Step();
                    break;
            }
        }
    }

    // The answer may come on another thread: it is looked at when somebody asks.
    private void Trigger(SimulatedCluster cluster, CheckpointRequest request) =>
        _triggered.Add(cluster.Coordinator.TriggerAsync(request));

    private void TakeAnswers()
    {
        foreach (var answered in _triggered.Where(static task => task.IsCompleted).ToList())
        {
            _triggered.Remove(answered);
            if (answered.IsCompletedSuccessfully)
            {
                Report(answered.Result);
            }

            _ = answered.Exception;
        }
    }

    private void Report(CompletedCheckpoint checkpoint) => _reported[checkpoint.Path] = FilesOf(checkpoint);

    // Complete once its metadata is there, whether or not anybody was told.
    private IEnumerable<string> Savepoints() => StoredState.FilesBelow(Storage, "savepoints")
        .Where(static path => StoragePath.NameOf(path) == "_metadata").Select(Folder);

    // The jobs go on between any two calls of the sweep.
    private void SweepBeside(SimulatedCluster cluster)
    {
        var beside = new SteppingStorage(Storage, () =>
        {
            for (var step = _random.Next(4); step > 0; step--)
            {
                cluster.Step();
            }
        });
        var report = Now(StorageSweep.RunAsync(
            beside, new() { Apply = true }, new StorageCheckpointRegister(beside)));
        Cared = (Cared.Sweeps + 1, Cared.Forgets, Cared.Deleted + report.DeletedFiles);
        Missing().Should().BeEmpty("a sweep beside a running job deletes nothing that is needed");
    }

    private void ForgetBeside(SimulatedCluster cluster, string job)
    {
        if (RecordOf(job) is not { Retained.Count: > 1 })
        {
            return;
        }

        var beside = new SteppingStorage(Storage, () => cluster.Step());
        Now(CheckpointForgetting.RunAsync(
            beside, job, new() { KeepLast = 1 }, apply: true, new StorageCheckpointRegister(beside)));
        Cared = (Cared.Sweeps, Cared.Forgets + 1, Cared.Deleted);
        Missing().Should().BeEmpty("forgetting deletes nothing that is needed");
    }

    private HashSet<string> FilesOf(string folder)
    {
        // Completed just before a crash: nobody was told.
        if (!_reported.TryGetValue(folder, out var files))
        {
            Report(Now(CheckpointLoader.LoadAsync(Storage, folder, CancellationToken.None).AsTask()));
            files = _reported[folder];
        }

        return files;
    }

    private static HashSet<string> FilesOf(CompletedCheckpoint checkpoint)
    {
        var files = new HashSet<string> { Metadata(checkpoint.Path) };
        foreach (var handle in checkpoint.Metadata.Operators.SelectMany(static one => one.Subtasks)
            .Select(static subtask => subtask.ManagedKeyed).OfType<IncrementalKeyedStateHandle>())
        {
            foreach (var stream in handle.SharedFiles.Concat(handle.PrivateFiles).Select(static file => file.Handle)
                .Append(handle.MetaFile))
            {
                files.Add(stream switch
                {
                    FileStateHandle file => file.Path,
                    RelativeFileStateHandle file => $"{checkpoint.Path}/{file.RelativePath}",
                    _ => throw new InvalidOperationException($"{stream} is no file."),
                });
            }
        }

        return files;
    }

    private bool Exists(string path) =>
        Now(Storage.GetLengthAsync(path, CancellationToken.None).AsTask()) is not null;

    private static string Metadata(string folder) => $"{folder}/_metadata";

    private static string Folder(string path) => StoragePath.FolderOf(path);

    /// <summary>Lets others act before each call.</summary>
    private sealed class SteppingStorage(ICheckpointStorage inner, Action act) : ForwardingStorage(inner)
    {
        public override ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken)
        {
            act();
            return base.OpenReadAsync(path, offset, cancellationToken);
        }

        public override ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken)
        {
            act();
            return base.CreateAsync(path, cancellationToken);
        }

        public override IAsyncEnumerable<StoredFile> ListAsync(string folder, CancellationToken cancellationToken)
        {
            act();
            return base.ListAsync(folder, cancellationToken);
        }

        public override ValueTask DeleteAsync(string path, CancellationToken cancellationToken)
        {
            act();
            return base.DeleteAsync(path, cancellationToken);
        }
    }
}
