using Checkpointing.Hosting.GenericHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Checkpointing.Hosting;

/// <summary>Health of the jobs of a service.</summary>
public static class CheckpointingHealthExtensions
{
    /// <summary>How long a check waits for the storage when no deadline is given.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Checks all jobs of the service that <see cref="CheckpointingServiceExtensions.AddCheckpointing"/>
    /// added.</summary>
    /// <remarks>
    /// <para>Unhealthy: a job has failed, another process has taken it over, or its storage or register does not answer
    /// or lacks its newest checkpoint. Degraded: checkpoints fail, the newest is too old, a stored file was found
    /// damaged, or a job is being started. Healthy otherwise, also when a job has finished or was cancelled.</para>
    /// <para>Data of each job, after its name and a slash: <c>status</c>, <c>lastCheckpointId</c>,
    /// <c>lastCheckpointAgeSeconds</c>, <c>failuresInARow</c>. What is not known is left out.</para>
    /// </remarks>
    /// <param name="builder">Of the application's health checks.</param>
    /// <param name="maxAge">A running job whose newest checkpoint is older is degraded; time before it was started does
    /// not count. Above zero; several times the interval is best.</param>
    /// <param name="deadline">A check waits for the storage no longer than this. Above zero; null:
    /// <see cref="DefaultDeadline"/>.</param>
    /// <param name="name">Of the check.</param>
    /// <param name="tags">To select checks by; null: none.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddCheckpointing(
        this IHealthChecksBuilder builder, TimeSpan maxAge, TimeSpan? deadline = null, string name = "checkpointing",
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(maxAge, TimeSpan.Zero);
        var limit = deadline ?? DefaultDeadline;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero, nameof(deadline));
        builder.Services.TryAddSingleton<JobProbe>();
        return builder.Add(new(
            name,
            services => new CheckpointingHealthCheck(
                services.GetRequiredService<InProcessHost>(), services.GetRequiredService<JobProbe>(),
                services.GetRequiredService<TimeProvider>(), maxAge, limit),
            failureStatus: null,
            tags));
    }
}
