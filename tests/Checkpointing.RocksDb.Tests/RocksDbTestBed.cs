using System.Buffers;
using System.Text;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.RocksDb.Tests;

/// <summary>A temporary folder with a local storage and a factory, and the coordinator's part of the protocol in small:
/// ids, confirming, and what a placeholder stands for.</summary>
internal sealed class RocksDbTestBed : IDisposable
{
    public const int MaxParallelism = 16;

    public static readonly KeyGroupRange All = KeyGroupRange.All(MaxParallelism);
    public static readonly JobId Job = "job";

    private readonly Dictionary<SharedStateKey, StreamStateHandle> _registry = [];
    private long _lastId;

    public RocksDbTestBed(
        RocksDbSnapshotMode snapshots = RocksDbSnapshotMode.Incremental, bool isStorageLocal = true,
        long writeBufferSizeBytes = 8 << 20, bool mayImport = true, LocalStorageOptions? storageOptions = null)
    {
        Root = Directory.CreateTempSubdirectory("rocksdb-tests-").FullName;
        StorageRoot = Path.Combine(Root, "storage");
        WorkingDirectory = Path.Combine(Root, "work");
        var local = new LocalCheckpointStorage(StorageRoot, storageOptions);
        LocalStorage = local;
        Storage = isStorageLocal ? local : new StreamOnlyStorage(local);
        Options = new()
        {
            WorkingDirectory = WorkingDirectory, Snapshots = snapshots, WriteBufferSizeBytes = writeBufferSizeBytes,
            Rescaling = new() { MayImport = mayImport },
        };
        Factory = new(Options);
    }

    public string Root { get; }

    public string StorageRoot { get; }

    public string WorkingDirectory { get; }

    public ICheckpointStorage Storage { get; }

    public LocalCheckpointStorage LocalStorage { get; }

    public RocksDbBackendOptions Options { get; }

    public RocksDbBackendFactory Factory { get; }

    public IdSource Ids { get; } = IdSource.FromSeed(1);

    public static StateDescription State(string name = "counts", StateKind kind = StateKind.Value) =>
        new(name, kind, new("utf8", 1), null, null, new("utf8", 1));

    public KeyedStateBackendContext Context(
        IReadOnlyList<KeyedStateHandle>? restoreFrom = null, KeyGroupRange? range = null, string[]? states = null,
        CheckpointId restoredCheckpoint = default, bool isForeign = false) => new()
        {
            Job = Job,
            Operator = "op",
            SubtaskIndex = 0,
            Range = range ?? All,
            MaxParallelism = MaxParallelism,
            States = [.. (states ?? ["counts"]).Select(name => State(name))],
            RestoreFrom = restoreFrom ?? [],
            RestoredCheckpoint = restoredCheckpoint,
            RestoredIsForeign = isForeign,
            Storage = Storage,
            Ids = Ids,
            Time = TimeProvider.System,
            Logger = NullLogger.Instance,
        };

    public ValueTask<KeyedStateBackend> OpenAsync(
        IReadOnlyList<KeyedStateHandle>? restoreFrom = null, KeyGroupRange? range = null, string[]? states = null,
        CheckpointId restoredCheckpoint = default, bool isForeign = false) =>
        Factory.OpenAsync(Context(restoreFrom, range, states, restoredCheckpoint, isForeign), default);

    public SnapshotRequest Request(
        CheckpointId? baseId = null, CheckpointKind kind = CheckpointKind.Checkpoint, CheckpointId? id = null,
        SavepointFormat format = SavepointFormat.Canonical)
    {
        var checkpointId = id ?? new(++_lastId);
        return new()
        {
            CheckpointId = checkpointId,
            Kind = kind,
            Format = format,
            Base = baseId,
            Job = Job,
            Epoch = 3,
            Attempt = 1,
            ExclusiveFolder = kind == CheckpointKind.Savepoint
                ? $"savepoint-{checkpointId}"
                : CheckpointLayout.CheckpointFolder(Job, checkpointId),
        };
    }

    /// <summary>Takes a checkpoint and, as a coordinator does, puts the real files in place of placeholders.</summary>
    public async Task<Taken> TakeAsync(
        KeyedStateBackend backend, CheckpointId? baseId = null, CheckpointKind kind = CheckpointKind.Checkpoint,
        bool isConfirmed = true, SavepointFormat format = SavepointFormat.Canonical)
    {
        var request = Request(baseId, kind, format: format);
        await using var snapshot = backend.PrepareSnapshot(request);
        var result = await snapshot.WriteAsync(default);
        if (isConfirmed)
        {
            backend.NotifyCompleted(request.CheckpointId);
        }

        return new(request.CheckpointId, result, Resolve(result.Handle, request));
    }

