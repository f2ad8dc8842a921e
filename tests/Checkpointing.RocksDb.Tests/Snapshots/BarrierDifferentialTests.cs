using System.Text;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.State;
using Checkpointing.StateHandles;
using CsCheck;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Snapshots;

/// <summary>One thread writes at full speed and raises barriers; snapshots are written beside it, two at a time. Each
/// is restored and held against a copy of a dictionary that was made at its barrier.</summary>
public sealed class BarrierDifferentialTests
{
    private static readonly string[] States = ["counts", "lists"];

    [Theory]
    [InlineData(1, 60, 400)]
    [InlineData(2, 60, 1_500)]
    [InlineData(3, 60, 6_000)]
    public async Task WriteAsync_BesideWritesAtFullSpeed_HasExactlyTheCut(uint seed, int barrierCount, int maxWrites)
    {
        await using var run = new Run(seed);
        await run.OpenAsync();
        for (var i = 0; i < barrierCount; i++)
        {
            run.Write(1 + run.Next(maxWrites));
            await run.RaiseAsync();
        }

        await run.FinishAsync();
        var counters = run.Counters;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"straddling files {counters.StraddlingFiles}, exported {counters.ExportedFiles} files of "
            + $"{counters.ExportedBytes} bytes, patches {counters.PatchedFamilies}; barriers "
            + string.Join(", ", Enum.GetValues<BarrierPath>().Select(path => $"{path} {counters.Barriers(path)}")));
        await run.VerifyAsync();
        Enum.GetValues<BarrierPath>().Sum(counters.Barriers).Should().Be(barrierCount);
        counters.Barriers(BarrierPath.NotWaited).Should().BeGreaterThan(barrierCount / 2, "waiting is the exception");
        counters.Barriers(BarrierPath.WrittenMeanwhile).Should().Be(0, "there is one writer");
        counters.Barriers(BarrierPath.NotSealed).Should().Be(0);
        if (maxWrites > 1_000)
        {
            counters.StraddlingFiles.Should().BePositive("memtables are tiny and the writer does not wait");
        }
    }

    private sealed class Run(uint seed) : IAsyncDisposable
    {
        private const int MaxInFlight = 2;
        private const int KeyCount = 2_000;

        private readonly RocksDbTestBed _bed = new(writeBufferSizeBytes: 64 << 10);
        private readonly PCG _random = new(seed);
        private readonly byte[][] _keys = [.. Enumerable.Range(0, KeyCount).Select(i => Key($"{i}"))];
        private readonly Dictionary<byte[], byte[]>[] _rows = [[], []];
        private readonly Queue<InFlight> _inFlight = new();
        private readonly List<(KeyedStateHandle? Handle, Dictionary<byte[], byte[]>[] Rows)> _taken = [];
        private readonly HashSet<SharedStateKey> _givenUp = [];
        private KeyedStateBackend _backend = null!;
        private CheckpointId? _confirmed;

        public SnapshotCounters Counters => ((RocksDbKeyedStateBackend)_backend).Scope.Counters;

        public async Task OpenAsync() => _backend = await _bed.OpenAsync(states: States);

        public int Next(int count) => (int)_random.Next((uint)count);

        public void Write(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var state = Next(2);
                var rows = _rows[state];
                var table = _backend.GetTable(States[state]);

                // Some rows change often and others hardly ever, so that levels differ in what they hold.
                var key = _keys[Next(4) == 0 ? Next(KeyCount) : Next(KeyCount / 20)];
                var value = Encoding.UTF8.GetBytes($"{i:D6}" + new string((char)('a' + Next(26)), Next(80)));
                switch (Next(8))
                {
                    case < 2:
                        table.Delete(key);
                        rows.Remove(key);
                        break;
                    case < 4 when rows.GetValueOrDefault(key, []).Length < 500:
                        table.Append(key, value);
                        rows[key] = [.. rows.GetValueOrDefault(key, []), .. value];
                        break;
                    default:
                        table.Put(key, value);
                        rows[key] = value;
                        break;
                }
            }
        }

        public async Task RaiseAsync()
        {
            var request = _bed.Request(_confirmed);
            Dictionary<byte[], byte[]>[] rows = [new(_rows[0]), new(_rows[1])];
            var snapshot = _backend.PrepareSnapshot(request);
            var writing = Task.Run(async () => await snapshot.WriteAsync(default));
            _inFlight.Enqueue(new(request, snapshot, writing, rows));
            while (_inFlight.Count >= MaxInFlight)
            {
                // The writer goes on as long as the oldest is written.
                while (!_inFlight.Peek().Writing.IsCompleted)
                {
                    WriteUnseen();
                }

                await EndOldestAsync();
            }
        }

        public async Task FinishAsync()
        {
            while (_inFlight.Count > 0)
            {
                await EndOldestAsync();
            }
        }

        public async Task VerifyAsync()
        {
            for (var i = 0; i < _taken.Count; i++)
            {
                var (handle, expected) = _taken[i];
                await using var restored = await _bed.OpenAsync(handle is null ? [] : [handle], states: States);
                for (var state = 0; state < States.Length; state++)
                {
                    var rows = Rows(restored, States[state]);
                    var wanted = expected[state].ToDictionary(
                        row => Convert.ToHexString(row.Key), row => Convert.ToHexString(row.Value));
                    Difference(rows, wanted).Should().BeEmpty($"barrier {i}, state {States[state]}");

                    // A scan and a get take different ways through the levels.
                    foreach (var key in _keys.Where((_, index) => index % 50 == i % 50))
                    {
                        var value = new System.Buffers.ArrayBufferWriter<byte>();
                        var isFound = restored.GetTable(States[state]).TryGet(key, value);
                        isFound.Should().Be(expected[state].TryGetValue(key, out var bytes));
                        value.WrittenSpan.SequenceEqual(bytes ?? []).Should().BeTrue($"barrier {i}");
                    }
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _backend.DisposeAsync();
            _bed.Dispose();
        }

        private static List<string> Difference(Dictionary<string, string> found, Dictionary<string, string> wanted) =>
            [.. wanted.Keys.Union(found.Keys)
                .Where(key => found.GetValueOrDefault(key) != wanted.GetValueOrDefault(key))
                .Take(5)
                .Select(key => $"{key}: '{found.GetValueOrDefault(key)}', not '{wanted.GetValueOrDefault(key)}'")];

        private void WriteUnseen() => Write(20);

        private async Task EndOldestAsync()
        {
            var (request, snapshot, writing, rows) = _inFlight.Dequeue();
            var result = await writing;
            await snapshot.DisposeAsync();
            if (result.Handle is IncrementalKeyedStateHandle sent)
            {
                sent.SharedFiles.Select(sent.KeyOf).Should().NotIntersectWith(_givenUp);
            }

            _givenUp.UnionWith(result.GivenUp);
            _taken.Add((_bed.Resolve(result.Handle, request), rows));
            if (Next(5) == 0)
            {
                _backend.NotifyAborted(request.CheckpointId);
            }
            else
            {
                _backend.NotifyCompleted(request.CheckpointId);
                _confirmed = request.CheckpointId;
            }
        }

        private sealed record InFlight(
            SnapshotRequest Request, KeyedStateSnapshot Snapshot, Task<KeyedSnapshotResult> Writing,
            Dictionary<byte[], byte[]>[] Rows);
    }
}
