using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Restore;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging.Abstractions;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests;

/// <summary>Built-in reductions, which RocksDB folds by merge operators.</summary>
public sealed class ReductionTests : IDisposable
{
    private const int KeyCount = 40;

    private static readonly Reduction[] s_reductions = [.. typeof(Reduction).GetProperties()
        .Where(static one => one.PropertyType.IsSubclassOf(typeof(Reduction)))
        .Select(static one => (Reduction)one.GetValue(null)!)];

    private readonly RocksDbTestBed _bed = new(writeBufferSizeBytes: 64 << 10);
    private readonly Dictionary<SubtaskState<int>, KeyedStateBackend> _opened = [];
    private long _lastId;

    public void Dispose() => _bed.Dispose();

    public static TheoryData<string> Ids =>
    [
        "int32.sum", "int32.min", "int32.max", "int64.sum", "int64.min", "int64.max", "int64.or", "double.sum",
        "double.min", "double.max",
    ];

    [Fact]
    public void EveryReduction_HasAnOperator() =>
        s_reductions.Select(static one => one.Id).Should()
            .BeEquivalentTo(Ids.Select(static row => row.Data))
            .And.OnlyContain(static id => MergeOperators.IsKnown(ReductionOperator.NameOf(id)));

    // The heap, which reads, folds and puts, is the oracle; to the last bit, and over every way of restoring.
    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Add_RandomOverSnapshotsAndRescaling_EqualsTheHeap(string id)
    {
        switch (s_reductions.First(one => one.Id == id))
        {
            case Reduction<int> reduction:
                await CompareAsync(reduction, static random => random.Next(int.MinValue, int.MaxValue));
                break;
            case Reduction<long> reduction:
                await CompareAsync(reduction, static random => random.NextInt64(long.MinValue, long.MaxValue));
                break;
            case Reduction<double> reduction:
                await CompareAsync(reduction, static random => random.Next(20) switch
                {
                    0 => -0.0,
                    1 => 0.0,
                    2 => random.Next(200) == 0 ? double.NaN : double.MaxValue,
                    var n => (random.NextDouble() - 0.5) * Math.Pow(10, n),
                });
                break;
        }
    }

    [Fact]
    public async Task Add_IsABlindMerge_AndReadsFoldFewOperands()
    {
        await using var state = await OpenAsync(Sum("n"), _bed.Factory);
        var table = ProbeOf(state);
        var before = table.Database.LatestSequence;
        for (var i = 0; i < 1_000; i++)
        {
            Add(state, Sum("n"), 1, 1);
        }

        table.Database.LatestSequence.Should().Be(before + 1_000);
        Get(state, Sum("n"), 1).Should().Be(1_000);
        await TakeAsync(state);
        table.Database.GetLiveFiles().Sum(static file => (long)file.EntryCount).Should()
            .BeLessThan(1_000 / 8, "operands in memory become values");
    }

    [Fact]
    public async Task Add_WithTimeToLive_ReadsAndPuts()
    {
        var expiring = new ReducingStateDescriptor<long>("n", Reduction.SumOfInt64)
        {
            TimeToLive = new(TimeSpan.FromHours(1)),
        };
        KeyedStateHandle stored;
        await using (var plain = await OpenAsync(Sum("n"), _bed.Factory))
        {
            Add(plain, Sum("n"), 1, 5);
            Add(plain, Sum("n"), 1, 6);
            stored = await TakeAsync(plain);
        }

        // The files keep their operator, and stamps are put over sums that it has folded.
        await using var state = await OpenAsync(expiring, _bed.Factory, [stored]);
        ProbeOf(state).MayMerge.Should().BeFalse();
        Add(state, expiring, 1, 7);
        Get(state, expiring, 1).Should().Be(18);
        var stamped = await TakeAsync(state);
        await using var again = await OpenAsync(Sum("n"), _bed.Factory, [stamped]);
        Add(again, Sum("n"), 1, 1);
        Get(again, Sum("n"), 1).Should().Be(19);
    }

