using Checkpointing.Coordination;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Coordinated.Tests;

/// <summary>The coordinated layer from outside: an engine with tasks of its own gets checkpoints, recovery, rescaling,
/// savepoints and an orderly end from what is public.</summary>
public sealed class NumberHostTests
{
    private const long End = 10_000;

    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly CancellationToken _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Fact]
    public async Task TriggerAsync_ThenAllTasksAreLost_TheNextAttemptGoesOnFromTheCheckpoint()
    {
        await using var host = new NumberHost(_storage, "numbers", sums: 2, end: 4_000);
        (await host.StartAsync(null, _deadline)).Should().BeNull();
        await host.Source.IsIdle.WaitAsync(_deadline);
        var checkpoint = await host.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint, _deadline);
        await host.Source.ReadToAsync(5_000).WaitAsync(_deadline); // lost with the tasks

        var restored = await host.StartAsync(null, _deadline);
        restored!.Checkpoint.Path.Should().Be(checkpoint.Path);
        await host.Source.ReadToAsync(End).WaitAsync(_deadline);
        var totals = await EndAsync(host);

        totals.Should().Equal(Expected(End));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task StopWithSavepointAsync_ThenANewJobAtAnotherParallelism_GoesOnFromIt(int sums)
    {
        string savepoint;
        await using (var first = new NumberHost(_storage, "first", sums: 2, end: 4_000))
        {
            await first.StartAsync(null, _deadline);
            await first.Source.IsIdle.WaitAsync(_deadline);

            savepoint = (await first.Coordinator.StopWithSavepointAsync(
                "savepoints", StopMode.Suspend, cancellationToken: _deadline)).Path;

            await first.Running.WaitAsync(_deadline);
            first.Totals().Should().Equal(Expected(4_000), "the tasks ended by themselves, with all of the savepoint");
            await first.Coordinator.EndAsync(JobTermination.Finished, _deadline);
        }

        await using var second = new NumberHost(_storage, "second", sums, End);
        (await second.StartAsync(savepoint, _deadline))!.Checkpoint.Path.Should().Be(savepoint);
        (await EndAsync(second)).Should().Equal(Expected(End));
    }

    [Fact]
    public async Task ReportFinishedAsync_TheSourceHasEnded_CheckpointsGoOnAndItDoesNotStartAgain()
    {
        await using var host = new NumberHost(_storage, "numbers", sums: 2, end: 1_000);
        await host.StartAsync(null, _deadline);
        await host.Source.ReadToAsync(1_000, endsThere: true).WaitAsync(_deadline);

        var checkpoint = await CheckpointOnceTheSourceIsGoneAsync(host);
        checkpoint.Metadata.Operators.Single(o => o.Name == "numbers").IsFullyFinished.Should().BeTrue();

        var restored = await host.StartAsync(null, _deadline);

        restored!.StateOf(host.Coordinator.Subtasks[0]).IsFinished.Should().BeTrue();
        await host.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint, _deadline);
        await host.Coordinator.StopWithSavepointAsync("savepoints", StopMode.Drain, cancellationToken: _deadline);
        await host.Running.WaitAsync(_deadline);
        host.Totals().Should().Equal(Expected(1_000));
    }

    private async Task<CompletedCheckpoints.CompletedCheckpoint> CheckpointOnceTheSourceIsGoneAsync(NumberHost host)
    {
        while (true)
        {
            try
            {
                var checkpoint = await host.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint, _deadline);
                if (checkpoint.Metadata.Operators.Any(static o => o.IsFullyFinished))
                {
                    return checkpoint;
                }
            }
            catch (CheckpointDeclinedException e) when (e.Reason == CheckpointFailureReason.TaskFinished)
            {
                // It ended while the checkpoint waited for it.
            }
        }
    }

    /// <summary>Lets it read to its end, stops it in order, and gives its sums.</summary>
    private async Task<long[]> EndAsync(NumberHost host)
    {
        await host.Source.IsIdle.WaitAsync(_deadline);
        await host.Coordinator.StopWithSavepointAsync("savepoints", StopMode.Suspend, cancellationToken: _deadline);
        await host.Running.WaitAsync(_deadline);
        return host.Totals();
    }

    private static IEnumerable<long> Expected(long end) => Enumerable.Range(0, 10).Select(digit =>
        Enumerable.Range(0, (int)end).Where(number => number % 10 == digit).Sum(static number => (long)number));
}
