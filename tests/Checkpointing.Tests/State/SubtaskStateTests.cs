using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.State;

public sealed class SubtaskStateTests
{
    private static readonly ValueStateDescriptor<long> Total = new("total");
    private static readonly ListStateDescriptor<string> Names = new("names");
    private static readonly MapStateDescriptor<string, int> Routes = new("routes");
    private static readonly ReducingStateDescriptor<int> Most = new("most", Math.Max);
    private static readonly AggregatingStateDescriptor<int, (long, long), double> Mean =
        new("mean", new MeanOf(), StateSerializer.Tuple(StateSerializer.Int64, StateSerializer.Int64));

    private static readonly OperatorListStateDescriptor<long> Position = new("position");

    private readonly StateFixture _fixture = new();

    [Fact]
    public async Task OpenAsync_SnapshotOfAllKinds_RestoresAll()
    {
        StateDescriptor[] states = [Total, Names, Routes, Most, Mean, Position];
        SubtaskSnapshot snapshot;
        await using (var state = await _fixture.OpenAsync(states))
        {
            foreach (var key in new[] { "a", "b", "" })
            {
                using var scope = state.Keyed.EnterKey(key);
                state.Keyed.GetState(Total).Set(key.Length + 7);
                state.Keyed.GetState(Names).AddRange(["x", "", key]);
                state.Keyed.GetState(Routes).Set("r" + key, 3);
                state.Keyed.GetState(Routes).Set("s", 4);
                state.Keyed.GetState(Most).Add(5);
                state.Keyed.GetState(Most).Add(4);
                state.Keyed.GetState(Mean).Add(1);
                state.Keyed.GetState(Mean).Add(4);
            }

            state.Operator.GetState(Position).Replace([42, 43]);
            snapshot = await _fixture.SnapshotAsync(state);
        }

        snapshot.States.Select(static state => state.Name).Should()
            .Equal("total", "names", "routes", "most", "mean", "position");
        await using var restored = await StateFixture.OpenAsync(_fixture.ContextFrom(snapshot, states));
        foreach (var key in new[] { "a", "b", "" })
        {
            using var scope = restored.Keyed.EnterKey(key);
            restored.Keyed.GetState(Total).GetOrDefault().Should().Be(key.Length + 7);
            restored.Keyed.GetState(Names).ToList().Should().Equal("x", "", key);
            restored.Keyed.GetState(Routes).GetOrDefault("r" + key).Should().Be(3);
            restored.Keyed.GetState(Routes).GetOrDefault("s").Should().Be(4);
            restored.Keyed.GetState(Most).GetOrDefault().Should().Be(5);
            restored.Keyed.GetState(Mean).GetOrDefault().Should().Be(2.5);
        }

        restored.Operator.GetState(Position).Items.Should().Equal(42, 43);
    }

    [Fact]
    public async Task PrepareSnapshot_WritesAfterIt_AreNotInTheSnapshot()
    {
        await using var state = await _fixture.OpenAsync(Total, Position);
        Set(state, "a", 1);
        state.Operator.GetState(Position).Replace([1]);
        await using var plan = state.PrepareSnapshot(_fixture.NextRequest());
        Set(state, "a", 2);
        Set(state, "b", 3);
        state.Operator.GetState(Position).Add(2);

        var snapshot = await plan.WriteAsync(CancellationToken.None);

        await using var restored = await StateFixture.OpenAsync(_fixture.ContextFrom(snapshot, Total, Position));
        restored.Keyed.ReadAll(Total).Select(static entry => (entry.Key, entry.Value)).Should().Equal(("a", 1L));
        restored.Operator.GetState(Position).Items.Should().Equal(1);
    }

    [Fact]
    public async Task PrepareSnapshot_InsideKeyScope_Throws()
    {
        await using var state = await _fixture.OpenAsync(Total);
        using var scope = state.Keyed.EnterKey("a");

        var act = () => state.PrepareSnapshot(_fixture.NextRequest());

        act.Should().Throw<InvalidOperationException>().WithMessage("*'op'*between two elements*");
    }

    [Fact]
    public async Task WriteAsync_NoStateAtAll_GivesNullHandles()
    {
        await using var state = await _fixture.OpenAsync(Total, Position);

        var snapshot = await _fixture.SnapshotAsync(state);

        snapshot.Keyed.Should().BeNull();
        snapshot.Operator.Should().BeNull();
        snapshot.Cost.Should().Be(default(SnapshotCost));
    }

