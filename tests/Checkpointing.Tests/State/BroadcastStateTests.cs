using Checkpointing.State;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.State;

public sealed class BroadcastStateTests
{
    private static readonly BroadcastStateDescriptor<string, long> Rules = new("rules");

    private readonly StateFixture _fixture = new();

    [Fact]
    public async Task Set_RemoveAndClear_ShowInBothViews()
    {
        await using var state = await OpenAsync();
        var rules = state.Operator.GetState(Rules);

        rules.Set("a", 1);
        rules.Set("b", 2);
        rules.Set("a", 3);
        rules.Remove("b").Should().BeTrue();
        rules.Remove("b").Should().BeFalse();

        rules.ReadOnly.TryGet("a", out var value).Should().BeTrue();
        value.Should().Be(3);
        rules.ReadOnly.ContainsKey("b").Should().BeFalse();
        rules.ReadOnly.GetOrDefault("b").Should().Be(0);
        rules.ReadOnly.Entries.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("a", 3L));
        rules.Clear();
        rules.ReadOnly.Count.Should().Be(0);
        state.Operator.GetState(Rules).Should().BeSameAs(rules);
    }

    [Fact]
    public async Task WriteAsync_ChangedAfterTheCut_HoldsWhatWasThere()
    {
        await using var state = await OpenAsync();
        var rules = state.Operator.GetState(Rules);
        rules.Set("a", 1);
        rules.Set("b", 2);
        await using var plan = state.PrepareSnapshot(_fixture.NextRequest());
        rules.Set("a", 9);
        rules.Remove("b");
        rules.Clear();
        rules.Set("c", 3);

        var snapshot = await plan.WriteAsync(CancellationToken.None);

        await using var restored = await OpenAsync(snapshot.Operator!);
        restored.Operator.GetState(Rules).Entries.Should().BeEquivalentTo(
            [KeyValuePair.Create("a", 1L), KeyValuePair.Create("b", 2L)]);
        rules.Entries.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("c", 3L));
    }

    // Model: a dictionary. Rescaling gives each subtask one copy of it.
    [Fact]
    public Task AnyHistory_RescaledAtItsEnd_EqualsADictionary() =>
        Gen.Select(
            Gen.Select(Gen.Int[0, 9], Gen.String[0, 3], Gen.Long).Array[0, 40], Gen.Int[1, 4], Gen.Int[1, 5])
        .SampleAsync(static async history =>
        {
            var (steps, before, after) = history;
            var fixture = new StateFixture();
            var model = new Dictionary<string, long>();
            List<OperatorStateHandle?> handles = [];
            for (var subtask = 0; subtask < before; subtask++)
            {
                await using var state = await SubtaskState.OpenAsync(fixture.Context(Rules), CancellationToken.None);
                model = Apply(steps, state.Operator.GetState(Rules));
                handles.Add((await fixture.SnapshotAsync(state)).Operator);
            }

            foreach (var assigned in OperatorStateAssignment.Assign(handles, after))
            {
                await using var state = await SubtaskState.OpenAsync(
                    fixture.Context(Rules) with { Restore = new(new(1), false, [], assigned) }, CancellationToken.None);
                state.Operator.GetState(Rules).Entries.Should().BeEquivalentTo(model);
            }
        }, iter: 100);

    [Fact]
    public async Task WriteAsync_Entries_AreLengthOfKeyKeyAndValueByKey()
    {
        await using var state = await OpenAsync();
        state.Operator.GetState(Rules).Set("bc", 0x0102);
        state.Operator.GetState(Rules).Set("a", -1);

        var handle = (await _fixture.SnapshotAsync(state)).Operator!;

        var bytes = ((ByteStreamStateHandle)handle.Stream).Data.Items.ToArray();
        handle.Partitions.Items.Single().Should().Match<OperatorStatePartition>(
            static partition => partition.Name == "rules" && partition.Mode == OperatorStateMode.Broadcast);
        handle.Partitions.Items.Single().Offsets.Items.Select(offset => bytes[(int)offset..]).Select(
            static item => item[..(4 + BitConverter.ToInt32(item))]).Should().SatisfyRespectively(
            static first => first.Should().Equal(10, 0, 0, 0, 1, (byte)'a', 255, 255, 255, 255, 255, 255, 255, 255),
            static second => second.Should().Equal(
                11, 0, 0, 0, 2, (byte)'b', (byte)'c', 2, 1, 0, 0, 0, 0, 0, 0));
    }

    [Fact]
    public async Task OpenAsync_StoredAsAList_IsRefused()
    {
        OperatorListStateDescriptor<long> list = new("rules");
        await using var stored = await SubtaskState.OpenAsync(_fixture.Context(list), CancellationToken.None);
        stored.Operator.GetState(list).Add(1);
        var snapshot = await _fixture.SnapshotAsync(stored);

        var act = async () => await OpenAsync(snapshot.Operator!);

        (await act.Should().ThrowAsync<StateMigrationException>()).WithMessage("*OperatorList*Broadcast*");
    }

    [Fact]
    public async Task OpenAsync_OtherKeys_IsRefused()
    {
        BroadcastStateDescriptor<int, long> other = new("rules");
        await using var stored = await SubtaskState.OpenAsync(_fixture.Context(other), CancellationToken.None);
        stored.Operator.GetState(other).Set(1, 1);
        var snapshot = await _fixture.SnapshotAsync(stored);

        var act = async () => await OpenAsync(snapshot.Operator!);

        (await act.Should().ThrowAsync<StateMigrationException>()).WithMessage("*map key*'int32'*'string'*");
    }

    [Fact]
    public async Task GetState_NotDeclared_NamesIt()
    {
        await using var state = await OpenAsync();

        var act = () => state.Operator.GetState(new BroadcastStateDescriptor<string, long>("other"));

        act.Should().Throw<InvalidOperationException>().WithMessage("*'op'*broadcast map 'other'*");
    }

    private static Dictionary<string, long> Apply(
        (int Kind, string Key, long Value)[] steps, BroadcastState<string, long> state)
    {
        var model = new Dictionary<string, long>();
        foreach (var (kind, key, value) in steps)
        {
            var text = string.Concat(key.Where(static c => !char.IsSurrogate(c)));
            if (kind < 7)
            {
                state.Set(text, value);
                model[text] = value;
            }
            else if (kind < 9)
            {
                state.Remove(text).Should().Be(model.Remove(text));
            }
            else
            {
                state.Clear();
                model.Clear();
            }
        }

        return model;
    }

    private ValueTask<SubtaskState> OpenAsync(params OperatorStateHandle[] handles) => SubtaskState.OpenAsync(
        _fixture.Context(Rules) with { Restore = new(new(1), false, [], handles) }, CancellationToken.None);
}
