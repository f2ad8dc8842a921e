using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Requests for checkpoints that cannot begin: nobody waits for ever.</summary>
public sealed class RequestDeadlineTests
{
    [Theory]
    [InlineData("checkpoint")]
    [InlineData("savepoint")]
    [InlineData("stop")]
    public async Task Request_JobWaitsForItsRestart_IsDeclinedAfterTheCheckpointTimeout(string what)
    {
        await using var fixture = new JobFixture(
            new() { RestartStrategy = RestartStrategy.FixedDelay(1, TimeSpan.FromDays(1)) });
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(
                new ListSource<Order>(Orders.Generate(10, seed: 1)), fixture.Windows, fixture.Totals,
                static _ => throw new InvalidDataException("planned")),
            new() { Checkpoints = { Timeout = TimeSpan.FromMilliseconds(100) } }, fixture.Deadline);
        await Eventually.HoldsAsync(() => run.RestartCount == 1, fixture.Deadline);

        Func<Task<CompletedCheckpoint>> asking = what switch
        {
            "checkpoint" => () => run.TriggerCheckpointAsync(fixture.Deadline),
            "savepoint" => () => run.TriggerSavepointAsync("savepoints", fixture.Deadline),
            _ => () => run.StopWithSavepointAsync("savepoints", cancellationToken: fixture.Deadline),
        };

        var declined = (await asking.Should().ThrowAsync<CheckpointDeclinedException>()).Which;
        declined.Reason.Should().Be(CheckpointFailureReason.TasksNotRunning);
        declined.Message.Should().Contain("were not running within 00:00:00.1");
        run.Completion.IsCompleted.Should().BeFalse();
    }
}