    [Fact]
    public async Task Restore_FunctionThenReductionThenAnotherOne_KeepsValues()
    {
        var function = new ReducingStateDescriptor<long>("n", static (sum, next) => sum + next);
        var max = new ReducingStateDescriptor<long>("n", Reduction.MaxOfInt64);
        KeyedStateHandle handle;
        await using (var state = await OpenAsync(function, _bed.Factory))
        {
            Add(state, function, 1, 2);
            Add(state, function, 1, 3);
            handle = await TakeAsync(state);
        }

        // Nothing was ever merged: the reduction gets its operator.
        await using (var state = await OpenAsync(Sum("n"), _bed.Factory, [handle]))
        {
            ProbeOf(state).MayMerge.Should().BeTrue();
            Add(state, Sum("n"), 1, 10);
            Add(state, Sum("n"), 2, 100);
            handle = await TakeAsync(state);
        }

        // Operands of sums are in the files: they keep being summed, and the maximum is read and put.
        await using (var state = await OpenAsync(max, _bed.Factory, [handle]))
        {
            ProbeOf(state).MayMerge.Should().BeFalse();
            Get(state, max, 1).Should().Be(15);
            Add(state, max, 1, 14);
            Add(state, max, 2, 101);
            Get(state, max, 1).Should().Be(15);
            handle = await TakeAsync(state);
        }

        await using var last = await OpenAsync(function, _bed.Factory, [handle]);
        Add(last, function, 2, 1);
        Get(last, function, 1).Should().Be(15);
        Get(last, function, 2).Should().Be(102);
    }

    [Fact]
    public async Task Restore_HalvesFoldedByDifferentReductions_GoesByRows()
    {
        var max = new ReducingStateDescriptor<long>("n", Reduction.MaxOfInt64);
        var handles = new List<KeyedStateHandle>();
        foreach (var (descriptor, subtask) in new[] { (Sum("n"), 0), (max, 1) })
        {
            var range = KeyGroupAssignment.RangeOf(subtask, 2, MaxParallelism);
            await using var state = await OpenAsync(descriptor, _bed.Factory, [], range);
            for (var key = 0; key < KeyCount; key++)
            {
                if (range.Contains(GroupOf(key)))
                {
                    Add(state, descriptor, key, 5);
                    Add(state, descriptor, key, 7);
                }
            }

            handles.Add(await TakeAsync(state));
        }

        await using var whole = await OpenAsync(Sum("n"), _bed.Factory, handles);
        _bed.Options.Counts.ByRows.Should().Be(1);
        ProbeOf(whole).MayMerge.Should().BeTrue("rows have no operands");
        for (var key = 0; key < KeyCount; key++)
        {
            Get(whole, Sum("n"), key).Should().Be(GroupOf(key) < MaxParallelism / 2 ? 12 : 7);
        }
    }

    [Fact]
    public async Task Read_ValueOfAnotherLength_IsCorruption()
    {
        await using var backend = await _bed.Factory.OpenAsync(
            _bed.Context() with
            {
                Reductions = new Dictionary<string, Reduction> { ["counts"] = Reduction.SumOfInt64 },
            },
            default);
        var table = backend.GetTable("counts");
        table.Put(Key("a"), "abc"u8);
        table.TryMerge(Key("a"), new byte[8]).Should().BeTrue();
        table.TryMerge(Key("b"), new byte[8]).Should().BeTrue();
        table.TryMerge(Key("b"), new byte[7]).Should().BeTrue();

        foreach (var key in new[] { "a", "b" })
        {
            FluentActions.Invoking(() => table.TryGet(Key(key), new ArrayBufferWriter<byte>())).Should()
                .Throw<CheckpointCorruptException>();
        }
    }

