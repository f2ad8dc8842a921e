using Checkpointing.CompletedCheckpoints;
using Checkpointing.Hosting.Execution;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Hosting;

/// <summary>Puts a host together. Components are borrowed: the caller disposes them after the host.</summary>
/// <param name="storage">Where checkpoints are stored.</param>
public sealed class InProcessHostBuilder(ICheckpointStorage storage)
{
    private readonly ICheckpointStorage _storage = storage ?? throw new ArgumentNullException(nameof(storage));
    private IKeyedStateBackendFactory? _backend;
    private ICheckpointRegister? _register;
    private InProcessHostOptions _options = new();
    private ILoggerFactory _loggerFactory = NullLoggerFactory.Instance;
    private TimeProvider _time = TimeProvider.System;
    private IdSource _ids = IdSource.System;

    /// <summary>Where keyed state lives. Default: the heap.</summary>
    public InProcessHostBuilder WithBackend(IKeyedStateBackendFactory backend) =>
        With(() => _backend = NotNull(backend));

    /// <summary>Where the list of completed checkpoints is kept. Default: the register in the job's folder.</summary>
    public InProcessHostBuilder WithRegister(ICheckpointRegister register) => With(() => _register = NotNull(register));

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

    /// <summary>Builds the host.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is outside its range.</exception>
    public InProcessHost Build()
    {
        var options = _options.Clone();
        options.Validate();
        return new(new JobEnvironment
        {
            Storage = _storage,
            Backend = _backend ?? new HeapBackendFactory(),
            Register = _register,
            Options = options,
            LoggerFactory = _loggerFactory,
            Time = _time,
            Ids = _ids,
        });
    }

    private static T NotNull<T>(T value)
        where T : class => value ?? throw new ArgumentNullException(nameof(value));

    private InProcessHostBuilder With(Action set)
    {
        set();
        return this;
    }
}
