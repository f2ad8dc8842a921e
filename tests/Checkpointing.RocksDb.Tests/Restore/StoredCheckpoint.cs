using Checkpointing.CompletedCheckpoints;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Restore;

/// <summary>A checkpoint with a file of every kind: SST files of two RocksDB subtasks and two states, some of them
/// written in place of straddling ones, their catalogues, a full snapshot in the canonical form, operator state, and
/// the metadata.</summary>
internal sealed class StoredCheckpoint
{
    private const string Folder = "job/chk-9";

    // Bounds of files are in the catalogue: with keys of this size two files make it too large for the metadata.
    private static readonly string s_longKey = new('k', 6_000);
    private static readonly OperatorListStateDescriptor<string> s_list = new("list");
    private static readonly string[] s_states = ["counts", "others"];
    private static readonly KeyGroupRange s_left = new(0, (MaxParallelism / 2) - 1);
    private static readonly KeyGroupRange s_right = new(MaxParallelism / 2, MaxParallelism - 1);

    private readonly RocksDbTestBed _bed;
    private readonly Dictionary<KeyGroupRange, Dictionary<string, string>> _rows = [];

    private StoredCheckpoint(RocksDbTestBed bed) => _bed = bed;

    /// <summary>What a file is.</summary>
    internal enum FileKind
    {
        Sst,
        Catalogue,
        Canonical,
        Operator,
        Metadata,
    }

    /// <summary>How keyed state of the two RocksDB subtasks is restored.</summary>
    internal enum Way
    {
        SameRange,
        Rescale,
        Rows,
    }

    /// <summary>Path in the storage, kind and length of every file.</summary>
    public IReadOnlyList<(string Path, FileKind Kind, long LengthBytes)> Files { get; private set; } = [];

    /// <summary>Makes one.</summary>
    public static async Task<StoredCheckpoint> MakeAsync(RocksDbTestBed bed)
    {
        var made = new StoredCheckpoint(bed);
        var left = await made.TakeIncrementalAsync(s_left);
        var right = await made.TakeIncrementalAsync(s_right);
        var (canonical, lists) = await made.TakeOthersAsync();
        var metadata = new CheckpointMetadata(new(9), [],
        [
            new(OperatorId.FromName("op"), 2, MaxParallelism,
            [
                new(0) { ManagedKeyed = left, ManagedOperator = lists },
                new(1) { ManagedKeyed = right },
            ])
            { Name = "op" },
            new(OperatorId.FromName("other"), 1, MaxParallelism, [new(0) { ManagedKeyed = canonical }])
            { Name = "other" },
        ])
        {
            Info = new(
                Job, Guid.NewGuid(), Guid.NewGuid(), 3, new(CheckpointKind.Checkpoint, CheckpointRetention.Always),
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, []),
        };
        var path = StoragePath.Combine(Folder, CheckpointLayout.MetadataName);
        await bed.Storage.WriteAllAsync(
            path, CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1), default);

        var files = new List<(string, FileKind)> { (path, FileKind.Metadata) };
        foreach (var handle in new[] { left, right })
        {
            files.AddRange(handle.SharedFiles.Select(file => (((FileStateHandle)file.Handle).Path, FileKind.Sst)));
            files.Add((((FileStateHandle)handle.MetaFile).Path, FileKind.Catalogue));
        }

