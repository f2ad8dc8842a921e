using System.Runtime.InteropServices;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Metadata.Paths;
using Checkpointing.State;
using Checkpointing.Storage;
using Checkpointing.Testing.Faults;
using Checkpointing.Testing.Simulation;

namespace Checkpointing.Torture.Cluster;

/// <summary>What simulated processes share: storage, register, and the knowledge of what must hold. Every deletion is
/// checked as it happens (I1), every report of a completed checkpoint when it is made (I4).</summary>
internal sealed class ClusterWorld
{
    private readonly bool _keepsRegisterInMemory;
    private readonly JobId[] _jobs;
    private readonly Dictionary<string, ClusterCut> _cuts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _reported = [];
    private readonly Dictionary<(byte[] Bytes, bool IsHandedOver), RecordFiles> _records = [];
    private readonly Dictionary<byte[], RegisterRecord> _parsed = [];
    private readonly Dictionary<string, HashSet<string>> _pinned = [];
    private readonly WatchedRegister _memory;

    /// <param name="keepsRegisterInMemory">Else the register is files of the storage, which can be lost.</param>
    /// <param name="jobs">All jobs there will be.</param>
    internal ClusterWorld(bool keepsRegisterInMemory, params JobId[] jobs)
    {
        (_keepsRegisterInMemory, _jobs) = (keepsRegisterInMemory, jobs);
        _memory = new(TraceRecord);
        Checker = new(Storage, new DurableView(this), jobs);
        Storage.NameChanged = OnNameChanged;
    }

    /// <summary>The disk.</summary>
    internal SimulatedStorage Storage { get; } = new();

    /// <summary>Sees the register as it would be after a power cut: what it saw must never be undone.</summary>
    internal InvariantChecker Checker { get; }

    /// <summary>What does not hold; empty if all is well.</summary>
    internal List<string> Breaches { get; } = [];

    /// <summary>Called with each line of the trace, if set.</summary>
    internal Action<string>? Traced { get; set; }

    /// <summary>Register of a process.</summary>
    internal ICheckpointRegister RegisterOf(FaultPlan plan, ICheckpointStorage storage) =>
        _keepsRegisterInMemory ? new FaultyRegister(_memory, plan) : new StorageCheckpointRegister(storage);

    internal void Fail(string what) => Breaches.Add(what);

    internal void Trace(string line) => Traced?.Invoke(line);

    /// <summary>Remembers what a subtask's state was at the cut of a checkpoint.</summary>
    internal void RecordCut(SnapshotRequest request, SubtaskAddress subtask, IReadOnlyDictionary<int, long> rows)
    {
        if (!_cuts.TryGetValue(request.ExclusiveFolder, out var cut))
        {
            _cuts.Add(request.ExclusiveFolder, cut = new());
        }

        cut.Add(subtask, rows);
    }

    /// <summary>Compares restored rows with those of the cut (I3, I7).</summary>
    internal void CheckRestored(CompletedCheckpoint checkpoint, IEnumerable<IReadOnlyDictionary<int, long>> restored)
    {
        if (!_cuts.TryGetValue(checkpoint.Path, out var cut))
        {
            Fail($"I3: '{checkpoint.Path}' was restored, but nobody has taken it.");
            return;
        }

        if (cut.FindDifference(checkpoint, restored) is { } difference)
        {
            Fail($"I3: '{checkpoint.Path}' restores other rows than it was cut with: {difference}");
        }
    }

    /// <summary>Somebody was told that a checkpoint is completed (I4).</summary>
    internal void Report(CompletedCheckpoint checkpoint)
    {
        Checker.ReportCompleted(checkpoint);
        var isSavepoint = checkpoint.Properties.Kind == CheckpointKind.Savepoint;
        if (!isSavepoint)
        {
            _reported[checkpoint.Job.Name] =
                Math.Max(_reported.GetValueOrDefault(checkpoint.Job.Name), checkpoint.Id.Value);
        }

        foreach (var file in FilesOf(checkpoint))
        {
            if (!Storage.IsDurable(file) && IsStillNeeded(checkpoint))
            {
                Fail($"I4: {checkpoint.Path} was reported, but '{file}' is not durable.");
            }
        }
    }