    public KeyedStateHandle? Resolve(KeyedStateHandle? handle, SnapshotRequest request) => handle switch
    {
        IncrementalKeyedStateHandle incremental => incremental with
        {
            PrivateFiles = incremental.PrivateFiles.Select(file => file with
            {
                Handle = Resolve(file.Handle, request.ExclusiveFolder),
            }).ToValueList(),
            MetaFile = Resolve(incremental.MetaFile, request.ExclusiveFolder),
            SharedFiles = incremental.SharedFiles.Select(file =>
            {
                if (file.Handle is PlaceholderStateHandle placeholder)
                {
                    return file with { Handle = _registry[placeholder.Key] };
                }

                _registry[incremental.KeyOf(file)] = file.Handle;
                return file;
            }).ToValueList(),
        },
        KeyGroupsStateHandle full => full with { Stream = Resolve(full.Stream, request.ExclusiveFolder) },
        _ => handle,
    };

    /// <summary>What the reader of metadata does with files that are relative to its folder.</summary>
    public static StreamStateHandle Resolve(StreamStateHandle handle, string folder) =>
        handle is RelativeFileStateHandle relative
            ? new FileStateHandle(
                StoragePath.Combine(folder, relative.RelativePath), relative.FileSizeBytes, relative.Digest)
            : handle;

    public static byte[] Key(string key)
    {
        var keyBytes = Encoding.UTF8.GetBytes(key);
        return Key(KeyGroupAssignment.KeyGroupOf(keyBytes, MaxParallelism), keyBytes);
    }

    public static byte[] Key(int keyGroup, byte[] keyBytes)
    {
        var target = new ArrayBufferWriter<byte>();
        KeyedRowKey.WriteKeyGroup(keyGroup, target);
        KeyedRowKey.WritePart(keyBytes, target);
        KeyedRowKey.WritePart([], target);
        return target.WrittenSpan.ToArray();
    }

    public static void Put(KeyedStateBackend backend, string key, string value, string state = "counts") =>
        backend.GetTable(state).Put(Key(key), Encoding.UTF8.GetBytes(value));

    public static void Append(KeyedStateBackend backend, string key, string value, string state = "counts") =>
        backend.GetTable(state).Append(Key(key), Encoding.UTF8.GetBytes(value));

    public static string? Get(KeyedStateBackend backend, string key, string state = "counts")
    {
        var target = new ArrayBufferWriter<byte>();
        return backend.GetTable(state).TryGet(Key(key), target) ? Encoding.UTF8.GetString(target.WrittenSpan) : null;
    }

    /// <summary>All rows of a state, key and value in hexadecimal.</summary>
    public static Dictionary<string, string> Rows(KeyedStateBackend backend, string state = "counts")
    {
        var rows = new Dictionary<string, string>();
        using var cursor = backend.GetTable(state).Scan([]);
        while (cursor.MoveNext())
        {
            rows.Add(Convert.ToHexString(cursor.Key), Convert.ToHexString(cursor.Value));
        }

        return rows;
    }

    /// <summary>Full paths of the stored files below a folder.</summary>
    public string[] StoredFiles(string folder = "job/shared")
    {
        var path = Path.Combine(StorageRoot, folder);
        return Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [];
    }

    public string FullPath(StreamStateHandle handle) => Path.Combine(StorageRoot, ((FileStateHandle)handle).Path);

    /// <summary>Changes a stored file behind the storage's back.</summary>
    public static void Damage(string path, Action<FileStream> change)
    {
        // The stored file may share its bytes with a live one: damage a copy.
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        File.WriteAllBytes(path, bytes);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        change(stream);
    }

    public static void FlipBit(string path, long offset) => Damage(path, stream =>
    {
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 0x10));
    });

    public void Dispose()
    {
        LocalStorage.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    public sealed record Taken(CheckpointId Id, KeyedSnapshotResult Result, KeyedStateHandle? Handle)
    {
        public IncrementalKeyedStateHandle Incremental => (IncrementalKeyedStateHandle)Handle!;

        public IncrementalKeyedStateHandle Sent => (IncrementalKeyedStateHandle)Result.Handle!;
    }
}