        files.Add((((FileStateHandle)canonical.Stream).Path, FileKind.Canonical));
        files.Add((((FileStateHandle)lists.Stream).Path, FileKind.Operator));
        made.Files = [.. files.Select(file =>
            (file.Item1, file.Item2, new FileInfo(made.FullPath(file.Item1)).Length))];
        return made;
    }

    /// <summary>Where a file is.</summary>
    public string FullPath(string path) => Path.Combine(_bed.StorageRoot, path);

    /// <summary>Changes one bit of a file in its place.</summary>
    public void FlipBit(string path, long offset, int bit)
    {
        var full = FullPath(path);
        File.SetAttributes(full, FileAttributes.Normal);
        using var stream = new FileStream(full, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ (1 << bit)));
    }

    /// <summary>Restores what has files of a kind, and compares all rows.</summary>
    /// <param name="kind">Which part.</param>
    /// <param name="way">How RocksDB's files are restored.</param>
    /// <param name="factory">Makes the backends.</param>
    public async Task RestoreAsync(FileKind kind, Way way, IKeyedStateBackendFactory factory)
    {
        var checkpoint = await CheckpointLoader.LoadAsync(_bed.Storage, Folder, default);
        var (incremental, other) = (checkpoint.Metadata.Operators[0], checkpoint.Metadata.Operators[1]);
        var keyed = incremental.Subtasks.Select(subtask => subtask.ManagedKeyed!).ToList();
        switch (kind)
        {
            case FileKind.Sst or FileKind.Catalogue when way == Way.SameRange:
                foreach (var handle in keyed)
                {
                    await CompareAsync(factory, [handle], handle.KeyGroups, _rows[handle.KeyGroups]);
                }

                break;
            case FileKind.Sst or FileKind.Catalogue:
                await CompareAsync(
                    factory, keyed, All, new(_rows[s_left].Concat(_rows[s_right]), StringComparer.Ordinal));
                break;
            case FileKind.Canonical:
                await CompareAsync(factory, [other.Subtasks[0].ManagedKeyed!], All, _rows[All]);
                break;
            case FileKind.Operator:
                await using (var state = await SubtaskState.OpenAsync(
                    Context(new(checkpoint.Id, false, [], [incremental.Subtasks[0].ManagedOperator!])), default))
                {
                    state.Operator.GetState(s_list).Items.Should().HaveCount(ItemCount);
                }

                break;
        }
    }

    private const int ItemCount = 400;

    private async Task CompareAsync(
        IKeyedStateBackendFactory factory, IReadOnlyList<KeyedStateHandle> handles, KeyGroupRange range,
        Dictionary<string, string> rows)
    {
        await using var backend = await factory.OpenAsync(_bed.Context(handles, range, s_states, new(9)), default);
        AllRows(backend).Should().Equal(rows);
    }

    private static Dictionary<string, string> AllRows(KeyedStateBackend backend) => new(
        s_states.SelectMany(state => Rows(backend, state)
            .Select(row => KeyValuePair.Create(state + row.Key, row.Value))),
        StringComparer.Ordinal);

    private async Task<IncrementalKeyedStateHandle> TakeIncrementalAsync(KeyGroupRange range)
    {
        await using var backend = (RocksDbKeyedStateBackend)await _bed.OpenAsync(range: range, states: s_states);
        Taken? taken = null;
        for (var round = 0; round < 2; round++)
        {
            PutRound(backend, range, round);
            taken = await _bed.TakeAsync(backend, taken?.Id);
        }

        // Two memtables wait while background work is paused, and one flush takes both: the file straddles. With more
        // of them writing would wait for a flush.
        PutRound(backend, range, 2, count: 5);
        backend.Database.PauseBackgroundWork();
        var request = _bed.Request(taken!.Id);
        await using var snapshot = backend.PrepareSnapshot(request);
        _rows[range] = AllRows(backend);
        PutRound(backend, range, 3, count: 14);
        var writing = snapshot.WriteAsync(default).AsTask();
        backend.Database.ContinueBackgroundWork();
        var handle = (IncrementalKeyedStateHandle)_bed.Resolve((await writing).Handle, request)!;
        backend.Scope.Counters.StraddlingFiles.Should().BePositive("there shall be exported rows");
        backend.Scope.Counters.ExportedFiles.Should().BePositive();
        return handle;
    }

    private static void PutRound(KeyedStateBackend backend, KeyGroupRange range, int round, int count = 60)
    {
        for (var i = round * 40; count > 0; i++)
        {
            var key = Key($"{s_longKey}{i}");
            if (range.Contains(KeyedRowKey.ReadKeyGroup(key)))
            {
                backend.GetTable("counts").Put(key, "value"u8);
                backend.GetTable("others").Append(key, "item"u8);
                count--;
            }
        }
    }

    private async Task<(KeyGroupsStateHandle Canonical, OperatorStateHandle Lists)> TakeOthersAsync()
    {
        await using var backend = await new HeapBackendFactory().OpenAsync(_bed.Context(states: s_states), default);
        PutRound(backend, All, 0);
        _rows[All] = AllRows(backend);
        var full = await _bed.TakeAsync(backend);

        await using var state = await SubtaskState.OpenAsync(Context(SubtaskRestore.None), default);
        for (var i = 0; i < ItemCount; i++)
        {
            state.Operator.GetState(s_list).Add($"item {i} of a list that is too long to travel in the metadata");
        }

        await using var plan = state.PrepareSnapshot(_bed.Request());
        var lists = (await plan.WriteAsync(default)).Operator!;
        return ((KeyGroupsStateHandle)full.Handle!, lists);
    }

    private SubtaskStateContext Context(SubtaskRestore restore)
    {
        var keyed = _bed.Context();
        return new()
        {
            Job = Job,
            Operator = "op",
            SubtaskIndex = 0,
            Range = KeyGroupRange.Empty,
            MaxParallelism = MaxParallelism,
            States = [s_list],
            Restore = restore,
            Backend = _bed.Factory,
            Storage = _bed.Storage,
            Ids = _bed.Ids,
            Time = keyed.Time,
            Logger = keyed.Logger,
        };
    }
}