    [Fact]
    public async Task WriteAsync_Twice_Throws()
    {
        await using var state = await _fixture.OpenAsync(Total);
        await using var plan = state.PrepareSnapshot(_fixture.NextRequest());
        await plan.WriteAsync(CancellationToken.None);

        var act = async () => await plan.WriteAsync(CancellationToken.None);

        await act.Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task WriteAsync_Savepoint_GivesHandlesRelativeToItsFolder()
    {
        await using var state = await _fixture.OpenAsync(Total, Position);
        Set(state, "a", 1);
        state.Operator.GetState(Position).Replace(Enumerable.Range(0, 10_000).Select(static i => (long)i));

        var snapshot = await _fixture.SnapshotAsync(state, CheckpointKind.Savepoint);

        var keyed = snapshot.Keyed.Should().BeOfType<KeyGroupsStateHandle>().Which.Stream
            .Should().BeOfType<RelativeFileStateHandle>().Subject;
        var operatorFile = snapshot.Operator!.Stream.Should().BeOfType<RelativeFileStateHandle>().Subject;
        foreach (var file in new[] { keyed, operatorFile })
        {
            file.RelativePath.Should().NotContain("/");
            (await _fixture.Storage.GetLengthAsync("savepoints/one/" + file.RelativePath, CancellationToken.None))
                .Should().Be(file.FileSizeBytes);
        }
    }

    [Fact]
    public async Task OpenAsync_UnkeyedOperator_KeepsOperatorState()
    {
        SubtaskSnapshot snapshot;
        await using (var state = await SubtaskState.OpenAsync(_fixture.Context(Position), CancellationToken.None))
        {
            state.Operator.GetState(Position).Add(5);
            snapshot = await _fixture.SnapshotAsync(state);
        }

        await using var restored = await SubtaskState.OpenAsync(
            _fixture.ContextFrom(snapshot, Position), CancellationToken.None);
        restored.Operator.GetState(Position).Items.Should().Equal(5);
    }

    [Fact]
    public async Task OpenAsync_KeyedStateInUnkeyedOperator_Throws()
    {
        var act = async () => await SubtaskState.OpenAsync(_fixture.Context(Total), CancellationToken.None);

        await act.Should().ThrowAsync<ArgumentException>().WithMessage("*'op'*'total'*");
    }

    [Fact]
    public async Task OpenAsync_TwoStatesOfOneName_Throws()
    {
        var act = async () => await _fixture.OpenAsync(Total, new ListStateDescriptor<int>("total"));

        await act.Should().ThrowAsync<ArgumentException>().WithMessage("*'op'*'total'*");
    }

    [Fact]
    public async Task OpenAsync_NoSerializer_NamesStateAndType()
    {
        var act = async () => await _fixture.OpenAsync(new ValueStateDescriptor<Version>("version"));

        await act.Should().ThrowAsync<InvalidOperationException>().WithMessage("*'version'*System.Version*");
    }

    [Fact]
    public async Task OpenAsync_KeysNotCanonical_Throws()
    {
        var act = async () => await SubtaskState.OpenAsync(
            _fixture.Context(Total), StateSerializer.Double, CancellationToken.None);

        await act.Should().ThrowAsync<ArgumentException>().WithMessage("*'double'*not canonical*");
    }

    [Fact]
    public async Task Members_AfterDispose_ThrowObjectDisposed()
    {
        var state = await _fixture.OpenAsync(Total, Position);
        var total = state.Keyed.GetState(Total);
        await state.DisposeAsync();
        await state.DisposeAsync();

        Action[] acts =
        [
            () => state.Keyed.EnterKey("a").Dispose(), () => total.GetOrDefault(), () => state.Keyed.GetState(Total),
            () => state.Operator.GetState(Position), () => state.PrepareSnapshot(_fixture.NextRequest()),
        ];
        acts.Should().AllSatisfy(static act => act.Should().Throw<ObjectDisposedException>());
        state.NotifyCompleted(new(1));
        state.NotifyAborted(new(2));
    }

    private static void Set(SubtaskState<string> state, string key, long value)
    {
        using var scope = state.Keyed.EnterKey(key);
        state.Keyed.GetState(Total).Set(value);
    }

    private sealed class MeanOf : Aggregator<int, (long Sum, long Count), double>
    {
        public override (long Sum, long Count) CreateAccumulator() => default;

        public override (long Sum, long Count) Add((long Sum, long Count) accumulator, int element) =>
            (accumulator.Sum + element, accumulator.Count + 1);

        public override double GetResult((long Sum, long Count) accumulator) =>
            (double)accumulator.Sum / accumulator.Count;

        public override (long Sum, long Count) Merge((long Sum, long Count) left, (long Sum, long Count) right) =>
            (left.Sum + right.Sum, left.Count + right.Count);
    }
}
