using System.Diagnostics;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage.Local;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.LoadTests;

/// <summary>Our side: one subtask's state, and the coordinator's part of the protocol in small.</summary>
internal sealed class OurState : IAsyncDisposable
{
    internal const int MaxParallelism = 128;

    private static readonly JobId Job = "load";
    private static readonly MapStateDescriptor<Guid, byte[]> Map = new("map");

    private readonly LocalCheckpointStorage _storage;
    private readonly SharedStateRegistry _registry;
    private readonly RocksDbKeyedStateBackend _backend;
    private readonly byte[] _value = new byte[Rows.ValueBytes];
    private readonly byte[] _key = new byte[Rows.KeyBytes];
    private long _lastId;
    private CheckpointId? _base;
    private CheckpointId? _own;

    private OurState(
        LocalCheckpointStorage storage, SubtaskState<Guid> state, ValueStateDescriptor<byte[]> value,
        KeyGroupRange range, SharedStateRegistry registry, long lastId, RocksDbKeyedStateBackend backend)
    {
        _backend = backend;
        _storage = storage;
        State = state;
        Range = range;
        Values = state.Keyed.GetState(value);
        Maps = state.Keyed.GetState(Map);
        _registry = registry;
        _lastId = lastId;
    }

    internal SubtaskState<Guid> State { get; }

    internal KeyGroupRange Range { get; }

    internal ValueState<byte[]> Values { get; }

    internal MapState<Guid, byte[]> Maps { get; }

    /// <summary>Settings of both sides: as by default, without compression, which the rows would not bear.</summary>
    internal static RocksDbBackendOptions Options(LoadTestFolder folder) => new()
    {
        WorkingDirectory = Path.Combine(folder.Root, "work"),
        Compression = RocksDbCompression.None,
        BlockCacheBytes = 64 << 20,
    };

    /// <summary>Opens an empty state, or what checkpoints hold.</summary>
    internal static async Task<OurState> OpenAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, KeyGroupRange? range = null,
        IReadOnlyList<OurCheckpoint>? from = null, ILogger? logger = null, TimeToLive? timeToLive = null,
        bool cleansUp = true, RestoreVerification verification = RestoreVerification.Full,
        CancellationToken cancellationToken = default)
    {
        var value = new ValueStateDescriptor<byte[]>("value") { TimeToLive = timeToLive };
        var options = Options(folder);
        options.CleansUp = cleansUp;
        options.Verification = verification;
        var owned = range ?? KeyGroupRange.All(MaxParallelism);
        var registry = new SharedStateRegistry();
        foreach (var one in from ?? [])
        {
            registry.RegisterAll(one.Handle, SharedStateOwner.Checkpoint(Job, one.Id));
        }

        var backends = new OpenedBackends(new(options));
        var state = await SubtaskState.OpenAsync(
            new SubtaskStateContext
            {
                Job = Job,
                Operator = "load",
                SubtaskIndex = 0,
                Range = owned,
                MaxParallelism = MaxParallelism,
                States = [value, Map],
                Restore = from is null
                    ? SubtaskRestore.None
                    : new(from[^1].Id, false, [.. from.Select(static one => one.Handle)], []),
                Backend = backends,
                Storage = storage,
                Ids = IdSource.System,
                Time = TimeProvider.System,
                Logger = logger ?? NullLogger.Instance,
            },
            StateSerializer.Guid,
            cancellationToken).ConfigureAwait(false);
        return new(storage, state, value, owned, registry, from?.Max(static one => one.Id.Value) ?? 0, backends.Last)
        {
            _base = from?[^1].Id,
        };
    }

    /// <summary>Brings all rows into the last level.</summary>
    internal void Compact()
    {
        foreach (var family in _backend.ColumnFamilies)
        {
            _backend.Database.Compact(family);
        }
    }

    /// <summary>Writes rows that are of this state's key groups.</summary>
    internal void Put(int first, int count, int version)
    {
        for (var row = first; row < first + count; row++)
        {
            var key = Rows.Key(row);
            if (!Owns(key))
            {
                continue;
            }

            Rows.Value(row, version, _value);
            using var scope = State.Keyed.EnterKey(key);
            Values.SetBytes(_value);
        }
    }

    /// <summary>Takes a checkpoint, confirms it, and deletes what only the one before needed.</summary>
    internal async Task<OurCheckpoint> CheckpointAsync(
        CheckpointKind kind = CheckpointKind.Checkpoint, CancellationToken cancellationToken = default)
    {
        var id = new CheckpointId(++_lastId);
        var start = Stopwatch.GetTimestamp();
        var plan = State.PrepareSnapshot(new()
        {
            CheckpointId = id,
            Kind = kind,
            Base = _base,
            Job = Job,
            Epoch = 1,
            Attempt = 0,
            ExclusiveFolder = FormattableString.Invariant($"{Job}/chk-{id.Value}"),
        });
        var blocked = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        await using (plan.ConfigureAwait(false))
        {
            var snapshot = await plan.WriteAsync(cancellationToken).ConfigureAwait(false);
            var total = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var handle = _registry.RegisterAll(snapshot.Keyed!, SharedStateOwner.Checkpoint(Job, id));
            State.NotifyCompleted(id);
            if (_own is { } older)
            {
                foreach (var entry in _registry.ReleaseAll(SharedStateOwner.Checkpoint(Job, older)))
                {
                    await _storage.DeleteAsync(((FileStateHandle)entry.Handle).Path, cancellationToken)
                        .ConfigureAwait(false);
                }
            }

            _base = id;
            _own = id;
            return new(id, handle, snapshot.Cost, blocked, total);
        }
    }

    public ValueTask DisposeAsync() => State.DisposeAsync();

    internal bool Owns(Guid key)
    {
        key.TryWriteBytes(_key);
        return Range.Count == MaxParallelism
            || Range.Contains(KeyGroupAssignment.KeyGroupOf(_key, MaxParallelism));
    }
}

/// <summary>A checkpoint of ours.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Handle">Where its state is, placeholders replaced.</param>
/// <param name="Cost">What it stored.</param>
/// <param name="BlockedMs">Time that the writer was blocked.</param>
/// <param name="TotalMs">Time from the request to the handle.</param>
internal sealed record OurCheckpoint(
    CheckpointId Id, KeyedStateHandle Handle, SnapshotCost Cost, double BlockedMs, double TotalMs);
