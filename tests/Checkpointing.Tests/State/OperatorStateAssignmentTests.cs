using Checkpointing.State;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.State;

public sealed class OperatorStateAssignmentTests
{
    private static readonly OperatorStateMode[] Modes =
        [OperatorStateMode.Split, OperatorStateMode.Union, OperatorStateMode.Broadcast];

    // One state of each mode; a subtask without items or without a handle occurs.
    private static readonly Gen<OperatorStateHandle?[]> Handles =
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 4], Gen.Int[0, 6]).Array[1, 6].Select(static subtasks =>
            subtasks.Select(static (counts, old) => counts.Item3 == 0
                ? null
                : NewHandle(old, counts.Item1, counts.Item2, broadcast: 2)).ToArray());

    [Fact]
    public void Assign_AnyParallelism_GivesEachItemToWhomItBelongs() =>
        Gen.Select(Handles, Gen.Int[1, 7]).Sample(static (all, parallelism) =>
        {
            var result = OperatorStateAssignment.Assign(all, parallelism);

            result.Should().HaveCount(parallelism);
            var split = ItemsOf(all, OperatorStateMode.Split).ToList();
            result.SelectMany(static handles => ItemsOf(handles, OperatorStateMode.Split)).Should().BeEquivalentTo(
                split);
            if (all.Length != parallelism)
            {
                var counts = result.Select(
                    static handles => ItemsOf(handles, OperatorStateMode.Split).Count()).ToList();
                (counts.Max() - counts.Min()).Should().BeLessThanOrEqualTo(1);
                for (var i = 0; i < split.Count; i++)
                {
                    ItemsOf(result[i % parallelism], OperatorStateMode.Split).Should().Contain(split[i]);
                }
            }

            var union = ItemsOf(all, OperatorStateMode.Union).ToList();
            result.Should().AllSatisfy(handles => ItemsOf(handles, OperatorStateMode.Union).Should().Equal(union));
            var broadcasters = all.OfType<OperatorStateHandle>().Any();
            result.Should().AllSatisfy(
                handles => ItemsOf(handles, OperatorStateMode.Broadcast).Select(static item => item.Offset)
                .Should().Equal(broadcasters ? [3000L, 3001L] : []));
            result.SelectMany(static handles => handles).SelectMany(static handle => handle.Partitions.Items)
                .Should().NotContain(static partition => partition.Offsets.Count == 0);
        });

    [Fact]
    public void Assign_SameParallelism_KeepsSplitItemsWithTheirSubtask()
    {
        var all = new[] { NewHandle(0, 0, 0, 0), NewHandle(1, 3, 0, 0), null, NewHandle(3, 1, 0, 0) };

        var result = OperatorStateAssignment.Assign(all, 4);

        result[0].Should().BeEmpty();
        ItemsOf(result[1], OperatorStateMode.Split).Should().Equal(ItemsOf([all[1]], OperatorStateMode.Split));
        result[2].Should().BeEmpty();
        ItemsOf(result[3], OperatorStateMode.Split).Should().Equal(ItemsOf([all[3]], OperatorStateMode.Split));
    }

    [Fact]
    public void Assign_TwoSplitStates_DealsEachFromSubtask0()
    {
        OperatorStateHandle handle = new(
            [new("a", OperatorStateMode.Split, [1, 2, 3]), new("b", OperatorStateMode.Split, [4])],
            new ByteStreamStateHandle("x", []));

        var result = OperatorStateAssignment.Assign([handle], 2);

        result[0].Single().Partitions.Items.Should().Equal(
            new OperatorStatePartition("a", OperatorStateMode.Split, [1, 3]),
            new OperatorStatePartition("b", OperatorStateMode.Split, [4]));
        result[1].Single().Partitions.Items.Should().Equal(
            new OperatorStatePartition("a", OperatorStateMode.Split, [2]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Assign_BroadcastStateThatSomeHaveNoCopyOf_GivesEachOneCopyOfTheOthers(int parallelism)
    {
        var all = new[] { NewHandle(0, 1, 1, broadcast: 0), null, NewHandle(2, 0, 0, 2), NewHandle(3, 0, 0, 2) };

        var result = OperatorStateAssignment.Assign(all, parallelism);

        result.Should().AllSatisfy(
            static handles => ItemsOf(handles, OperatorStateMode.Broadcast).Should().HaveCount(2));
        result.SelectMany(static handles => ItemsOf(handles, OperatorStateMode.Broadcast))
            .Select(static item => item.Stream).Should().NotContain("old 0");
    }

    [Fact]
    public void Assign_NoHandles_GivesNothing() =>
        OperatorStateAssignment.Assign([], 2).Should().AllSatisfy(static handles => handles.Should().BeEmpty());

    private static OperatorStateHandle NewHandle(int old, int split, int union, int broadcast) => new(
        [
            .. Modes.Select((mode, i) => new OperatorStatePartition(mode.ToString(), mode,
            [
                .. Enumerable.Range((i + 1) * 1000, new[] { split, union, broadcast }[i]).Select(
                    static offset => (long)offset),
            ])),
        ],
        new ByteStreamStateHandle($"old {old}", []));

    private static IEnumerable<(string Stream, long Offset)> ItemsOf(
        IEnumerable<OperatorStateHandle?> handles, OperatorStateMode mode) =>
        from handle in handles.OfType<OperatorStateHandle>()
        from partition in handle.Partitions
        where partition.Mode == mode
        from offset in partition.Offsets
        select (((ByteStreamStateHandle)handle.Stream).Name, offset);
}
