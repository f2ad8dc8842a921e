using System.Buffers;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Tests.State;

public sealed class TimeToLiveTests
{
    private static readonly TimeToLive s_ttl = new(TimeSpan.FromSeconds(1));

    private readonly StateFixture _fixture = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Constructor_Duration_IsWholeMillisecondsWithinItsRange()
    {
        new TimeToLive(TimeSpan.FromTicks(19_999)).Duration.Should().Be(TimeSpan.FromMilliseconds(1));
        new TimeToLive(TimeSpan.FromDays(36_500)).Duration.Should().Be(TimeSpan.FromDays(36_500));
        foreach (var wrong in new[]
            { TimeSpan.FromTicks(9_999), TimeSpan.Zero, TimeSpan.FromDays(-1), TimeSpan.MaxValue })
        {
            FluentActions.Invoking(() => new TimeToLive(wrong)).Should().Throw<ArgumentOutOfRangeException>();
        }
    }

    [Fact]
    public void Descriptor_OfOperatorState_HasNoTimeToLive() =>
        FluentActions.Invoking(() => new OperatorListStateDescriptor<int>("items") { TimeToLive = s_ttl })
            .Should().Throw<InvalidOperationException>().WithMessage("*'items'*operator state*");

    [Fact]
    public async Task GetState_OtherTimeToLive_IsRefused()
    {
        await using var state = await OpenAsync(new ValueStateDescriptor<int>("s") { TimeToLive = s_ttl });

        state.Keyed.GetState(new ValueStateDescriptor<int>("s") { TimeToLive = new(s_ttl.Duration) })
            .Should().NotBeNull();
        foreach (var other in new TimeToLive?[]
            { null, new(s_ttl.Duration * 2), s_ttl with { Refresh = TimeToLiveRefresh.OnReadAndWrite } })
        {
            state.Invoking(one => one.Keyed.GetState(new ValueStateDescriptor<int>("s") { TimeToLive = other }))
                .Should().Throw<InvalidOperationException>().WithMessage("*time to live*");
        }
    }

    [Fact]
    public async Task SetBytes_OfBytesJustRead_StampsThemAnew()
    {
        var descriptor = new ValueStateDescriptor<string>("s") { TimeToLive = s_ttl };
        await using var state = await OpenAsync(descriptor);
        using var scope = state.Keyed.EnterKey("k");
        var value = state.Keyed.GetState(descriptor);
        value.Set("something");
        _time.Advance(s_ttl.Duration / 2);
        value.TryGetBytes(out var bytes).Should().BeTrue();
        value.SetBytes(bytes);
        value.GetOrDefault().Should().Be("something");
        value.TryGetBytes(out bytes).Should().BeTrue();
        value.SetBytes(bytes[4..]);
        _time.Advance(s_ttl.Duration - TimeSpan.FromMilliseconds(1));

        value.GetOrDefault().Should().Be("thing");
        _time.Advance(TimeSpan.FromMilliseconds(1));
        value.TryGetBytes(out _).Should().BeFalse();
    }

    [Fact]
    public async Task Migration_OfStampsAndSerializer_IsOnePass()
    {
        var old = new ListStateDescriptor<int>("s", new Old()) { TimeToLive = s_ttl };
        SubtaskSnapshot snapshot;
        await using (var state = await OpenAsync(old))
        {
            using (state.Keyed.EnterKey("k"))
            {
                state.Keyed.GetState(old).AddRange([1, 2]);
                _time.Advance(s_ttl.Duration / 2);
                state.Keyed.GetState(old).Add(3);
            }

            snapshot = await _fixture.SnapshotAsync(state);
        }

        var kept = new ListStateDescriptor<int>("s", new New()) { TimeToLive = s_ttl };
        await using (var state = await OpenAsync(kept, snapshot))
        {
            state.Keyed.ReadAll(kept).Single().Value.Should().Equal(1, 2, 3);
            _time.Advance(s_ttl.Duration / 2);
            state.Keyed.ReadAll(kept).Single().Value.Should().Equal([3], "stamps outlive the rewriting of values");
        }

        var endless = new ListStateDescriptor<int>("s", new New());
        await using (var state = await OpenAsync(endless, snapshot))
        {
            state.Keyed.ReadAll(endless).Single().Value.Should().Equal(1, 2, 3);
        }
    }

    [Fact]
    public async Task Heap_WhileWritten_HoldsNoMoreThanIsWrittenInAPass()
    {
        var descriptor = new ValueStateDescriptor<int>("s") { TimeToLive = s_ttl };
        var lists = new ListStateDescriptor<int>("l") { TimeToLive = s_ttl };
        var most = 0L;
        await using var state = await OpenAsync(descriptor, lists);
        var (value, list) = (state.Keyed.GetState(descriptor), state.Keyed.GetState(lists));
        for (var i = 0; i < 20_000; i++)
        {
            using (state.Keyed.EnterKey($"key {i}"))
            {
                value.Set(i);
                list.Add(i);
            }

            _time.Advance(TimeSpan.FromMilliseconds(1));
            most = i % 500 == 499 ? Math.Max(most, await StoredRowsAsync(state)) : most;
        }

        // 1,000 rows of each state are live; of the 20,000 written the sweep leaves few times as many.
        most.Should().BeInRange(2_000, 2 * 4_000);
    }