    [Theory]
    [InlineData("checkpointing.int64.sum", StateKind.Reducing, 1, "checkpointing.int64.sum")]
    [InlineData("checkpointing.int64.max", StateKind.Reducing, 1, "checkpointing.int64.max")]
    [InlineData("checkpointing.int64.max", StateKind.Reducing, 0, "checkpointing.int64.sum")]
    [InlineData("checkpointing.concatenation", StateKind.Reducing, 1, "checkpointing.int64.sum")]
    [InlineData("checkpointing.concatenation", StateKind.List, 1, "checkpointing.concatenation")]
    public void Choice_OfOneSnapshot(string stored, StateKind kind, int fileCount, string chosen) =>
        MergeOperatorChoice.Of(
            "checkpointing.int64.sum",
            [new CatalogueState(RocksDbTestBed.State(kind: kind), "s:counts", stored, fileCount)])
            .Should().Be(chosen);

    private static ReducingStateDescriptor<long> Sum(string name) => new(name, Reduction.SumOfInt64);

    private async Task CompareAsync<T>(Reduction<T> reduction, Func<Random, T> draw)
    {
        var random = new Random(reduction.Id.Length);
        var descriptor = new ReducingStateDescriptor<T>("n", reduction);
        await using var oracle = await OpenAsync(descriptor, new HeapBackendFactory());
        var parts = new List<SubtaskState<int>> { await OpenAsync(descriptor, _bed.Factory) };
        SubtaskState<int> PartOf(int key) => parts.Find(part => _opened[part].Range.Contains(GroupOf(key)))!;
        foreach (var parallelism in new[] { 1, 3, 2, 1 })
        {
            for (var i = 0; i < 3_000; i++)
            {
                var key = random.Next(KeyCount);
                if (random.Next(300) == 0)
                {
                    Clear(oracle, descriptor, key);
                    Clear(PartOf(key), descriptor, key);
                }
                else
                {
                    var element = draw(random);
                    Add(oracle, descriptor, key, element);
                    Add(PartOf(key), descriptor, key, element);
                }

                if (i % 1_000 == 999)
                {
                    foreach (var part in parts)
                    {
                        await TakeAsync(part);
                    }
                }
            }

            var kind = random.Next(2) == 0 ? CheckpointKind.Checkpoint : CheckpointKind.Savepoint;
            var handles = new List<KeyedStateHandle>();
            var prepared = parts.ConvertAll(part => Prepare(part, kind));
            for (var i = 0; i < 300; i++)
            {
                // After the cut: operands that the snapshot must not have, in memtables that may share a file with it.
                var key = random.Next(KeyCount);
                Add(PartOf(key), descriptor, key, draw(random));
            }

            foreach (var one in prepared)
            {
                handles.Add(await WriteAsync(one));
            }

            parts.ForEach(static part => part.DisposeAsync().AsTask().GetAwaiter().GetResult());

            parts.Clear();
            for (var subtask = 0; subtask < parallelism; subtask++)
            {
                var range = KeyGroupAssignment.RangeOf(subtask, parallelism, MaxParallelism);
                parts.Add(await OpenAsync(
                    descriptor, _bed.Factory, [.. handles.Where(handle => handle.KeyGroups.Overlaps(range))], range));
                ProbeOf(parts[^1]).MayMerge.Should().BeTrue();
            }

            for (var key = 0; key < KeyCount; key++)
            {
                var expected = TryGet(oracle, descriptor, key, out var value);
                TryGet(PartOf(key), descriptor, key, out var found).Should().Be(expected);
                BitsOf(found).Should().Be(BitsOf(value), "key {0} after {1} parts", key, parallelism);
            }
        }

        // And what RocksDB has folded, the heap reads.
        var canonical = await TakeAsync(parts[0], CheckpointKind.Savepoint);
        await using var heap = await OpenAsync(descriptor, new HeapBackendFactory(), [canonical]);
        for (var key = 0; key < KeyCount; key++)
        {
            TryGet(heap, descriptor, key, out var found);
            TryGet(oracle, descriptor, key, out var value);
            BitsOf(found).Should().Be(BitsOf(value));
        }

        await parts[0].DisposeAsync();
    }

