using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.Hosting.Execution;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Hosting;

/// <summary>Puts a host together.</summary>
/// <remarks>Components given by <c>With…</c> are borrowed: the caller disposes them after the host. What methods such
/// as <see cref="ComponentExtensions.UseFileSystemStorage"/> make belongs to the host and goes with it. Not safe for
/// concurrent calls.</remarks>
public sealed class InProcessHostBuilder : ICheckpointingBuilder
{
    private Func<ComponentContext, ICheckpointStorage>? _makeStorage;
    private Func<ComponentContext, IKeyedStateBackendFactory>? _makeBackend;
    private Func<ComponentContext, ICheckpointRegister>? _makeRegister;
    private ICheckpointStorage? _storage;
    private IKeyedStateBackendFactory? _backend;
    private ICheckpointRegister? _register;
    private InProcessHostOptions _options = new();
    private ILoggerFactory _loggerFactory = NullLoggerFactory.Instance;
    private TimeProvider _time = TimeProvider.System;
    private IdSource _ids = IdSource.System;
    private Meter? _meter;
    private IMeterFactory? _meterFactory;

    /// <summary>Begins without a storage: say where checkpoints are stored before <see cref="Build"/>.</summary>
    public InProcessHostBuilder()
    {
    }

    /// <summary>Begins with a storage.</summary>
    /// <param name="storage">Where checkpoints are stored; borrowed.</param>
    public InProcessHostBuilder(ICheckpointStorage storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        _storage = storage;
    }

    /// <summary>Where keyed state lives. Default: the heap.</summary>
    public InProcessHostBuilder WithBackend(IKeyedStateBackendFactory backend) =>
        With(() => (_backend, _makeBackend) = (NotNull(backend), null));

    /// <summary>Where the list of completed checkpoints is kept. Default: the register in the job's folder.</summary>
    public InProcessHostBuilder WithRegister(ICheckpointRegister register) =>
        With(() => (_register, _makeRegister) = (NotNull(register), null));

    /// <summary>Settings.</summary>
    public InProcessHostBuilder WithOptions(InProcessHostOptions options) => With(() => _options = NotNull(options));

    /// <summary>Default: no log.</summary>
    public InProcessHostBuilder WithLoggerFactory(ILoggerFactory loggerFactory) =>
        With(() => _loggerFactory = NotNull(loggerFactory));

    /// <summary>Default: the system's time.</summary>
    public InProcessHostBuilder WithTimeProvider(TimeProvider timeProvider) =>
        With(() => _time = NotNull(timeProvider));

    /// <summary>Default: the system's random generator.</summary>
    public InProcessHostBuilder WithIdSource(IdSource ids) => With(() => _ids = NotNull(ids));

    /// <summary>What is measured goes to this meter, whose name should be
    /// <see cref="CheckpointingMetrics.MeterName"/>. Default: one that all of the process share.</summary>
    public InProcessHostBuilder WithMeter(Meter meter) => With(() => _meter = NotNull(meter));

    /// <summary>What is measured goes to meters of this factory, which disposes them: one of the host, and one of each
    /// component that measures.</summary>
    public InProcessHostBuilder WithMeterFactory(IMeterFactory meterFactory)
    {
        _meterFactory = NotNull(meterFactory);
        return WithMeter(meterFactory.Create(CheckpointingMetrics.MeterName));
    }

    /// <summary>Builds the host.</summary>
    /// <exception cref="InvalidOperationException">No storage was given.</exception>
    /// <exception cref="ArgumentException">A setting is outside its range.</exception>
    public InProcessHost Build()
    {
        var options = _options.Clone();
        options.Validate();
        if (_storage is null && _makeStorage is null)
        {
            throw new InvalidOperationException(
                "There is no place for checkpoints: call UseFileSystemStorage, or give the builder a storage.");
        }

        var context = new Context(_loggerFactory, _time, _ids, _meterFactory);
        var owned = new List<object>();
        return new(
            new JobEnvironment
            {
                Storage = Make(_makeStorage, context, owned) ?? _storage!,
                Backend = Make(_makeBackend, context, owned) ?? _backend ?? new HeapBackendFactory(),
                Register = Make(_makeRegister, context, owned) ?? _register,
                Options = options,
                LoggerFactory = _loggerFactory,
                Time = _time,
                Ids = _ids,
                Meter = _meter,
            },
            owned);
    }

    void ICheckpointingBuilder.SetStorage(Func<ComponentContext, ICheckpointStorage> make) =>
        _makeStorage = NotNull(make);

    void ICheckpointingBuilder.SetBackend(Func<ComponentContext, IKeyedStateBackendFactory> make) =>
        _makeBackend = NotNull(make);

    void ICheckpointingBuilder.SetRegister(Func<ComponentContext, ICheckpointRegister> make) =>
        _makeRegister = NotNull(make);

    private static T? Make<T>(Func<ComponentContext, T>? make, ComponentContext context, List<object> owned)
        where T : class
    {
        if (make is null)
        {
            return null;
        }

        var made = make(context);
        owned.Add(made);
        return made;
    }

    private static T NotNull<T>(T value)
        where T : class => value ?? throw new ArgumentNullException(nameof(value));

    private InProcessHostBuilder With(Action set)
    {
        set();
        return this;
    }

    private sealed class Context(
        ILoggerFactory loggerFactory, TimeProvider time, IdSource ids, IMeterFactory? meterFactory) : ComponentContext
    {
        public override ILoggerFactory LoggerFactory => loggerFactory;

        public override TimeProvider TimeProvider => time;

        public override IdSource Ids => ids;

        public override IMeterFactory? MeterFactory => meterFactory;

        public override IServiceProvider? Services => null;

        public override void Configure<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(
            string section, T settings, Action<T>? configure, Action<T> validate)
        {
            configure?.Invoke(settings);
            validate(settings);
        }
    }
}
