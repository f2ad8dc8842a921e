using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.RocksDb.Tests;

/// <summary>What every element pays: typed states over RocksDB, with keys and values of fixed size.</summary>
public sealed class StateAllocationTests : IDisposable
{
    private const int Keys = 64;

    private static readonly MapStateDescriptor<int, long> Map = new("map");

    private readonly RocksDbTestBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(false, TimeToLiveRefresh.OnWrite)]
    [InlineData(true, TimeToLiveRefresh.OnWrite)]
    [InlineData(true, TimeToLiveRefresh.OnReadAndWrite)]
    public async Task Access_HitsAndMisses_AllocatesNothing(bool expires, TimeToLiveRefresh refresh)
    {
        var ttl = expires ? new TimeToLive(TimeSpan.FromDays(1)) { Refresh = refresh } : null;
        var valueState = new ValueStateDescriptor<long>("value") { TimeToLive = ttl };
        var listState = new ListStateDescriptor<int>("list") { TimeToLive = ttl };
        var mapState = new MapStateDescriptor<int, long>("map") { TimeToLive = ttl };
        var sumState = new ReducingStateDescriptor<long>("sum", static (a, b) => a + b) { TimeToLive = ttl };
        var mergedState = new ReducingStateDescriptor<long>("merged", Reduction.SumOfInt64) { TimeToLive = ttl };
        var customState = new ValueStateDescriptor<Totals>("custom", new TotalsSerializer()) { TimeToLive = ttl };
        await using var state = await OpenAsync(valueState, listState, mapState, sumState, mergedState, customState);
        var value = state.Keyed.GetState(valueState);
        var list = state.Keyed.GetState(listState);
        var map = state.Keyed.GetState(mapState);
        var sum = state.Keyed.GetState(sumState);
        var merged = state.Keyed.GetState(mergedState);
        var custom = state.Keyed.GetState(customState);
        var checks = 0L;

        void Round()
        {
            for (var key = 0; key < Keys; key++)
            {
                using var scope = state.Keyed.EnterKey(key);
                checks += value.TryGet(out var before) ? before : -1;
                value.Set(key);
                checks += value.GetOrDefault();
                value.TryGetBytes(out var bytes);
                value.SetBytes(bytes);
                value.Clear();
                checks += value.TryGet(out _) ? 1 : 0;
                custom.Set(new(key, key));
                checks += custom.GetOrDefault().Minutes;
                sum.Add(1);
                checks += sum.GetOrDefault();
                merged.Add(key);
                merged.Add(1);
                checks += merged.GetOrDefault();
                list.Add(key);
                foreach (var element in list)
                {
                    checks += element;
                }

                list.Clear();
                map.Set(key, 2);
                map.Set(-key, 3);
                checks += map.GetOrDefault(12345, 0);
                foreach (var (_, amount) in map)
                {
                    checks += amount;
                }

                map.Remove(-key);
            }
        }

        Round();
        Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Round();
        Round();

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        checks.Should().NotBe(0);
    }

    [Fact]
    public async Task Enumerate_NestedAndAfterDispose_IsRight()
    {
        var state = await OpenAsync(Map);
        var map = state.Keyed.GetState(Map);
        List<(int, int)> pairs = [];
        using (state.Keyed.EnterKey(1))
        {
            map.Set(1, 10);
            map.Set(2, 20);
            foreach (var (outer, _) in map)
            {
                foreach (var (inner, _) in map)
                {
                    pairs.Add((outer, inner));
                }
            }
        }

        await state.DisposeAsync();

        pairs.Should().Equal((1, 1), (1, 2), (2, 1), (2, 2));
    }

    private ValueTask<SubtaskState<int>> OpenAsync(params StateDescriptor[] states) => SubtaskState.OpenAsync(
        new SubtaskStateContext
        {
            Job = RocksDbTestBed.Job,
            Operator = "op",
            SubtaskIndex = 0,
            Range = RocksDbTestBed.All,
            MaxParallelism = RocksDbTestBed.MaxParallelism,
            States = states,
            Restore = SubtaskRestore.None,
            Backend = _bed.Factory,
            Storage = _bed.Storage,
            Ids = _bed.Ids,
            Time = TimeProvider.System,
            Logger = NullLogger.Instance,
        },
        StateSerializer.Int32,
        CancellationToken.None);

    private readonly record struct Totals(int Flights, long Minutes);

    private sealed class TotalsSerializer : StateSerializer<Totals>
    {
        public override SerializerIdentity Identity { get; } = new("test.totals", 1);

        public override void Write(Totals value, IBufferWriter<byte> target)
        {
            var span = target.GetSpan(12);
            BinaryPrimitives.WriteInt32LittleEndian(span, value.Flights);
            BinaryPrimitives.WriteInt64LittleEndian(span[4..], value.Minutes);
            target.Advance(12);
        }

        public override Totals Read(ReadOnlySpan<byte> source) => new(
            BinaryPrimitives.ReadInt32LittleEndian(source), BinaryPrimitives.ReadInt64LittleEndian(source[4..]));
    }
}
