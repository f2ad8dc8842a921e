using System.Buffers;
using System.Text;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Restore;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Testing.State;
using CsCheck;

namespace Checkpointing.RocksDb.Tests.Restore;

/// <summary>One random history: rounds of writes, flushes, compactions and checkpoints, then another parallelism; five
/// times.</summary>
internal sealed class RescaleHistory : IAsyncDisposable
{
    private const int KeyGroupCount = 32;
    private const int GenerationCount = 5;

    private static readonly string[] s_states = ["values", "lists", "maps"];
    private static readonly IReadOnlyList<int> s_walk = ParallelismWalk.OverAllPairs(16);

    private readonly RocksDbTestBed _bed = new();
    private readonly PCG _random;
    private readonly StringBuilder _trace = new();
    private readonly RocksDbBackendOptions _options;
    private readonly RocksDbBackendFactory _factory;
    private readonly RocksDbBackendOptions _rowOptions;
    private readonly RocksDbBackendFactory _rowFactory;
    private readonly Dictionary<string, Dictionary<string, byte[]>> _model =
        s_states.ToDictionary(static state => state, static _ => new Dictionary<string, byte[]>());
    private readonly int _seed;
    private List<RocksDbKeyedStateBackend> _backends = [];
    private List<CheckpointId?> _bases = [];

    public RescaleHistory(int seed)
    {
        _seed = seed;
        _random = new((uint)seed + 1);
        _options = new()
        {
            WorkingDirectory = Path.Combine(_bed.Root, "rescaled"), WriteBufferSizeBytes = 64 << 10,
            CleansUp = Next(2) == 0,
            Rescaling = Next(6) == 0
                ? new() { MaxLevel0Files = Next(8), RewrittenFileBytes = 4 << 10 } : RescaleRules.Default,
        };
        _factory = new(_options);
        _rowOptions = new()
        {
            WorkingDirectory = Path.Combine(_bed.Root, "rows"), WriteBufferSizeBytes = 64 << 10,
            Rescaling = new() { MayImport = false },
        };
        _rowFactory = new(_rowOptions);
    }

    public string Trace => _trace.ToString();

    public RestoreCounts Counts => _options.Counts;

    public RestoreCounts RowCounts => _rowOptions.Counts;

    public HashSet<(int, int)> Pairs { get; } = [];