    [Fact]
    public async Task Heap_ListThatIsOnlyAppendedTo_LosesItsOldElements()
    {
        var descriptor = new ListStateDescriptor<int>("s") { TimeToLive = s_ttl };
        await using var state = await OpenAsync(descriptor);
        var list = state.Keyed.GetState(descriptor);
        for (var i = 0; i < 5_000; i++)
        {
            using var scope = state.Keyed.EnterKey("k");
            list.Add(i);
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        var snapshot = await _fixture.SnapshotAsync(state);
        snapshot.Keyed!.SizeBytes.Should().BeLessThan(1_000, "20 elements of 13 bytes are about what may be there");
        state.Keyed.ReadAll(descriptor).Single().Value.Should().Equal(Enumerable.Range(4_991, 9));
    }

    [Fact]
    public async Task Restore_ValueWithoutItsStamp_IsCorrupt()
    {
        var descriptor = new ValueStateDescriptor<byte>("s");
        SubtaskSnapshot snapshot;
        await using (var state = await OpenAsync(descriptor))
        {
            using (state.Keyed.EnterKey("k"))
            {
                state.Keyed.GetState(descriptor).Set(1);
            }

            snapshot = await _fixture.SnapshotAsync(state);
        }

        var backend = await new HeapBackendFactory().OpenAsync(
            new()
            {
                Job = "job", Operator = "op", SubtaskIndex = 0, Range = snapshot.Keyed!.KeyGroups, MaxParallelism = 16,
                States = [descriptor.Describe(StateSerializer.String)], RestoreFrom = [snapshot.Keyed],
                Storage = _fixture.Storage, Ids = _fixture.Ids, Time = _time, Logger = _fixture.Logger,
            },
            default);
        await using (backend)
        {
            var current = new CurrentKey("op", backend.Range, 16);
            var access = new KeyedStateAccess(
                new ValueStateDescriptor<byte>("s") { TimeToLive = s_ttl }, backend.GetTable("s"), current, _time);
            var keyed = new KeyedState<string>(current, StateSerializer.String, [access]);
            using var scope = keyed.EnterKey("k");

            FluentActions.Invoking(() => keyed.GetState((ValueStateDescriptor<byte>)access.Descriptor).TryGet(out _))
                .Should().Throw<CheckpointCorruptException>().WithMessage("*op/state s*stamp of 8 bytes*1 bytes*");
        }
    }

    private async Task<long> StoredRowsAsync(SubtaskState state)
    {
        var snapshot = await _fixture.SnapshotAsync(state);
        var reader = await CanonicalSnapshotReader.OpenAsync(
            _fixture.Storage, (KeyGroupsStateHandle)snapshot.Keyed!, default);
        await using (reader)
        {
            var count = 0L;
            await reader.ReadAsync(snapshot.Keyed!.KeyGroups, (_, _, _) => count++, default);
            return count;
        }
    }

    private ValueTask<SubtaskState<string>> OpenAsync(params StateDescriptor[] states) =>
        StateFixture.OpenAsync(_fixture.Context(states) with { Time = _time });

    private ValueTask<SubtaskState<string>> OpenAsync(StateDescriptor state, SubtaskSnapshot snapshot) =>
        StateFixture.OpenAsync(_fixture.ContextFrom(snapshot, state) with { Time = _time });

    private sealed class Old : NumberSerializer
    {
        public override SerializerIdentity Identity { get; } = new("test.number", 1);
    }

    private sealed class New : NumberSerializer
    {
        public override SerializerIdentity Identity { get; } = new("test.number", 2);

        public override SerializerCompatibility CheckStored(SerializerIdentity stored) =>
            stored.Id != "test.number" ? SerializerCompatibility.Incompatible
                : stored.Version == 1 ? SerializerCompatibility.Migrates : SerializerCompatibility.Same;

        public override void Write(int value, IBufferWriter<byte> target) =>
            StateSerializer.Int64.Write(value, target);

        public override int Read(ReadOnlySpan<byte> source) => (int)StateSerializer.Int64.Read(source);

        public override int ReadStored(ReadOnlySpan<byte> source, SerializerIdentity stored) => base.Read(source);
    }

    private abstract class NumberSerializer : StateSerializer<int>
    {
        public override void Write(int value, IBufferWriter<byte> target) =>
            StateSerializer.Int32.Write(value, target);

        public override int Read(ReadOnlySpan<byte> source) => StateSerializer.Int32.Read(source);
    }
}
