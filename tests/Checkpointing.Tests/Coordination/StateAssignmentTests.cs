using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Coordination;

/// <summary>Cutting a checkpoint for a program: by name, at any parallelism, or refused.</summary>
public sealed class StateAssignmentTests
{
    [Fact]
    public void Assign_OperatorsInAnotherOrderAndParallelism_GoByName()
    {
        var checkpoint = CheckpointOf(("first", 2, 16), ("second", 1, 16));
        var topology = new JobTopology("job", 16) { { "new", 1 }, { "second", 3 }, { "first", 1 } };

        var assigned = StateAssignment.Assign(checkpoint, topology, isForeign: false, allowNonRestoredState: false);

        assigned[("first", 0)].Keyed.Select(NameOf).Should().Equal("first/0", "first/1");
        foreach (var subtask in Enumerable.Range(0, 3))
        {
            assigned[("second", subtask)].Keyed.Select(NameOf).Should().Equal(
                ["second/0"], "the handle overlaps every new range");
        }

        assigned.Keys.Should().NotContain(key => key.Operator == "new");
    }

    [Fact]
    public void Assign_MaxParallelismChanged_IsRefused()
    {
        var checkpoint = CheckpointOf(("first", 2, 16));

        FluentActions.Invoking(() => StateAssignment.Assign(
            checkpoint, new JobTopology("job", 32) { { "first", 2 } }, isForeign: false, allowNonRestoredState: true))
            .Should().Throw<StateMigrationException>().WithMessage("*16 key groups*")
            .Which.Operator.Should().Be("first");
    }

    [Fact]
    public void Assign_StoredOperatorIsGone_IsRefusedUnlessAllowed()
    {
        var checkpoint = CheckpointOf(("first", 1, 16), ("gone", 1, 16));
        var topology = new JobTopology("job", 16) { { "first", 1 } };

        FluentActions.Invoking(() => StateAssignment.Assign(
            checkpoint, topology, isForeign: false, allowNonRestoredState: false))
            .Should().Throw<StateMigrationException>().Which.Operator.Should().Be("gone");

        StateAssignment.Assign(checkpoint, topology, isForeign: false, allowNonRestoredState: true).Keys
            .Should().Equal(("first", 0));
        StateAssignment.LeftBehind(checkpoint, topology).Select(static o => o.Name).Should().Equal("gone");
    }

    [Fact]
    public void Assign_StoredOperatorWithoutStateIsGone_IsNobodysLoss()
    {
        var checkpoint = CheckpointOf(("first", 1, 16));
        var metadata = checkpoint.Metadata with
        {
            Operators =
            [
                .. checkpoint.Metadata.Operators,
                new(OperatorId.FromName("ended"), 1, 16, []) { Name = "ended", IsFullyFinished = true },
                new(OperatorId.FromName("partly"), 2, 16, [new(0) { IsFinished = true }]) { Name = "partly" },
            ],
        };

        StateAssignment.Assign(
            checkpoint with { Metadata = metadata }, new JobTopology("job", 16) { { "first", 1 } }, isForeign: false,
            allowNonRestoredState: false).Should().ContainSingle();
    }

    private static string NameOf(KeyedStateHandle handle) =>
        ((ByteStreamStateHandle)((KeyGroupsStateHandle)handle).Stream).Name;

    private static CompletedCheckpoint CheckpointOf(params (string Name, int Parallelism, int Max)[] operators) => new(
        "job", new(1), "job/chk-1",
        new(new(1), [], operators.Select(o => new OperatorCheckpoint(
            OperatorId.FromName(o.Name), o.Parallelism, o.Max,
            Enumerable.Range(0, o.Parallelism).Select(i => new SubtaskCheckpoint(i)
            {
                ManagedKeyed = HandleOf(KeyGroupAssignment.RangeOf(i, o.Parallelism, o.Max), $"{o.Name}/{i}"),
            }).ToValueList())
        {
            Name = o.Name,
        }).ToValueList()),
        new(CheckpointKind.Checkpoint, CheckpointRetention.Always));

    private static KeyGroupsStateHandle HandleOf(KeyGroupRange range, string name) =>
        new(range, new long[range.Count].ToValueList(), new ByteStreamStateHandle(name, [1]));
}
