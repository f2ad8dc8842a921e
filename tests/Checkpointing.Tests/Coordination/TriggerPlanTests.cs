using Checkpointing.Coordination;

namespace Checkpointing.Tests.Coordination;

/// <summary>Who is told of a checkpoint and who is waited for, while subtasks finish one after another.</summary>
public sealed class TriggerPlanTests
{
    // source (2) ═ forward ═> parse (2) ── all ──> sum (1); other (1) ── all ──> sum
    private readonly JobTopology _topology = new JobTopology("job", 8)
    {
        { "source", 2, true },
        { "other", 1, true },
        { "parse", 2 },
        { "sum", 1 },
    }
        .Connect("source", "parse", isForward: true).Connect("parse", "sum").Connect("other", "sum");

    [Theory]
    [InlineData("", "source0 source1 other0")]
    [InlineData("source0", "source1 other0 parse0")]
    [InlineData("source0 parse0", "source1 other0")]
    [InlineData("source0 source1 parse0", "other0 parse1")]
    [InlineData("source0 source1 parse0 parse1", "other0")]
    [InlineData("source0 source1 other0", "parse0 parse1")]
    [InlineData("source0 source1 other0 parse0", "parse1")]
    [InlineData("source0 source1 other0 parse0 parse1", "sum0")]
    public void Make_SomeHaveFinished_TellsThoseThatNothingRunningFeeds(string finished, string triggered)
    {
        var plan = TriggerPlan.Make(_topology, Subtasks(_topology), Parse(finished), out var problem);

        problem.Should().BeNull();
        plan!.Triggered.Select(Name).Should().BeEquivalentTo(triggered.Split(' '));
        plan.Awaited.Should().BeEquivalentTo(Subtasks(_topology).Except(Parse(finished)));
    }

    [Fact]
    public void Make_AllHaveFinished_SaysSo()
    {
        var all = Subtasks(_topology);

        TriggerPlan.Make(_topology, all, all.ToHashSet(), out var problem).Should().BeNull();
        problem.Should().StartWith("all tasks have finished");
    }

    [Fact]
    public void Make_SourcesHaveFinishedAndNothingIsConnected_RefusesRatherThanGuesses()
    {
        var topology = new JobTopology("job", 8) { { "source", 1, true }, { "sum", 1 } };
        var subtasks = Subtasks(topology);

        TriggerPlan.Make(topology, subtasks, new HashSet<SubtaskAddress> { subtasks[0] }, out var problem).Should()
            .BeNull();
        problem.Should().Contain("JobTopology.Connect");
    }

    [Fact]
    public void Make_NobodyIsASource_TellsAll()
    {
        var topology = new JobTopology("job", 8) { { "a", 1 }, { "b", 2 } };

        TriggerPlan.Make(topology, Subtasks(topology), new HashSet<SubtaskAddress>(), out _)!.Triggered.Should()
            .Equal(Subtasks(topology));
    }

    [Fact]
    public void Make_ConnectedButNobodyIsMarked_TakesWhatNothingFeedsForSources()
    {
        var topology = new JobTopology("job", 8) { { "a", 1 }, { "b", 2 } }.Connect("a", "b");

        TriggerPlan.Make(topology, Subtasks(topology), new HashSet<SubtaskAddress>(), out _)!.Triggered.Select(Name)
            .Should().Equal("a0");
    }

    [Fact]
    public void Connect_WhatCannotBe_IsRefused()
    {
        FluentActions.Invoking(() => _topology.Connect("sum", "parse")).Should().Throw<ArgumentException>()
            .WithMessage("*added to job 'job' before it*");
        FluentActions.Invoking(() => _topology.Connect("source", "nobody")).Should().Throw<ArgumentException>()
            .WithMessage("*no operator named 'nobody'*");
        FluentActions.Invoking(() => _topology.Connect("source", "sum", isForward: true)).Should()
            .Throw<ArgumentException>().WithMessage("*the same number*");
    }

    private static List<SubtaskAddress> Subtasks(JobTopology topology) =>
        [.. topology.SelectMany(o => Enumerable.Range(0, o.Parallelism)
            .Select(i => new SubtaskAddress(topology.Job, 1, 0, o.Name, i)))];

    private static string Name(SubtaskAddress subtask) => $"{subtask.Operator}{subtask.Index}";

    private HashSet<SubtaskAddress> Parse(string names) =>
        [.. names.Split(' ').SelectMany(name => Subtasks(_topology).Where(s => Name(s) == name))];
}