    public async Task RunAsync()
    {
        // 52 pieces of the walk, in an order that makes few of them a sample of all.
        var at = _seed * 23 % 52 * GenerationCount % (s_walk.Count - 1);
        await OpenAllAsync(s_walk[at], [], default);
        for (var generation = 0; generation < GenerationCount; generation++)
        {
            var (before, after) = (s_walk[at], s_walk[at + 1]);
            at = (at + 1) % (s_walk.Count - 1);
            Pairs.Add((before, after));
            _trace.Append($"[{before}→{after}] ");
            if (Next(4) > 0)
            {
                await WriteRoundsAsync();
            }

            var handles = await CheckpointAllAsync();
            LoseWork();
            await CloseAllAsync();
            await OpenAllAsync(after, handles, _last);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAllAsync();
        _bed.Dispose();
    }

    private CheckpointId _last;

    private int Next(int count) => (int)_random.Next((uint)count);

    private async Task OpenAllAsync(int parallelism, List<KeyedStateHandle> handles, CheckpointId restored)
    {
        for (var subtask = 0; subtask < parallelism; subtask++)
        {
            var range = KeyGroupAssignment.RangeOf(subtask, parallelism, KeyGroupCount);
            List<KeyedStateHandle> mine = [.. handles.Where(handle => handle.KeyGroups.Overlaps(range))];
            var context = _bed.Context(mine, range, s_states, restored);
            var backend = (RocksDbKeyedStateBackend)await _factory.OpenAsync(context, default);
            _backends.Add(backend);
            _bases.Add(restored == default ? null : restored);
            Compare(backend);
            if (mine.Count > 0 && Next(4) == 0)
            {
                await using var byRows = await _rowFactory.OpenAsync(context, default);
                Compare(byRows);
            }

            if (backend.Cleanup is { } cleanup && Next(2) == 0)
            {
                await cleanup.Ended;
                Compare(backend);
                ForeignRowCleanup.Unclean(backend.Database, range).Should().BeEmpty();
            }
        }
    }

    private async Task CloseAllAsync()
    {
        foreach (var backend in _backends)
        {
            await backend.DisposeAsync();
        }

        _backends = [];
        _bases = [];
    }

    private async Task WriteRoundsAsync()
    {
        for (var round = 1 + Next(4); round > 0; round--)
        {
            // Now few key groups, now many: files of all widths.
            var first = Next(KeyGroupCount);
            var count = 1 + Next(Next(2) == 0 ? 3 : KeyGroupCount);
            Write(first, count, Next(Next(3) == 0 ? 1500 : 150), isKept: true);
            if (Next(2) == 0)
            {
                foreach (var index in Enumerable.Range(0, _backends.Count).Where(_ => Next(2) == 0))
                {
                    _backends[index].Database.Flush(_backends[index].ColumnFamilies);
                    if (Next(3) == 0)
                    {
                        _trace.Append('C');
                        _backends[index].Database.Compact(_backends[index].ColumnFamilies[Next(s_states.Length)]);
                    }
                }
            }

            if (Next(4) == 0)
            {
                await CheckpointAllAsync();
            }
        }

        _backends.ForEach(Compare);
    }

    private void Write(int firstGroup, int groupCount, int count, bool isKept)
    {
        _trace.Append($"w{count}@{firstGroup}+{groupCount} ");
        for (var i = 0; i < count; i++)
        {
            var group = (firstGroup + Next(groupCount)) % KeyGroupCount;
            var state = s_states[Next(s_states.Length)];
            var key = RocksDbTestBed.Key(group, [(byte)Next(20)]);
            if (state == "maps")
            {
                key = [.. key, (byte)Next(6)];
            }

            var value = new byte[Next(120)];
            Array.Fill(value, (byte)Next(256));
            var table = _backends.First(backend => backend.Range.Contains(group)).GetTable(state);
            Apply(table, isKept ? _model[state] : null, state == "lists", key, value);
        }
    }

    private void Apply(
        KeyedStateTable table, Dictionary<string, byte[]>? rows, bool appends, byte[] key, byte[] value)
    {
        var name = Convert.ToHexString(key);
        var choice = Next(10);
        if (choice < 3)
        {
            table.Delete(key);
            rows?.Remove(name);
        }
        else if (choice < (appends ? 9 : 4))
        {
            table.Append(key, value);
            if (rows is not null)
            {
                rows[name] = [.. rows.GetValueOrDefault(name, []), .. value];
            }
        }
        else
        {
            table.Put(key, value);
            if (rows is not null)
            {
                rows[name] = value;
            }
        }
    }

    private async Task<List<KeyedStateHandle>> CheckpointAllAsync()
    {
        _trace.Append("c ");
        var handles = new List<KeyedStateHandle>();
        var id = new CheckpointId(_last.Value + 1);
        for (var i = 0; i < _backends.Count; i++)
        {
            var request = _bed.Request(_bases[i], id: id);
            await using var snapshot = _backends[i].PrepareSnapshot(request);
            var result = await snapshot.WriteAsync(default);
            if (_bed.Resolve(result.Handle, request) is { } handle)
            {
                handles.Add(handle);
            }
        }

        for (var i = 0; i < _backends.Count; i++)
        {
            _backends[i].NotifyCompleted(id);
            _bases[i] = id;
        }

        _last = id;
        return handles;
    }

    /// <summary>Writes that no checkpoint holds.</summary>
    private void LoseWork()
    {
        if (Next(2) == 0)
        {
            _trace.Append("lost ");
            Write(Next(KeyGroupCount), KeyGroupCount, Next(100), isKept: false);
        }
    }

    private void Compare(KeyedStateBackend backend)
    {
        foreach (var state in s_states)
        {
            var expected = _model[state]
                .Where(row => backend.Range.Contains(Convert.ToInt32(row.Key[..4], 16)))
                .ToDictionary(static row => row.Key, static row => Convert.ToHexString(row.Value));
            RocksDbTestBed.Rows(backend, state).Should().Equal(expected);

            // Reading one row takes another way through the files than a scan does.
            var value = new ArrayBufferWriter<byte>();
            for (var i = 0; i < 30; i++)
            {
                var key = RocksDbTestBed.Key(Next(KeyGroupCount), [(byte)Next(20)]);
                key = state == "maps" ? [.. key, (byte)Next(6)] : key;
                value.ResetWrittenCount();
                var found = backend.GetTable(state).TryGet(key, value)
                    ? Convert.ToHexString(value.WrittenSpan) : null;
                found.Should().Be(expected.GetValueOrDefault(Convert.ToHexString(key)));
            }
        }
    }
}
