using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting.GenericHost;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Checkpointing.Hosting;

/// <summary>Says what the services of a container run: components, settings, jobs.</summary>
/// <remarks>Made by <see cref="CheckpointingServiceExtensions.AddCheckpointing"/>. Components are made once, when the
/// service starts, and disposed by the container. Not safe for concurrent calls.</remarks>
public sealed class CheckpointingBuilder : ICheckpointingBuilder
{
    private readonly List<JobRegistration> _jobs = [];

    internal CheckpointingBuilder(IServiceCollection services, IConfiguration? configuration)
    {
        Services = services;
        Configuration = configuration;
        Path = (configuration as IConfigurationSection)?.Path ?? "Checkpointing";
    }

    /// <summary>The services of the container.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The section with the settings; null if none was given.</summary>
    internal IConfiguration? Configuration { get; }

    /// <summary>Path of the section, for sentences.</summary>
    internal string Path { get; }

    internal Func<ComponentContext, ICheckpointStorage>? MakeStorage { get; private set; }

    internal Func<ComponentContext, IKeyedStateBackendFactory> MakeBackend { get; private set; } =
        static _ => new HeapBackendFactory();

    internal Func<ComponentContext, ICheckpointRegister>? MakeRegister { get; private set; }

    internal Action<InProcessHostOptions>? HostOptions { get; private set; }

    internal Action<HostedJobOptions>? JobOptions { get; private set; }

    internal IReadOnlyList<JobRegistration> Jobs => _jobs;

    /// <summary>Where checkpoints are stored: something of your own.</summary>
    /// <param name="make">Called once. The container disposes what it returns.</param>
    public CheckpointingBuilder UseStorage(Func<IServiceProvider, ICheckpointStorage> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        MakeStorage = context => make(context.Services!);
        return this;
    }

    /// <summary>Where keyed state lives: something of your own. Default: the heap.</summary>
    /// <param name="make">Called once. The container disposes what it returns.</param>
    public CheckpointingBuilder UseBackend(Func<IServiceProvider, IKeyedStateBackendFactory> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        MakeBackend = context => make(context.Services!);
        return this;
    }

    /// <summary>Where the list of completed checkpoints is kept: something of your own. Default: the register in the
    /// job's folder.</summary>
    /// <param name="make">Called once. The container disposes what it returns.</param>
    public CheckpointingBuilder UseRegister(Func<IServiceProvider, ICheckpointRegister> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        MakeRegister = context => make(context.Services!);
        return this;
    }

    /// <summary>Sets options of the host. The configuration overrides them.</summary>
    /// <param name="configure">Called once, when the service starts.</param>
    public CheckpointingBuilder ConfigureHost(Action<InProcessHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        HostOptions += configure;
        return this;
    }

    /// <summary>Sets options of all jobs. The configuration overrides them, and what is set for one job does.</summary>
    /// <param name="configure">Called once for each job, when the service starts.</param>
    public CheckpointingBuilder ConfigureJobs(Action<HostedJobOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        JobOptions += configure;
        return this;
    }

    /// <summary>Runs a job for as long as the service runs.</summary>
    /// <param name="name">Its identity: a service that starts again goes on from this job's newest checkpoint, and a
    /// second process with this job takes over from the first.</param>
    /// <param name="define">Defines it; called once, when the service starts.</param>
    /// <param name="configure">Sets its options. The section <c>Jobs:&lt;name&gt;</c> of the configuration overrides
    /// them.</param>
    /// <exception cref="ArgumentException">The name is none, or there is a job of this name.</exception>
    public CheckpointingBuilder AddJob(
        string name, Func<IServiceProvider, StreamJob> define, Action<HostedJobOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(define);
        var job = new JobRegistration(name, define, configure);
        if (_jobs.Exists(other => other.Name == job.Name))
        {
            throw new ArgumentException($"There is a job '{name}' already.", nameof(name));
        }

        _jobs.Add(job);
        return this;
    }

    void ICheckpointingBuilder.SetStorage(Func<ComponentContext, ICheckpointStorage> make) => MakeStorage = make;

    void ICheckpointingBuilder.SetBackend(Func<ComponentContext, IKeyedStateBackendFactory> make) => MakeBackend = make;

    void ICheckpointingBuilder.SetRegister(Func<ComponentContext, ICheckpointRegister> make) => MakeRegister = make;
}
