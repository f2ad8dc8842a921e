using Checkpointing.Hosting.Control;
using Checkpointing.Hosting.Execution;

namespace Checkpointing.Hosting;

/// <summary>Runs jobs inside this process: one loop a subtask, bounded channels between them.</summary>
/// <remarks>Made by <see cref="InProcessHostBuilder"/>. Safe for concurrent calls.</remarks>
public sealed class InProcessHost : IAsyncDisposable
{
    private readonly JobEnvironment _environment;
    private readonly Lock _lock = new();
    private readonly List<RunningJob> _jobs = [];
    private bool _isDisposed;

    private readonly IReadOnlyList<object> _owned;

    internal InProcessHost(JobEnvironment environment, IReadOnlyList<object> owned)
    {
        (_environment, _owned) = (environment, owned);
        Control = new(Jobs, environment.Storage, environment.Time);
    }

    /// <summary>The jobs of this host, by name.</summary>
    public JobRegistry Jobs { get; } = new();

    /// <summary>Requests to its jobs by name, each with an answer or a typed failure.</summary>
    public JobControl Control { get; }

    /// <summary>Starts a job: takes its name's epoch, restores its own newest checkpoint, else the given one, else
    /// starts fresh.</summary>
    /// <param name="job">The definition.</param>
    /// <param name="options">How; copied.</param>
    /// <param name="cancellationToken">Observed until the job runs.</param>
    /// <returns>The job, running. The caller disposes it; the host does at the latest.</returns>
    /// <exception cref="CheckpointNotFoundException">There is no checkpoint at
    /// <see cref="StartOptions.ResumeFrom"/>.</exception>
    /// <exception cref="StateMigrationException">Stored and declared states do not fit.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public async Task<RunningJob> StartAsync(
        StreamJob job, StartOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        var entry = new HostedJob(options?.Name ?? job.Name);
        var running = await StartAsync(entry, job, options ?? new(), cancellationToken).ConfigureAwait(false);
        Jobs.Add(entry);
        return running;
    }

    /// <summary>Set when the time to shut down is up: disposing tells jobs to stop and does not wait.</summary>
    internal bool StopsWithoutWaiting { get; set; }

    /// <summary>Stops all jobs, as after <see cref="RunningJob.DisposeAsync"/>, then disposes the components that were
    /// made for this host. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        RunningJob[] jobs;
        IReadOnlyList<object> components;
        lock (_lock)
        {
            components = _isDisposed ? [] : _owned;
            _isDisposed = true;
            jobs = [.. _jobs];
            _jobs.Clear();
        }

        foreach (var job in jobs)
        {
            var stopped = job.DisposeAsync().AsTask();
            if (!StopsWithoutWaiting)
            {
                await stopped.ConfigureAwait(false);
            }
        }

        foreach (var component in components)
        {
            if (component is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                (component as IDisposable)?.Dispose();
            }
        }
    }

    /// <summary>Starts a job for its entry, which the caller adds to <see cref="Jobs"/>.</summary>
    internal async Task<RunningJob> StartAsync(
        HostedJob entry, StreamJob job, StartOptions options, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var run = new JobRun(_environment, job, options);
        await run.StartAsync(cancellationToken).ConfigureAwait(false);
        var running = new RunningJob(run);
        lock (_lock)
        {
            _jobs.Add(running);
        }

        entry.SetRunning(running);
        return running;
    }
}
