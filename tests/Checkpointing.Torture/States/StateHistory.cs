using System.Text;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Checkpointing.Storage.Local;
using Checkpointing.Testing.State;

namespace Checkpointing.Torture.States;

/// <summary>One random life of an operator with typed states and timers, on RocksDB and on the heap side by side,
/// held against a model in dictionaries after every step.</summary>
/// <remarks>The seed fixes all that is done; what RocksDB's threads have done by then differs from run to
/// run.</remarks>
internal sealed partial class StateHistory : IAsyncDisposable
{
    private const int KeyGroupCount = 32;
    private const int MaxParallelism = 16;
    private const int StateCount = 5;
    private const int MaxGenerationCount = 5;

    private static readonly IReadOnlyList<int> s_walk = ParallelismWalk.OverAllPairs(MaxParallelism);

    private readonly int _seed;
    private readonly Random _random;
    private readonly TestClock _clock = new();
    private readonly StringBuilder _trace = new();
    private readonly string _root;
    private readonly LocalCheckpointStorage _localStorage;
    private readonly HistoryStorage _storage;
    private readonly HistoryJob _rocks;
    private readonly HistoryJob _heap;
    private readonly HistoryState[] _states;
    private readonly string[][] _keys;
    private readonly int _retainedCount;
    private readonly List<Completed> _completed = [];
    private Completed? _savepoint;
    private Completed? _origin;
    private HistoryModel _model;
    private RocksDbBackendOptions? _options;
    private long _lastCheckpoint;

    /// <summary>Prepares it.</summary>
    /// <param name="seed">What it does.</param>
    /// <param name="folder">Where its files may be; deleted in the end.</param>
    internal StateHistory(int seed, string folder)
    {
        _seed = seed;
        _random = new(seed);
        _root = folder;
        _localStorage = new(Path.Combine(_root, "storage"), new() { ForceCopy = Next(5) == 0 });
        _storage = new(_localStorage, takesStreamsOnly: Next(5) == 0);
        var ids = IdSource.FromSeed((ulong)seed);
        _rocks = new("rocks", _storage, ids, _clock, KeyGroupCount);
        _heap = new("heap", _storage, ids, _clock, KeyGroupCount);
        _states = [.. ChooseShapes(seed).Select((shape, index) => NewState(index, shape))];
        _keys = ChooseKeys(30 + Next(500));
        _retainedCount = 1 + Next(3);
        _model = HistoryModel.Empty(_states, _clock);
    }

    /// <summary>What was done so far, shortened: for a failure's message.</summary>
    internal string Trace => _trace.ToString();

    /// <summary>Paths taken so far.</summary>
    internal PathCounts Paths { get; } = new();

    /// <summary>The parallelisms that a seed goes along if it walks.</summary>
    internal static IReadOnlyList<int> WalkOf(int seed)
    {
        var at = seed / 3 * 23 % 52 * MaxGenerationCount % (s_walk.Count - 1);
        return [.. Enumerable.Range(at, MaxGenerationCount + 1).Select(static i => s_walk[i % (s_walk.Count - 1)])];
    }

