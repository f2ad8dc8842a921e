using Checkpointing.CompletedCheckpoints;
using Checkpointing.Embedded;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Faults;
using Checkpointing.Tests.Coordination;

namespace Checkpointing.Tests.Embedded;

/// <summary>The token that an embedded job was given is cancelled at every operation of storage and register.</summary>
public sealed class EmbeddedCancellationTests
{
    private const int MostOperations = 500;
    private static readonly ValueStateDescriptor<long> s_total = new("total");

    // Operations of a background part have no order of their own, so a number is not the same operation in each run.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnyOperation_TheTokenIsCancelledThere_NothingIsLostAndTheNextProcessGoesOn(bool isLate)
    {
        var cancelled = 0;
        var operation = 1;
        for (; operation < MostOperations; operation++)
        {
            var (storage, register) = (new InMemoryCheckpointStorage(), new InMemoryCheckpointRegister());
            using var cancellation = new CancellationTokenSource();
            var plan = new FaultPlan { Cancellation = new(cancellation, operation, isLate) };
            var (reported, wasCancelled) = await LiveAsync(
                new FaultyStorage(storage, plan), new FaultyRegister(register, plan), cancellation.Token);
            if (plan.Count < operation)
            {
                break;
            }

            cancelled += wasCancelled ? 1 : 0;
            await ExpectToGoOnAsync(storage, register, reported, $"operation {operation}");
        }

        operation.Should().BeInRange(20, MostOperations - 1, "a life has some operations, and an end");
        cancelled.Should().BeGreaterThan(3);
    }

    /// <returns>Total and checkpoint that were last reported to be durable, and whether a call was cancelled.</returns>
    private static async Task<((long Total, string? Path) Reported, bool WasCancelled)> LiveAsync(
        FaultyStorage storage, FaultyRegister register, CancellationToken token)
    {
        var reported = (Total: 0L, Path: (string?)null);
        try
        {
            for (var life = 0; life < 2; life++)
            {
                await using var job = await EmbeddedCheckpoints.OpenAsync(
                    storage, "job", new EmbeddedOptions { Register = register }, token);
                await using var task = await job.OpenTaskAsync(NewTask(), token);
                TotalOf(task).Should().Be(reported.Total);
                for (var i = 0; i < 2; i++)
                {
                    Add(task, 1);
                    var done = await job.BeginCheckpoint().WaitAsync(token);
                    reported = (reported.Total + 1, done.Path);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return (reported, true);
        }

        return (reported, false);
    }

    private static async Task ExpectToGoOnAsync(
        InMemoryCheckpointStorage storage, InMemoryCheckpointRegister register, (long Total, string? Path) reported,
        string when)
    {
        var options = new EmbeddedOptions { Register = register };
        await using (var job = await EmbeddedCheckpoints.OpenAsync(storage, "job", options))
        await using (var task = await job.OpenTaskAsync(NewTask()))
        {
            // The one under way may have completed, unreported.
            var total = TotalOf(task);
            total.Should().BeInRange(reported.Total, reported.Total + 1, when);
            if (total == reported.Total)
            {
                task.RestoredFrom.Should().Be(reported.Path, when);
            }

            Add(task, 10);
            await job.BeginCheckpoint().WaitAsync();
        }

        StoredState.MissingFiles(storage, register, "job").Should().BeEmpty(when);
        StoredState.Orphans(storage, register, "job").Should().BeEmpty(when);
    }

    private static EmbeddedTask<string> NewTask() =>
        new("totals") { KeyGroups = KeyGroupRange.All(4), States = [s_total] };

    private static void Add(EmbeddedTaskState<string> task, long amount)
    {
        using (task.Keyed.EnterKey("a"))
        {
            var total = task.Keyed.GetState(s_total);
            total.Set(total.GetOrDefault() + amount);
        }
    }

    private static long TotalOf(EmbeddedTaskState<string> task)
    {
        using (task.Keyed.EnterKey("a"))
        {
            return task.Keyed.GetState(s_total).GetOrDefault();
        }
    }
}
