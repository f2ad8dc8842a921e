using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>Health of all jobs of a host; see <see cref="CheckpointingHealthExtensions"/>.</summary>
internal sealed class CheckpointingHealthCheck(
    InProcessHost host, JobProbe probe, TimeProvider time, TimeSpan maxAge, TimeSpan deadline) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>();
        var jobs = host.Jobs.All;
        var findings = await Task.WhenAll(jobs.Select(job => CheckAsync(job, cancellationToken))).ConfigureAwait(false);
        foreach (var job in jobs)
        {
            AddData(job, data);
        }

        var worst = findings.Select(static finding => finding.Status).DefaultIfEmpty(HealthStatus.Healthy).Min();
        var sentences = jobs.Zip(findings)
            .Where(static one => one.Second.Status != HealthStatus.Healthy)
            .Select(static one => $"Job '{one.First.Name}': {one.Second.Text}.");
        return new(
            worst,
            worst == HealthStatus.Healthy ? null : string.Join(' ', sentences),
            jobs.Select(static job => job.Failure).FirstOrDefault(static failure => failure is not null),
            data);
    }

    private async Task<Finding> CheckAsync(HostedJob job, CancellationToken cancellationToken)
    {
        switch (job.Status)
        {
            case JobStatus.Starting:
                return job.Failure is { } problem
                    ? new(HealthStatus.Unhealthy, $"it could not be started yet: {problem.Message}")
                    : new(HealthStatus.Degraded, "it is being started");
            case JobStatus.Failed:
                return new(HealthStatus.Unhealthy, $"it failed: {job.Failure?.Message}");
            case JobStatus.Running:
                break;
            default:
                return Finding.Healthy;
        }

        if (job.Run is not { } run)
        {
            return Finding.Healthy;
        }

        return await LookAsync(run, cancellationToken).ConfigureAwait(false) is { } unreachable
            ? new(HealthStatus.Unhealthy, unreachable)
            : FindWorry(run) is { } worry ? new(HealthStatus.Degraded, worry) : Finding.Healthy;
    }

    private async Task<string?> LookAsync(RunningJob run, CancellationToken cancellationToken)
    {
        try
        {
            return await probe.LookAsync(run).WaitAsync(deadline, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return $"its storage did not answer within {Seconds(deadline)} s";
        }
    }

    private string? FindWorry(RunningJob run)
    {
        if (run.FailuresInARow is var failures and > 0)
        {
            return failures == 1 ? "the last checkpoint failed" : $"the last {failures} checkpoints failed";
        }

        // Time in which no process ran the job is no worry of this one.
        var latest = run.LatestCheckpoint?.Metadata.Info?.CompletedAt;
        var since = latest > run.StartedAt ? latest.Value : run.StartedAt;
        if (time.GetUtcNow() - since is var age && age > maxAge)
        {
            return latest is null
                ? $"no checkpoint has completed in the {Seconds(age)} s since it was started"
                : $"no checkpoint has completed for {Seconds(age)} s; at most {Seconds(maxAge)} s are allowed";
        }

        return run.DamagedFiles is [var damaged, ..]
            ? $"a stored file that a restore needs is damaged: '{damaged.Path}'"
            : null;
    }

    private void AddData(HostedJob job, Dictionary<string, object> data)
    {
        var name = job.Name.Name;
        data[$"{name}/status"] = job.Status.ToString();
        if (job.Run is not { } run)
        {
            return;
        }

        data[$"{name}/failuresInARow"] = run.FailuresInARow;
        if (run.LatestCheckpoint is { } latest)
        {
            data[$"{name}/lastCheckpointId"] = latest.Id.Value;
            if (latest.Metadata.Info is { } info)
            {
                data[$"{name}/lastCheckpointAgeSeconds"] = (time.GetUtcNow() - info.CompletedAt).TotalSeconds;
            }
        }
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    private sealed record Finding(HealthStatus Status, string Text)
    {
        public static Finding Healthy { get; } = new(HealthStatus.Healthy, "");
    }
}
