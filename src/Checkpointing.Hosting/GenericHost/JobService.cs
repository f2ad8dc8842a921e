using System.Runtime.ExceptionServices;
using Checkpointing.Hosting.Execution;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>Runs the jobs of a service: starts each in the background, watches it, stops it when the service is shut
/// down.</summary>
/// <remarks>A start that fails because something is away for the moment is tried again; the application answers
/// meanwhile, and its health check says why.</remarks>
internal sealed class JobService : IHostedService, IDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);

    private readonly CheckpointingBuilder _builder;
    private readonly IServiceProvider _services;
    private readonly ServiceSettings _settings;
    private readonly InProcessHost _host;
    private readonly ContainerContext _context;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly ILogger _logger;
    private readonly BackgroundWork _work;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<(HostedJob Job, HostedJobOptions Options)> _jobs = [];

    public JobService(
        CheckpointingBuilder builder, IServiceProvider services, IOptions<ServiceSettings> settings, InProcessHost host,
        ContainerContext context, IHostApplicationLifetime? lifetime = null)
    {
        (_builder, _services, _settings, _host) = (builder, services, settings.Value, host);
        (_context, _lifetime) = (context, lifetime);
        _logger = context.LoggerFactory.CreateLogger<JobService>();
        _work = new(_logger, context.TimeProvider);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var warning in _settings.Warnings.Concat(_context.FindUnknownKeys()))
        {
            _logger.SettingIgnored(warning);
        }

        // All definitions first: one that is wrong stops the start before any job runs.
        var defined = _builder.Jobs.Select(job => (job.Name, Definition: job.Define(_services))).ToList();
        foreach (var (name, definition) in defined)
        {
            var job = new HostedJob(name);
            var options = _settings.Jobs[name.Name];
            _jobs.Add((job, options));
            _host.Jobs.Add(job);
            _ = _work.Start($"job {name}", () => RunAsync(job, definition, options));
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        var shutdown = new JobShutdown(_logger, _context.TimeProvider);
        await Task.WhenAll(_jobs.Select(one => shutdown.StopAsync(one.Job, one.Options, cancellationToken)))
            .ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
        {
            _host.StopsWithoutWaiting = true;
        }

        // The application ends with what made it end.
        var failed = _jobs.FirstOrDefault(
            static one => one.Options.StopsServiceOnFailure && one.Job.Status == JobStatus.Failed).Job;
        if (failed?.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(HostedJob job, StreamJob definition, HostedJobOptions options)
    {
        var failure = await TryStartAsync(job, definition, options).ConfigureAwait(false);
        if (job.Run is { } run)
        {
            try
            {
                await run.Completion.ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The edge of a job: how it failed is known to whoever asks, and to the log.
                failure = e;
            }
        }

        if (failure is not null)
        {
            _logger.JobFailed(failure, job.Name.Name);
            if (options.StopsServiceOnFailure)
            {
                _lifetime?.StopApplication();
            }
        }
    }

    /// <returns>Why it could not be started; null if it runs, or was stopped before.</returns>
    private async Task<Exception?> TryStartAsync(HostedJob job, StreamJob definition, HostedJobOptions options)
    {
        // Not disposed: a cancellation may come at any time.
        var giveUp = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        _ = job.CancelRequested.ContinueWith(
            _ => giveUp.CancelAsync(), giveUp.Token, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        for (var pause = s_firstPause; ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            try
            {
                await _host.StartAsync(job, definition, options, giveUp.Token).ConfigureAwait(false);
                return null;
            }
            catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
            {
                job.SetStopped();
                return null;
            }
            catch (CheckpointingException e) when (e.IsTransient)
            {
                job.SetProblem(e);
                _logger.JobStartPostponed(e, job.Name.Name, pause);
                if (!await TryPauseAsync(pause, giveUp.Token).ConfigureAwait(false))
                {
                    job.SetStopped();
                    return null;
                }
            }
            catch (Exception e)
            {
                // The edge of a job: whatever its code throws while it opens keeps this job from running, no other.
                job.SetFailed(e);
                return e;
            }
        }
    }

    private async Task<bool> TryPauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause, _context.TimeProvider, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