    internal async Task RunAsync()
    {
        // A part of the seeds covers the pairs of parallelisms, in pieces that make few of them a sample of all; the
        // others have more than this to do than opening backends.
        var isWalking = _seed % 3 == 0;
        var walk = WalkOf(_seed);
        var parallelism = isWalking ? walk[0] : 1 + Next(4);
        await OpenAsync(parallelism, null);
        var inARow = 0;
        var first = Next(4) > 0 ? 0 : Next(MaxGenerationCount);
        for (var generation = isWalking ? 0 : first; generation < MaxGenerationCount; generation++)
        {
            var stepCount = Next(4) == 0 && generation > 0 ? 0 : 1 + Next(isWalking ? 4 : 8);
            for (var step = 0; step < stepCount; step++)
            {
                await StepAsync();
            }

            Paths.Add("rescaled without writes", stepCount == 0 ? 1 : 0);
            if (stepCount == 0 || Next(4) > 0)
            {
                await CheckpointAsync();
            }

            var next = isWalking ? walk[generation + 1] : 1 + Next(Next(4) == 0 ? 16 : 5);
            _trace.Append($"[{parallelism}→{next}] ");
            Paths.AddPair(parallelism, next);
            await RestartAsync(next);
            parallelism = next;
            Paths.Add("rescaled five times in a row", ++inARow == MaxGenerationCount ? 1 : 0);
        }

        await RareStepsAsync(_seed % 6);
        await CompareAsync();
        FireTimers(long.MaxValue);
        await CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _rocks.DisposeAsync();
        await _heap.DisposeAsync();
        _localStorage.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private int Next(int count) => _random.Next(count);

    private async Task StepAsync()
    {
        switch (Next(16))
        {
            case < 5:
                Write(Next(Next(3) == 0 ? 1_500 : 200));
                DisturbSome();
                break;
            case < 8:
                await CheckpointAsync();
                break;
            case 8:
                await AbortAsync((AbortWay)Next(4));
                break;
            case 9 or 10:
                await OverlapAsync();
                break;
            case 11:
                await CheckpointBesideWritesAsync();
                break;
            case 12:
                await CrowdAsync();
                break;
            case 13:
                FireTimers(Next(1_000));
                break;
            default:
                _trace.Append("restart ");
                await RestartAsync(_rocks.Subtasks.Count);
                break;
        }

        await CompareAsync();
    }

    /// <summary>What chance brings seldom, so that six seeds in a row have all of it.</summary>
    private async Task RareStepsAsync(int choice)
    {
        _trace.Append("rare ");
        Write(100);
        switch (choice)
        {
            case 0:
                await CrowdAsync();
                break;
            case 1 or 2:
                await CheckpointAsync(
                    CheckpointKind.Savepoint, choice == 1 ? SavepointFormat.Native : SavepointFormat.Canonical);
                await RestartAsync(1 + Next(4), RestoreSource.Savepoint);
                break;
            case 3:
                foreach (var way in Enum.GetValues<AbortWay>())
                {
                    await AbortAsync(way);
                    Write(50);
                    DisturbSome();
                }

                break;
            case 4:
                await CheckpointAsync(CheckpointKind.Checkpoint);
                await RestartAsync(_rocks.Subtasks.Count, RestoreSource.Foreign);
                Write(50);
                break;
            default:
                await CheckpointAsync(CheckpointKind.Checkpoint);
                Write(50);
                await CheckpointAsync(CheckpointKind.Checkpoint);
                await RestartAsync(1 + Next(4), RestoreSource.Older);
                break;
        }

        await CompareAsync();
        await CheckpointAsync(CheckpointKind.Checkpoint);
        await RestartAsync(_rocks.Subtasks.Count, RestoreSource.Newest);
    }

    /// <summary>Ends both jobs, and starts them from something that was stored.</summary>
    private async Task RestartAsync(int parallelism, RestoreSource? wanted = null)
    {
        if (Next(2) == 0)
        {
            _trace.Append("lost ");
            Write(Next(150));
        }

        await CloseAsync();
        ChangeTimesToLive();
        var retained = _completed.Where(completed => _rocks.Retained.Contains(completed.Rocks)).ToList();
        var from = retained.Count > 0 ? retained[^1] : _origin;
        var source = wanted ?? (RestoreSource)Next(12);
        if (source == RestoreSource.Older && retained.Count > 1)
        {
            from = retained[Next(retained.Count - 1)];
            Paths.Add("older checkpoint");
        }
        else if (source == RestoreSource.Savepoint && _savepoint is not null)
        {
            from = _savepoint;
            Paths.Add(from.Rocks.IsCanonical ? "savepoint restored" : "native savepoint restored");
        }

        await OpenAsync(parallelism, from, source == RestoreSource.Foreign);
        if (from is not null && from == _savepoint && Next(2) == 0)
        {
            // Whose it is may delete it: the job has all that it needs.
            _savepoint = null;
            await _rocks.DeleteAsync(from.Rocks);
            await _heap.DeleteAsync(from.Heap);
            Paths.Add("savepoint deleted after its restore");
        }

        await CompareAsync();
    }

    private async Task OpenAsync(int parallelism, Completed? from, bool isForeign = false)
    {
        // With nothing retained the job has not got away yet from the foreign checkpoint that it started from.
        isForeign = from is { Rocks.Kind: not CheckpointKind.Savepoint }
            && (isForeign || !_rocks.Retained.Contains(from.Rocks));
        var isSwapped = from is { Rocks.IsCanonical: true } && Next(2) == 0;
        var heapFrom = isSwapped ? from!.Rocks : from?.Heap;
        var rocksFrom = isSwapped || from is { Rocks.Handles.Count: 0 } ? from!.Heap : from?.Rocks;
        if (from is { Rocks.IsCanonical: false } && Next(12) == 0)
        {
            // What the heap stores is canonical, so RocksDB can begin with it at any time.
            (rocksFrom, isSwapped) = (from.Heap, false);
        }

        _origin = isForeign ? from : _rocks.Retained.Count > 0 ? null : _origin;
        Paths.Add("foreign checkpoint", isForeign ? 1 : 0);
        Paths.Add("canonical RocksDB to heap", isSwapped ? 1 : 0);
        Paths.Add("canonical heap to RocksDB", rocksFrom is not null && rocksFrom == from?.Heap ? 1 : 0);
        Paths.Add(
            "canonical RocksDB to RocksDB", rocksFrom is { IsCanonical: true } && rocksFrom == from?.Rocks ? 1 : 0);
        _trace.Append(from is null ? "empty " : $"from {from.Rocks.Id}{(isForeign ? "f" : "")}"
            + $"{(isSwapped ? "x" : rocksFrom == from.Heap ? "h" : "")} ");
        _model = from?.Model.Copy() ?? HistoryModel.Empty(_states, _clock);
        _model.Migrate(_states);
        StateDescriptor[] declared = [.. _states.Select(static state => state.Descriptor)];
        _options = ChooseOptions();
        _trace.Append($"{_options.Snapshots} {_options.Rescaling} {_options.CleansUp} ");
        await _rocks.OpenAsync(new()
        {
            Factory = new RocksDbBackendFactory(_options),
            Parallelism = parallelism,
            States = declared,
            From = rocksFrom,
            IsForeign = isForeign,
            Opened = WatchWays(_options, rocksFrom is { IsCanonical: false }),
        });
        await _heap.OpenAsync(new()
        {
            Factory = new HeapBackendFactory(), Parallelism = parallelism, States = declared, From = heapFrom,
            IsForeign = isForeign,
        });
        if (Next(3) == 0)
        {
            foreach (var cleanup in RocksBackends.Select(static backend => backend.Cleanup))
            {
                await (cleanup?.Ended ?? Task.CompletedTask);
            }
        }
    }

    private async Task CloseAsync()
    {
        foreach (var backend in RocksBackends)
        {
            Paths.Add(backend);
        }

        await _rocks.CloseAsync();
        await _heap.CloseAsync();
        if (_options is not null)
        {
            Paths.Add(_options.Counts);
            _options = null;
        }
    }

    /// <summary>Sees which ways single subtasks went.</summary>
    private Action WatchWays(RocksDbBackendOptions options, bool isIncremental)
    {
        var (whole, rewritten, byRows) = (0L, 0L, 0L);
        return () =>
        {
            var counts = options.Counts;
            Paths.Add(
                "restore whole files and rewritten", counts.Whole > whole && counts.Rewritten > rewritten ? 1 : 0);
            Paths.Add("restore row by row of files", isIncremental && counts.ByRows > byRows ? 1 : 0);
            (whole, rewritten, byRows) = (counts.Whole, counts.Rewritten, counts.ByRows);
        };
    }

    private RocksDbBackendOptions ChooseOptions() => new()
    {
        WorkingDirectory = Path.Combine(_root, "work"),
        WriteBufferSizeBytes = 64 << 10,
        TransferParallelism = 1 + Next(4),
        Snapshots = Next(12) == 0 ? RocksDbSnapshotMode.Full : RocksDbSnapshotMode.Incremental,
        CleansUp = Next(3) == 0,
        Rescaling = Next(12) switch
        {
            0 => new() { MayImport = false },
            1 => new() { MaxPatchShare = 0, RewrittenFileBytes = 4 << 10 },
            2 => new() { MaxLevel0Files = Next(8), RewrittenFileBytes = 4 << 10 },
            _ => new(),
        },
    };

    /// <summary>A time to live may be declared for the first time, or a shorter one. A longer one, or none, would bring
    /// back what had expired, as far as it was not dropped yet: nobody can say what that is.</summary>
    private void ChangeTimesToLive()
    {
        if (Next(4) > 0)
        {
            return;
        }

        var index = Next(StateCount);
        var old = _states[index].Descriptor;
        var ttl = old.TimeToLive is { } before
            ? new TimeToLive(before.Duration / 2) { Refresh = before.Refresh }
            : NewTimeToLive((TimeToLiveRefresh)Next(2));
        if (ttl.Duration >= TimeSpan.FromMilliseconds(50))
        {
            Paths.Add(old.TimeToLive is null ? "time to live set" : "time to live shortened");
            _trace.Append($"ttl{index}={ttl.Duration.TotalMilliseconds} ");
            _states[index] = HistoryState.Create(old.Name, old.Kind, old.Namespace is not null, ttl);
        }
    }

    private TimeToLive NewTimeToLive(TimeToLiveRefresh refresh) =>
        new(TimeSpan.FromMilliseconds(100 + Next(2_000))) { Refresh = refresh };

    private HistoryState NewState(int index, Shape shape)
    {
        Paths.AddShape($"{shape}");
        return HistoryState.Create(
            $"{index}-{shape.Kind}", shape.Kind, shape.HasNamespace,
            shape.Refresh is { } refresh ? NewTimeToLive(refresh) : null);
    }

    /// <summary>Six seeds in a row have all shapes.</summary>
    private static Shape[] ChooseShapes(int seed)
    {
        Shape[] shapes =
        [
            .. from kind in new[]
                { StateKind.Value, StateKind.List, StateKind.Map, StateKind.Reducing, StateKind.Aggregating }
               from hasNamespace in new[] { false, true }
               from refresh in new TimeToLiveRefresh?[]
                   { null, TimeToLiveRefresh.OnWrite, TimeToLiveRefresh.OnReadAndWrite }
               select new Shape(kind, hasNamespace, refresh),
        ];
        var count = shapes.Length / StateCount;
        new Random(seed / count).Shuffle(shapes);
        return shapes.AsSpan(seed % count * StateCount, StateCount).ToArray();
    }

    /// <summary>Keys by key group.</summary>
    private static string[][] ChooseKeys(int count)
    {
        var byGroup = Enumerable.Range(0, count).Select(static number => $"key{number}")
            .ToLookup(static key => KeyGroupAssignment.KeyGroupOf(Encoding.UTF8.GetBytes(key), KeyGroupCount));
        return [.. Enumerable.Range(0, KeyGroupCount).Select(group => byGroup[group].ToArray())];
    }

    /// <summary>What a restart begins with. Every other number: <see cref="Newest"/>.</summary>
    private enum RestoreSource
    {
        Newest,
        Older,
        Savepoint,
        Foreign,
    }

    private readonly record struct Shape(StateKind Kind, bool HasNamespace, TimeToLiveRefresh? Refresh);

    /// <summary>A completed checkpoint of both jobs, and what it holds.</summary>
    private sealed record Completed(HistoryModel Model, StoredCheckpoint Rocks, StoredCheckpoint Heap);
}
