using System.Diagnostics.Metrics;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Diagnostics;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Coordination;

/// <summary>Puts a coordinator together. Settings are copied and validated once, in <see cref="Build"/>; components are
/// borrowed.</summary>
public sealed class CheckpointCoordinatorBuilder(ICheckpointStorage storage)
{
    private ITaskGateway? _gateway;
    private readonly List<ICheckpointHook> _hooks = [];
    private ICheckpointRegister? _register;

    internal IReadOnlyList<ICheckpointHook> Hooks => [.. _hooks];

    internal ICheckpointStorage Storage { get; } = storage ?? throw new ArgumentNullException(nameof(storage));

    internal JobTopology? Topology { get; private set; }

    internal CheckpointCoordinatorOptions Options { get; private set; } = new();

    internal ILoggerFactory LoggerFactory { get; private set; } = NullLoggerFactory.Instance;

    internal TimeProvider Time { get; private set; } = TimeProvider.System;

    internal IdSource Ids { get; private set; } = IdSource.System;

    internal WorkScheduler Scheduler { get; private set; } = WorkScheduler.ThreadPool;

    internal string Holder { get; private set; } = $"{Environment.MachineName}/{Environment.ProcessId}";

    internal Meter? Meter { get; private set; }

    internal ProtocolBreach Breach { get; set; }

    /// <summary>The job. Required.</summary>
    public CheckpointCoordinatorBuilder WithJob(JobTopology topology)
    {
        Topology = topology;
        return this;
    }

    /// <summary>How tasks are reached. Required.</summary>
    public CheckpointCoordinatorBuilder WithTaskGateway(ITaskGateway gateway)
    {
        _gateway = gateway;
        return this;
    }

    /// <summary>Default: the register in the job's folder.</summary>
    public CheckpointCoordinatorBuilder WithRegister(ICheckpointRegister register)
    {
        _register = register;
        return this;
    }

    /// <summary>Settings.</summary>
    public CheckpointCoordinatorBuilder WithOptions(CheckpointCoordinatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        return this;
    }

    /// <summary>Adds a hook; see <see cref="ICheckpointHook"/>. They are called in this order.</summary>
    /// <exception cref="ArgumentException">Its name is no name, or another hook has it.</exception>
    public CheckpointCoordinatorBuilder WithHook(ICheckpointHook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        NameRules.Check(hook.Name, "A hook's name", nameof(hook));
        if (_hooks.Exists(other => other.Name == hook.Name))
        {
            throw new ArgumentException(
                $"There are two hooks named '{hook.Name}'. Names are identities: give each its own.", nameof(hook));
        }

        _hooks.Add(hook);
        return this;
    }

    /// <summary>Default: no log.</summary>
    public CheckpointCoordinatorBuilder WithLoggerFactory(ILoggerFactory loggerFactory)
    {
        LoggerFactory = loggerFactory;
        return this;
    }

    /// <summary>Default: the system's time.</summary>
    public CheckpointCoordinatorBuilder WithTimeProvider(TimeProvider timeProvider)
    {
        Time = timeProvider;
        return this;
    }

    /// <summary>Default: the system's random generator.</summary>
    public CheckpointCoordinatorBuilder WithIdSource(IdSource ids)
    {
        Ids = ids;
        return this;
    }

    /// <summary>What is measured goes to this meter, whose name should be
    /// <see cref="CheckpointingMetrics.MeterName"/>. Borrowed. Default: one that all of the process share.</summary>
    public CheckpointCoordinatorBuilder WithMeter(Meter meter)
    {
        ArgumentNullException.ThrowIfNull(meter);
        Meter = meter;
        return this;
    }

    /// <summary>What is measured goes to a meter of this factory; it disposes it.</summary>
    public CheckpointCoordinatorBuilder WithMeterFactory(IMeterFactory meterFactory)
    {
        ArgumentNullException.ThrowIfNull(meterFactory);
        return WithMeter(meterFactory.Create(CheckpointingMetrics.MeterName));
    }

    /// <summary>Where background work runs. Default: the thread pool.</summary>
    public CheckpointCoordinatorBuilder WithScheduler(WorkScheduler scheduler)
    {
        Scheduler = scheduler;
        return this;
    }

    /// <summary>Who holds the epoch, for people who read the register. Default: machine and process id.</summary>
    public CheckpointCoordinatorBuilder WithHolder(string holder)
    {
        Holder = holder;
        return this;
    }

    /// <summary>Builds it. Nothing is read or written yet.</summary>
    /// <exception cref="InvalidOperationException">Job or gateway is missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is outside its range; the message names it.</exception>
    public CheckpointCoordinator Build()
    {
        if (Topology is null || _gateway is null || Topology.Operators.Count == 0)
        {
            throw new InvalidOperationException(
                "A coordinator needs a job with at least one operator (WithJob) and a gateway (WithTaskGateway).");
        }

        Options.Validate();
        Options = Options.Clone();
        var register = _register ?? new StorageCheckpointRegister(Storage);
        var store = register.OpenStore(Storage, Topology.Job, Ids, Holder);
        store.Breach = Breach;
        return new(this, store, _gateway);
    }
}
