using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Checkpointing.Hosting.Tests.GenericHost;

/// <summary>What the health check says, in virtual time.</summary>
public sealed class CheckpointingHealthCheckTests : IDisposable
{
    private readonly ServiceFixture _fixture = new();
    private readonly ListSource<Order> _source = new(Orders.Generate(200, seed: 1));

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Check_JobWithAYoungCheckpoint_IsHealthyWithItsData()
    {
        var (host, job) = await StartAsync();
        using var application = host;
        var checkpoint = await job.TriggerCheckpointAsync(_fixture.Deadline);
        _fixture.Time.Advance(TimeSpan.FromSeconds(90));

        var health = await _fixture.CheckHealthAsync(host);

        health.Status.Should().Be(HealthStatus.Healthy);
        health.Data.Should().BeEquivalentTo(new Dictionary<string, object>
        {
            ["orders/status"] = "Running",
            ["orders/failuresInARow"] = 0,
            ["orders/lastCheckpointId"] = checkpoint.Id.Value,
            ["orders/lastCheckpointAgeSeconds"] = 90.0,
        });
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_NewestCheckpointOlderThanAllowed_IsDegraded()
    {
        var (host, job) = await StartAsync();
        using var application = host;
        await job.TriggerCheckpointAsync(_fixture.Deadline);
        _fixture.Time.Advance(TimeSpan.FromMinutes(5));
        (await _fixture.CheckHealthAsync(host)).Status.Should().Be(HealthStatus.Healthy);
        _fixture.Time.Advance(TimeSpan.FromSeconds(1));

        var health = await _fixture.CheckHealthAsync(host);

        health.Status.Should().Be(HealthStatus.Degraded);
        health.Description.Should().Be(
            "Job 'orders': no checkpoint has completed for 301 s; at most 300 s are allowed.");
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_NoCheckpointYet_IsDegradedOnlyAfterTheAllowedTime()
    {
        var (host, _) = await StartAsync();
        using var application = host;
        (await _fixture.CheckHealthAsync(host)).Status.Should().Be(HealthStatus.Healthy);
        _fixture.Time.Advance(TimeSpan.FromSeconds(301));

        var health = await _fixture.CheckHealthAsync(host);

        health.Status.Should().Be(HealthStatus.Degraded);
        health.Description.Should().Contain("in the 301 s since it was started");
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_StartedAgainAfterALongTime_IsHealthy()
    {
        var (first, job) = await StartAsync();
        await job.TriggerCheckpointAsync(_fixture.Deadline);
        await first.StopAsync(_fixture.Deadline);
        first.Dispose();
        _fixture.Time.Advance(TimeSpan.FromHours(8));
        var (second, _) = await StartAsync();
        using var application = second;

        var health = await _fixture.CheckHealthAsync(second);

        health.Status.Should().Be(HealthStatus.Healthy, health.Description);
        ((double)health.Data["orders/lastCheckpointAgeSeconds"]).Should().BeGreaterThanOrEqualTo(8 * 3600);
        await second.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_FailedCheckpoints_AreCountedUntilOneCompletes()
    {
        var (host, job) = await StartAsync();
        using var application = host;
        _fixture.Storage.RefusesWrites = true;
        foreach (var sentence in new[] { "the last checkpoint failed", "the last 2 checkpoints failed" })
        {
            var triggering = () => job.TriggerCheckpointAsync(_fixture.Deadline);
            await triggering.Should().ThrowAsync<CheckpointDeclinedException>();

            var health = await _fixture.CheckHealthAsync(host);

            health.Status.Should().Be(HealthStatus.Degraded);
            health.Description.Should().Be($"Job 'orders': {sentence}.");
        }

        _fixture.Storage.RefusesWrites = false;
        await job.TriggerCheckpointAsync(_fixture.Deadline);
        (await _fixture.CheckHealthAsync(host)).Status.Should().Be(HealthStatus.Healthy);
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_StorageAway_IsUnhealthyUntilItIsBack()
    {
        var (host, _) = await StartAsync();
        using var application = host;
        _fixture.Storage.IsAway = true;
        var health = await _fixture.CheckHealthAsync(host);
        _fixture.Storage.IsAway = false;

        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Contain("Job 'orders': its storage cannot be read").And.Contain("is away");
        (await _fixture.CheckHealthAsync(host)).Status.Should().Be(HealthStatus.Healthy);
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_StorageHangs_AnswersAtItsDeadlineAndAsksOnce()
    {
        var (host, _) = await StartAsync();
        using var application = host;
        await _fixture.CheckHealthAsync(host);
        _fixture.Storage.Hang();
        var before = _fixture.Storage.Listings;
        for (var round = 0; round < 3; round++)
        {
            var checking = _fixture.CheckHealthAsync(host);
            await Eventually.HoldsAsync(
                () =>
                {
                    _fixture.Time.Advance(TimeSpan.FromSeconds(1));
                    return checking.IsCompleted;
                },
                _fixture.Deadline);

            var health = await checking;
            health.Status.Should().Be(HealthStatus.Unhealthy);
            health.Description.Should().Be("Job 'orders': its storage did not answer within 5 s.");
        }

        _fixture.Storage.Listings.Should().Be(before + 1, "a storage that hangs is not asked again and again");
        _fixture.Storage.GoOn();
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_NewestCheckpointIsGone_IsUnhealthy()
    {
        var (host, job) = await StartAsync();
        using var application = host;
        var checkpoint = await job.TriggerCheckpointAsync(_fixture.Deadline);
        File.Delete(_fixture.File("checkpoints/" + checkpoint.MetadataPath));

        var health = await _fixture.CheckHealthAsync(host);

        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Contain($"its newest checkpoint, '{checkpoint.Path}', is not in");
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_TakenOver_IsUnhealthyEvenBeforeTheNextCheckpoint()
    {
        var (old, _) = await StartAsync();
        using var application = old;
        await using var other = new InProcessHostBuilder(_fixture.Storage).Build();
        await using var young = await other.StartAsync(
            _fixture.Define(_source.PausingAfter(50)), null, _fixture.Deadline);

        var health = await _fixture.CheckHealthAsync(old);

        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Be(
            "Job 'orders': it was taken over: it has epoch 1, the register has 2.");
        await young.DisposeAsync();
        await old.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_JobFailed_IsUnhealthyWithItsCause()
    {
        using var host = _fixture.BuildInVirtualTime(c => c.AddJob(
            "orders", _ => _fixture.Define(_source, _ => throw new InvalidDataException("no good"))));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        await Eventually.HoldsAsync(() => job.Status == JobStatus.Failed, _fixture.Deadline);

        var health = await _fixture.CheckHealthAsync(host);

        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().StartWith("Job 'orders': it failed: Operator 'totals', subtask 0, failed");
        health.Exception.Should().BeOfType<JobFailedException>();
        health.Data["orders/status"].Should().Be("Failed");
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_StartIsTriedAgain_IsUnhealthyWithTheCause()
    {
        _fixture.Storage.IsAway = true;
        using var host = _fixture.BuildInVirtualTime(c => c.AddJob("orders", _ => _fixture.Define(_source)));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        await Eventually.HoldsAsync(() => job.Failure is not null, _fixture.Deadline);

        var health = await _fixture.CheckHealthAsync(host);

        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().StartWith("Job 'orders': it could not be started yet: ");
        await host.StopAsync(_fixture.Deadline);
    }

    [Fact]
    public async Task Check_JobFinished_IsHealthyForEver()
    {
        using var host = _fixture.BuildInVirtualTime(c => c.AddJob("orders", _ => _fixture.Define(_source)));
        await host.StartAsync(_fixture.Deadline);
        await host.Services.GetRequiredService<JobRegistry>()["orders"].Completion.WaitAsync(_fixture.Deadline);
        _fixture.Time.Advance(TimeSpan.FromDays(1));

        var health = await _fixture.CheckHealthAsync(host);

        health.Status.Should().Be(HealthStatus.Healthy);
        health.Data["orders/status"].Should().Be("Finished");
        await host.StopAsync(_fixture.Deadline);
    }

    // Periodic checkpoints are off: virtual time would trigger them.
    private async Task<(IHost Host, HostedJob Job)> StartAsync()
    {
        var host = _fixture.BuildInVirtualTime(c => c.AddJob(
            "orders", _ => _fixture.Define(_source.PausingAfter(100)), job =>
            {
                job.Checkpoints.Interval = null;
                job.OnShutdown = ShutdownAction.Suspend;
            }));
        await host.StartAsync(_fixture.Deadline);
        var job = host.Services.GetRequiredService<JobRegistry>()["orders"];
        await Eventually.HoldsAsync(() => job.Run is not null, _fixture.Deadline);
        return (host, job);
    }
}
