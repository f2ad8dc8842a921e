using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Execution;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests;

public sealed class JobRegistryTests
{
    [Fact]
    public async Task Indexer_StartedJob_TakesSavepointsAndTellsItsStatus()
    {
        await using var fixture = new JobFixture();
        var source = new ListSource<Order>(Orders.Generate(500, seed: 1)).PausingAfter(300);
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals), null, fixture.Deadline);

        var job = fixture.Host.Jobs["orders"];
        var savepoint = await job.TriggerSavepointAsync("savepoints", fixture.Deadline);

        job.Run.Should().BeSameAs(run);
        job.Status.Should().Be(JobStatus.Running);
        savepoint.Path.Should().StartWith("savepoints/");
        fixture.Host.Jobs.All.Should().ContainSingle().Which.Should().BeSameAs(job);
        await job.CancelAsync(fixture.Deadline);
        job.Status.Should().Be(JobStatus.Cancelled);
    }

    [Fact]
    public async Task Indexer_UnknownName_NamesThoseThatExist()
    {
        await using var fixture = new JobFixture();
        var looking = () => fixture.Host.Jobs["flights"];
        looking.Should().Throw<UnknownJobException>().WithMessage("There is no job 'flights'. This host has none.");

        var source = new ListSource<Order>(Orders.Generate(10, seed: 1));
        foreach (var name in new[] { "orders-b", "orders-a" })
        {
            await using var run = await fixture.Host.StartAsync(
                Orders.Define(source, fixture.File(name), fixture.File(name + "-totals")), new() { Name = name },
                fixture.Deadline);
            await run.Completion.WaitAsync(fixture.Deadline);
        }

        var unknown = looking.Should().Throw<UnknownJobException>().Which;
        unknown.Message.Should().Be("There is no job 'flights'. This host has: orders-a, orders-b.");
        (unknown.Job, unknown.IsTransient).Should().Be(("flights", false));
        unknown.Known.Should().Equal("orders-a", "orders-b");
        fixture.Host.Jobs.All.Select(job => job.Status).Should().AllBeEquivalentTo(JobStatus.Finished);
        fixture.Host.Jobs.TryGet("orders", out _).Should().BeFalse();
    }

    [Fact]
    public async Task Status_JobThatFailed_IsFailedWithItsCause()
    {
        await using var fixture = new JobFixture();
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(
                new ListSource<Order>(Orders.Generate(10, seed: 1)), fixture.Windows, fixture.Totals,
                _ => throw new InvalidDataException("no good")),
            null,
            fixture.Deadline);
        var job = fixture.Host.Jobs["orders"];

        var completion = () => job.Completion.WaitAsync(fixture.Deadline);

        var failure = (await completion.Should().ThrowAsync<JobFailedException>()).Which;
        job.Status.Should().Be(JobStatus.Failed);
        job.Failure.Should().BeSameAs(failure);
    }

    [Fact]
    public async Task TriggerAsync_JobThatIsBeingStarted_Waits()
    {
        await using var fixture = new JobFixture();
        var job = new HostedJob("orders");
        job.Status.Should().Be(JobStatus.Starting);
        var triggering = job.TriggerCheckpointAsync(fixture.Deadline);
        triggering.IsCompleted.Should().BeFalse();

        var source = new ListSource<Order>(Orders.Generate(10, seed: 1)).PausingAfter(5);
        await using var run = await fixture.Host.StartAsync(
            job, Orders.Define(source, fixture.Windows, fixture.Totals), new(), fixture.Deadline);

        job.Status.Should().Be(JobStatus.Running);
        (await triggering).Should().BeSameAs(run.LatestCheckpoint);
    }

    [Fact]
    public async Task TriggerAsync_JobThatCouldNotBeStarted_IsDeclinedWithTheCause()
    {
        var job = new HostedJob("orders");
        var cause = new CheckpointStorageUnavailableException("orders", "is away");
        job.SetProblem(cause);
        job.Failure.Should().BeSameAs(cause);
        job.Status.Should().Be(JobStatus.Starting, "there will be another try");
        job.SetFailed(cause);

        var triggering = () => job.TriggerCheckpointAsync();

        (await triggering.Should().ThrowAsync<CheckpointDeclinedException>()).Which.InnerException.Should()
            .BeSameAs(cause);
        job.Status.Should().Be(JobStatus.Failed);
    }
}