    /// <summary>The newest checkpoint of the job that was reported; 0 if none was.</summary>
    internal long NewestReported(JobId job) => _reported.GetValueOrDefault(job.Name);

    /// <summary>The job has dropped its checkpoints, or handed them over: nothing is expected of it any more.</summary>
    internal void Forget(JobId job)
    {
        _reported.Remove(job.Name);
        Checker.ReportDropped(job);
    }

    /// <summary>A job has pinned a foreign checkpoint and reads it: its files stay until the job
    /// has a checkpoint of its own.</summary>
    internal void Pin(JobId holder, CompletedCheckpoint checkpoint) =>
        _pinned[holder.Name] = [.. FilesOf(checkpoint)];

    /// <summary>The record as the storage holds it.</summary>
    internal RegisterRecord? RecordOf(JobId job, bool isDurable = false) => Find(job, isDurable)?.Record;

    /// <summary>Throws if anything did not hold.</summary>
    internal void ThrowIfBroken()
    {
        if (Breaches.Count > 0)
        {
            throw new Testing.ConformanceException(string.Join(Environment.NewLine, Breaches.Distinct().Take(5)));
        }
    }

    private static IEnumerable<string> FilesOf(CompletedCheckpoint checkpoint) =>
        MetadataPaths.Of(checkpoint.Metadata)
            .Select(place => place.IsRelative ? StoragePath.Combine(checkpoint.Path, place.Path) : place.Path)
            .Append(checkpoint.MetadataPath);

    // A report may come late: after a newer process has subsumed the checkpoint, its files may be gone.
    private bool IsStillNeeded(CompletedCheckpoint checkpoint) =>
        checkpoint.Properties.Kind == CheckpointKind.Savepoint
        || _jobs.Any(job => RecordOf(job)?.Retained.Any(r => r.Path == checkpoint.Path) == true);

    private void OnNameChanged(string path, bool isCreated)
    {
        if (isCreated)
        {
            Trace($"+ {path}");
            foreach (var owner in _jobs.Where(job => IsBelowRegister(path, job)))
            {
                TraceRecord(owner);
            }

            return;
        }

        Trace($"- {path}");
        foreach (var job in _jobs)
        {
            if (IsBelowRegister(path, job))
            {
                continue;
            }

            foreach (var isDurable in new[] { false, true })
            {
                if (Find(job, isDurable) is { } found && found.Files.Contains(path))
                {
                    Fail($"I1: '{path}' was deleted, but the register of '{job}' leads to it "
                        + $"(epoch {found.Record.Epoch}, {(isDurable ? "durable" : "visible")}).");
                }
            }

            if (_pinned.TryGetValue(job.Name, out var pinned) && pinned.Contains(path)
                && RecordOf(job) is { Pins.Count: > 0, Retained.Count: 0 })
            {
                Fail($"I1: '{path}' was deleted, but '{job}' has pinned it.");
            }
        }
    }

    private void TraceRecord(JobId job)
    {
        if (Traced is not null && Peek(job) is { } record)
        {
            static string Ids(IEnumerable<RetainedCheckpoint> list) => string.Join(' ', list.Select(
                static one => one.IsLeftBehind ? $"({one.Path})" : one.Path));

            Trace($"= {job} epoch {record.Epoch} by {record.Holder}: [{Ids(record.Retained)}] leaving "
                + $"[{Ids(record.Leaving)}] claims {record.Claims} pending {record.PendingClaim} by "
                + $"{record.ClaimedBy}: [{Ids(record.HandedOver)}] [{Ids(record.HandedOverLeaving)}] "
                + $"fences {record.ClaimFences} pins {record.Pins}");
        }
    }

    private static bool IsBelowRegister(string path, JobId job) =>
        StoragePath.IsBelow(path, CheckpointLayout.RegisterFolder(job));