    private async Task<SubtaskState<int>> OpenAsync(
        StateDescriptor descriptor, IKeyedStateBackendFactory factory, IReadOnlyList<KeyedStateHandle>? handles = null,
        KeyGroupRange? range = null)
    {
        var capturing = new CapturingFactory(factory);
        var state = await SubtaskState.OpenAsync(
            new SubtaskStateContext
            {
                Job = Job,
                Operator = "op",
                SubtaskIndex = 0,
                Range = range ?? All,
                MaxParallelism = MaxParallelism,
                States = [descriptor],
                Restore = handles is null ? SubtaskRestore.None : new(new(_lastId), false, handles, []),
                Backend = capturing,
                Storage = _bed.Storage,
                Ids = _bed.Ids,
                Time = TimeProvider.System,
                Logger = NullLogger.Instance,
            },
            StateSerializer.Int32, default);
        _opened.Add(state, capturing.Backend!);
        return state;
    }

    private (ISnapshotPlan Plan, SnapshotRequest Request) Prepare(SubtaskState<int> state, CheckpointKind kind)
    {
        var request = _bed.Request(kind: kind, id: new(++_lastId));
        return (state.PrepareSnapshot(request), request);
    }

    private async Task<KeyedStateHandle> WriteAsync((ISnapshotPlan Plan, SnapshotRequest Request) prepared)
    {
        await using var plan = prepared.Plan;
        return _bed.Resolve((await plan.WriteAsync(default)).Keyed, prepared.Request)!;
    }

    private Task<KeyedStateHandle> TakeAsync(
        SubtaskState<int> state, CheckpointKind kind = CheckpointKind.Checkpoint) => WriteAsync(Prepare(state, kind));

    private (bool MayMerge, RocksDatabase Database) ProbeOf(SubtaskState<int> state)
    {
        var backend = (RocksDbKeyedStateBackend)_opened[state];
        return (((RocksDbTable)backend.GetTable("n")).MayMerge, backend.Database);
    }

    private static long BitsOf<T>(T value) => value switch
    {
        double number => BitConverter.DoubleToInt64Bits(number),
        _ => Convert.ToInt64(value, null),
    };

    private static int GroupOf(int key)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, key);
        return KeyGroupAssignment.KeyGroupOf(bytes, MaxParallelism);
    }

    private static void Add<T>(SubtaskState<int> state, ReducingStateDescriptor<T> descriptor, int key, T element)
    {
        using var scope = state.Keyed.EnterKey(key);
        state.Keyed.GetState(descriptor).Add(element);
    }

    private static void Clear<T>(SubtaskState<int> state, ReducingStateDescriptor<T> descriptor, int key)
    {
        using var scope = state.Keyed.EnterKey(key);
        state.Keyed.GetState(descriptor).Clear();
    }

    private static bool TryGet<T>(
        SubtaskState<int> state, ReducingStateDescriptor<T> descriptor, int key, out T? value)
    {
        using var scope = state.Keyed.EnterKey(key);
        return state.Keyed.GetState(descriptor).TryGet(out value);
    }

    private static long Get(SubtaskState<int> state, ReducingStateDescriptor<long> descriptor, int key)
    {
        TryGet(state, descriptor, key, out var value).Should().BeTrue();
        return value;
    }

    /// <summary>Keeps hold of the backend that it opens.</summary>
    private sealed class CapturingFactory(IKeyedStateBackendFactory inner) : IKeyedStateBackendFactory
    {
        public KeyedStateBackend? Backend { get; private set; }

        public async ValueTask<KeyedStateBackend> OpenAsync(
            KeyedStateBackendContext context, CancellationToken cancellationToken) =>
            Backend = await inner.OpenAsync(context, cancellationToken);
    }
}
