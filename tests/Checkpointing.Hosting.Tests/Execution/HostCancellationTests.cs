using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State.Heap;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>The token of starting, of a checkpoint and of stopping with a savepoint is cancelled at operations of the
/// storage: no call hangs, and the next start gives the output of an undisturbed run.</summary>
public sealed class HostCancellationTests
{
    private const int Count = 300;
    private const int StopAt = 200;
    private const int Stride = 4;
    private const int MostOperations = 2_000;

    private static readonly List<Order> s_orders = Orders.Generate(Count, seed: 1);
    private static readonly Task s_never = new TaskCompletionSource().Task;

    // Tasks run beside each other, so a number is not the same operation in each run.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnyOperation_TheTokenIsCancelledThere_TheNextStartGivesTheOutputOfAStraightRun(bool isLate)
    {
        var (cancelled, operation) = (new HashSet<string>(), 1);
        for (; operation < MostOperations; operation += Stride)
        {
            await using var fixture = new JobFixture();
            await fixture.Host.DisposeAsync();
            using var cancellation = new CancellationTokenSource();
            var plan = new FaultPlan { Cancellation = new(cancellation, operation, isLate) };
            string? savepoint;
            await using (var host = new InProcessHostBuilder(new FaultyStorage(fixture.Storage, plan))
                .WithBackend(new HeapBackendFactory()).Build())
            {
                (savepoint, var where) = await LiveAsync(host, fixture, cancellation.Token);
                cancelled.Add(where);
            }

            await ExpectToFinishAsync(fixture, savepoint, $"operation {operation}{(isLate ? ", late" : "")}");
            if (plan.Count < operation)
            {
                break;
            }
        }

        operation.Should().BeInRange(20, MostOperations - 1, "a life has some operations, and an end");
        cancelled.Should().Contain(["checkpoint", "stop", ""]);
    }

    /// <returns>The savepoint that the job has ended with, and which call was cancelled.</returns>
    private static async Task<(string? Savepoint, string Cancelled)> LiveAsync(
        InProcessHost host, JobFixture fixture, CancellationToken token)
    {
        var where = "start";
        RunningJob? run = null;
        try
        {
            run = await host.StartAsync(Define(fixture, StopAt), new() { Parallelism = 2 }, token)
                .WaitAsync(fixture.Deadline);
            await Eventually.HoldsAsync(() => run.ElementsRead >= StopAt, fixture.Deadline);
            where = "checkpoint";
            await run.TriggerCheckpointAsync(token).WaitAsync(fixture.Deadline);
            where = "stop";
            await run.StopWithSavepointAsync("savepoints", cancellationToken: token).WaitAsync(fixture.Deadline);
            where = "";
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // Said to the caller; what was asked for goes on.
        }

        return where is "stop" or ""
            ? ((await run!.Completion.WaitAsync(fixture.Deadline)).Savepoint, where)
            : (null, where);
    }

    private static async Task ExpectToFinishAsync(JobFixture fixture, string? savepoint, string when)
    {
        await using var host = new InProcessHostBuilder(fixture.Storage).WithBackend(new HeapBackendFactory()).Build();
        await using var run = await host.StartAsync(
            Define(fixture, Count),
            new() { Parallelism = 3, ResumeFrom = savepoint, IgnoreOwnCheckpoints = savepoint is not null },
            fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);
        fixture.OutputsShouldBeThoseOf(s_orders, when);
    }

    private static StreamJob Define(JobFixture fixture, int stopAt) => Orders.Define(
        new ListSource<Order>(s_orders, place => place < stopAt ? Task.CompletedTask : s_never),
        fixture.Windows, fixture.Totals);
}