    private RecordFiles? Find(JobId job, bool isDurable)
    {
        var bytes = BytesOf(job, isDurable);
        if (bytes is null)
        {
            return null;
        }

        // What was handed over and is not taken up yet is needed as well.
        var isHandedOver = Peek(job) is { ClaimedBy: { } by } claimed && Peek(by) is { } claimant
            && claimed.IsHandingOverTo(claimant);
        if (!_records.TryGetValue((bytes, isHandedOver), out var found))
        {
            var record = RegisterRecordSerializer.Read(bytes, $"register of '{job}'");
            _records.Add((bytes, isHandedOver), found = new(record, [.. FilesOf(record, isHandedOver)]));
        }

        return found;
    }

    private byte[]? BytesOf(JobId job, bool isDurable) =>
        _keepsRegisterInMemory ? _memory.Find(job) : FindFile(job, isDurable);

    private byte[]? FindFile(JobId job, bool isDurable)
    {
        var folder = CheckpointLayout.RegisterFolder(job);
        var newest = isDurable
            ? Storage.DurableFilesBelow(folder) is [.., var last] ? last : null
            : Storage.Files.LastOrDefault(path => StoragePath.IsBelow(path, folder));
        return newest is not null && Storage.Peek(newest, isDurable) is { } content
            && MemoryMarshal.TryGetArray(content, out var array)
            ? array.Array
            : null;
    }

    private IEnumerable<string> FilesOf(RegisterRecord record, bool isHandedOver)
    {
        foreach (var retained in record.Retained.Concat(isHandedOver ? record.HandedOver : []))
        {
            CompletedCheckpoint checkpoint;
            try
            {
                var loading = CheckpointLoader.LoadAsync(Storage, retained.Path, CancellationToken.None);
                checkpoint = loading.AsTask().GetAwaiter().GetResult();
            }
            catch (CheckpointingException e)
            {
                Fail($"I1: the register of '{record.Job}' leads to '{retained.Path}': {e.Message}");
                continue;
            }

            foreach (var file in FilesOf(checkpoint))
            {
                if (Storage.Peek(file) is null)
                {
                    Fail($"I1: the register of '{record.Job}' leads to '{file}', which is not there.");
                }

                yield return file;
            }
        }
    }

    private RegisterRecord? Peek(JobId job)
    {
        if (BytesOf(job, isDurable: false) is not { } bytes)
        {
            return null;
        }

        if (!_parsed.TryGetValue(bytes, out var record))
        {
            _parsed.Add(bytes, record = RegisterRecordSerializer.Read(bytes, $"register of '{job}'"));
        }

        return record;
    }

    /// <summary>A record and all files that it leads to.</summary>
    private sealed record RecordFiles(RegisterRecord Record, HashSet<string> Files);

    /// <summary>The register without what is not durable yet.</summary>
    private sealed class DurableView(ClusterWorld world) : ICheckpointRegister
    {
        public string Description => "durable:";

        public ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken) =>
            new(world.BytesOf(job, isDurable: true) is { } bytes ? new RegisterEntry(1, bytes) : null);

        public ValueTask<RegisterReplacement> TryReplaceAsync(
            JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken) =>
            throw new NotSupportedException("The checker only reads.");
    }

    /// <summary>The register in memory, with its bytes in view. It is durable at once, as ZooKeeper's is.</summary>
    private sealed class WatchedRegister(Action<JobId> replaced) : ICheckpointRegister
    {
        private readonly InMemoryCheckpointRegister _inner = new();
        private readonly Dictionary<JobId, byte[]> _bytes = [];

        public string Description => _inner.Description;

        public byte[]? Find(JobId job) => _bytes.GetValueOrDefault(job);

        public ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken) =>
            _inner.ReadAsync(job, cancellationToken);

        public async ValueTask<RegisterReplacement> TryReplaceAsync(
            JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
        {
            var outcome = await _inner.TryReplaceAsync(job, expectedVersion, record, cancellationToken);
            if (outcome == RegisterReplacement.Replaced)
            {
                _bytes[job] = record.ToArray();
                replaced(job);
            }

            return outcome;
        }
    }
}
