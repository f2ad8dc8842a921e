using Checkpointing.CompletedCheckpoints;
using Checkpointing.Diagnostics;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Inspection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Checkpointing.Hosting.Tests.GenericHost;

/// <summary>Jobs of a service on real local storage: started, stopped, taken up again.</summary>
public sealed class JobServiceTests : IDisposable
{
    private readonly ServiceFixture _fixture = new();
    private readonly List<Order> _orders = Orders.Generate(3_000, seed: 1);

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(ShutdownAction.Checkpoint)]
    [InlineData(ShutdownAction.StopWithSavepoint)]
    public async Task StopAsync_ThenStartedAgain_GoesOnWhereItStopped(ShutdownAction action)
    {
        var source = new ListSource<Order>(_orders);
        long read;
        CompletedCheckpoint last;
        using (var first = _fixture.Build(c => c.AddJob(
            "orders", _ => _fixture.Define(source.PausingAfter(1_234)), job => job.OnShutdown = action)))
        {
            await first.StartAsync(_fixture.Deadline);
            var job = first.Services.GetRequiredService<JobRegistry>()["orders"];
            await (await RunOfAsync(job)).WaitForSourceIdleAsync(_fixture.Deadline);
            await first.StopAsync(_fixture.Deadline);
            read = job.Run!.ElementsRead;
            last = job.LatestCheckpoint!;
            job.Status.Should().Be(JobStatus.Suspended);
        }

        using var second = _fixture.Build(c => c.UseHeapBackend().AddJob("orders", _ => _fixture.Define(source)));
        await second.StartAsync(_fixture.Deadline);
        var again = second.Services.GetRequiredService<JobRegistry>()["orders"];
        (await again.Completion.WaitAsync(_fixture.Deadline)).Termination.Should().Be(JobTermination.Finished);
        await second.StopAsync(_fixture.Deadline);

        again.Run!.RestoredFrom.Should().Be(last.Path);
        again.Run.Epoch.Should().Be(2);
        (read + again.Run.ElementsRead).Should().Be(_orders.Count, "nothing is read twice");
        Orders.Sorted(_fixture.Windows).Should().Equal(Orders.ExpectedWindows(_orders));
        Orders.Sorted(_fixture.Totals, headerLines: 1).Should().Equal(Orders.ExpectedTotals(_orders));
        (await _fixture.StoredFilesAsync("savepoints")).Count(static path => path.EndsWith("/_metadata"))
            .Should().Be(action == ShutdownAction.StopWithSavepoint ? 1 : 0);
    }

    [Fact]
    public async Task StopAsync_Suspend_TakesNoCheckpoint()
    {
        using var host = _fixture.Build(c => c.AddJob(
            "orders", _ => _fixture.Define(new ListSource<Order>(_orders).PausingAfter(100)),
            job => job.OnShutdown = ShutdownAction.Suspend));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        await RunOfAsync(job);

        await host.StopAsync(_fixture.Deadline);

        job.Status.Should().Be(JobStatus.Suspended);
        job.LatestCheckpoint.Should().BeNull();
    }

    [Fact]
    public async Task StopAsync_Cancel_DoesWhatTheRetentionSays()
    {
        using var host = _fixture.Build(c => c.AddJob(
            "orders", _ => _fixture.Define(new ListSource<Order>(_orders).PausingAfter(100)),
            job => (job.OnShutdown, job.Retention) = (ShutdownAction.Cancel, CheckpointRetention.OnFailure)));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        var checkpoint = await job.TriggerCheckpointAsync(_fixture.Deadline);

        await host.StopAsync(_fixture.Deadline);

        job.Status.Should().Be(JobStatus.Cancelled);
        (await _fixture.StoredFilesAsync("orders")).Should().NotContain(checkpoint.MetadataPath);
    }

    // Time for the shutdown is virtual as well: it is up when the test says so.
    [Fact]
    public async Task StopAsync_CheckpointThatDoesNotEnd_IsGivenUpWhenTheTimeIsUp()
    {
        using var elementHolds = new ManualResetEventSlim();
        var reached = new TaskCompletionSource();
        using var host = _fixture.Build(c => c.AddJob(
            "orders", _ => _fixture.Define(new ListSource<Order>(_orders), order =>
            {
                if (order == _orders[50])
                {
                    reached.TrySetResult();
                    elementHolds.Wait(_fixture.Deadline);
                }
            })));
        await host.StartAsync(_fixture.Deadline);
        await reached.Task.WaitAsync(_fixture.Deadline);
        using var timeIsUp = new CancellationTokenSource();

        var stopping = host.StopAsync(timeIsUp.Token);
        stopping.IsCompleted.Should().BeFalse("an operator holds the barrier up");
        await timeIsUp.CancelAsync();

        // The host reports that its token was cancelled; the service itself ended.
        await Task.WhenAny(stopping).WaitAsync(_fixture.Deadline);
        _fixture.Log.Texts(CheckpointingEventIds.ShutdownCutOff).Should().ContainSingle().Which.Should().Contain(
            "job 'orders' had done its Checkpoint");
        elementHolds.Set();
        var run = host.Services.GetRequiredService<JobRegistry>()["orders"].Run!;
        (await run.Completion.WaitAsync(_fixture.Deadline)).Termination.Should().Be(JobTermination.Suspended);
    }

    [Fact]
    public async Task StopAsync_LastCheckpointFails_IsLoggedAndTheJobStops()
    {
        using var host = _fixture.BuildInVirtualTime(c => c.AddJob(
            "orders", _ => _fixture.Define(new ListSource<Order>(_orders).PausingAfter(100))));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        await RunOfAsync(job);
        _fixture.Storage.RefusesWrites = true;

        var stopping = host.StopAsync(_fixture.Deadline);
        await Eventually.HoldsAsync(
            () =>
            {
                _fixture.Time.Advance(TimeSpan.FromSeconds(1));
                return stopping.IsCompleted;
            },
            _fixture.Deadline);

        await stopping;
        job.Status.Should().Be(JobStatus.Suspended);
        _fixture.Log.Texts(CheckpointingEventIds.ShutdownActionFailed).Should().ContainSingle();
    }

    [Fact]
    public async Task StartAsync_StorageAway_IsTriedAgainAndTheApplicationAnswersMeanwhile()
    {
        _fixture.Storage.IsAway = true;
        using var host = _fixture.BuildInVirtualTime(c => c.AddJob(
            "orders", _ => _fixture.Define(new ListSource<Order>(_orders))));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        await Eventually.HoldsAsync(() => job.Failure is not null, _fixture.Deadline);
        job.Status.Should().Be(JobStatus.Starting);
        job.Failure.Should().BeOfType<CheckpointStorageUnavailableException>();

        _fixture.Storage.IsAway = false;
        await Eventually.HoldsAsync(
            () =>
            {
                _fixture.Time.Advance(TimeSpan.FromSeconds(1));
                return job.Run is not null;
            },
            _fixture.Deadline);

        (await job.Completion.WaitAsync(_fixture.Deadline)).Termination.Should().Be(JobTermination.Finished);
        job.Failure.Should().BeNull();
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task StopAsync_WhileTheStartIsTriedAgain_EndsAtOnce()
    {
        _fixture.Storage.IsAway = true;
        using var host = _fixture.BuildInVirtualTime(c => c.AddJob(
            "orders", _ => _fixture.Define(new ListSource<Order>(_orders))));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        await Eventually.HoldsAsync(() => job.Failure is not null, _fixture.Deadline);

        await host.StopAsync(_fixture.Deadline);

        job.Status.Should().Be(JobStatus.Suspended);
        var triggering = () => job.TriggerCheckpointAsync(_fixture.Deadline);
        (await triggering.Should().ThrowAsync<CheckpointDeclinedException>()).Which.Reason.Should()
            .Be(CheckpointFailureReason.JobStopping);
    }

    [Fact]
    public async Task CancelAsync_WhileTheStartIsTriedAgain_EndsIt()
    {
        _fixture.Storage.IsAway = true;
        using var host = _fixture.BuildInVirtualTime(c => c.AddJob(
            "orders", _ => _fixture.Define(new ListSource<Order>(_orders))));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        await Eventually.HoldsAsync(() => job.Failure is not null, _fixture.Deadline);

        await job.CancelAsync(_fixture.Deadline);

        job.Status.Should().Be(JobStatus.Cancelled);
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task StartAsync_DefinitionThatThrows_StopsTheStartBeforeAnyJobRuns()
    {
        using var host = _fixture.Build(c => c
            .AddJob("a", _ => _fixture.Define(new ListSource<Order>(_orders)))
            .AddJob("b", _ => throw new InvalidOperationException("no such operator")));

        var starting = () => host.StartAsync(_fixture.Deadline);

        await starting.Should().ThrowAsync<InvalidOperationException>().WithMessage("no such operator");
        (await JobInspection.ReadAsync(_fixture.Storage, "a", _fixture.Deadline)).Should().BeNull();
    }

    [Fact]
    public async Task JobFails_StopsServiceOnFailure_EndsTheApplicationWithTheFailure()
    {
        using var host = _fixture.Build(c => c.AddJob(
            "orders",
            _ => _fixture.Define(new ListSource<Order>(_orders), _ => throw new InvalidDataException("no good")),
            job => job.StopsServiceOnFailure = true));

        var running = () => host.RunAsync(_fixture.Deadline);

        (await running.Should().ThrowAsync<JobFailedException>()).WithInnerException<InvalidDataException>();
        _fixture.Log.Texts(CheckpointingEventIds.JobFailed).Should().ContainSingle();
    }

    [Fact]
    public async Task Services_OfTheContainer_AreTheHostsOwn()
    {
        using var host = _fixture.Build(c => c.AddJob(
            "orders", services => _fixture.Define(services.GetRequiredService<ListSource<Order>>())),
            builder => builder.Services.AddSingleton(new ListSource<Order>(_orders)));
        await host.StartAsync(_fixture.Deadline);
        var application = host.Services.GetRequiredService<InProcessHost>();

        application.Jobs.Should().BeSameAs(host.Services.GetRequiredService<JobRegistry>());
        await application.Jobs["orders"].Completion.WaitAsync(_fixture.Deadline);
        (await JobInspection.ReadAsync(
            host.Services.GetRequiredService<ICheckpointRegister>(), "orders", _fixture.Deadline)).Should().NotBeNull();
        _fixture.Log.Texts(CheckpointingEventIds.CheckpointCompleted).Should().NotBeEmpty(
            "the container's log is used everywhere");
        await host.StopAsync(_fixture.Deadline);
    }

    private async Task<RunningJob> RunOfAsync(HostedJob job)
    {
        await Eventually.HoldsAsync(() => job.Run is not null, _fixture.Deadline);
        return job.Run!;
    }
}
