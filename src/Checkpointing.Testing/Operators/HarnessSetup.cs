using Checkpointing.Hosting.Operators;
using Checkpointing.State;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>What the harnesses of one operator share that are restored from each other.</summary>
internal sealed class HarnessSetup<TKey, TIn, TOut>(
    Func<KeyedOperator<TKey, TIn, TOut>> factory, Func<TIn, TKey> keySelector,
    KeyedOperatorHarnessOptions<TKey> options)
    where TKey : notnull
{
    /// <summary>Name of the operator and the job, for messages and paths.</summary>
    public const string Name = "operator";

    private readonly long _startMs = options.StartTime.ToUnixTimeMilliseconds();
    private long _lastCheckpoint;
    private int _lastAttempt;

    public Func<KeyedOperator<TKey, TIn, TOut>> Factory => factory;

    public Func<TIn, TKey> KeySelector => keySelector;

    public StateSerializer<TKey> KeySerializer { get; } = options.KeySerializer ?? StateSerializer.BuiltIn<TKey>();

    public int MaxParallelism { get; } = options.MaxParallelism;

    public IKeyedStateBackendFactory Backend { get; } = options.Backend;

    public InMemoryCheckpointStorage Storage { get; } = new();

    public IdSource Ids { get; } = IdSource.FromSeed((ulong)options.Seed);

    /// <summary>Order of the subtasks.</summary>
    public Random Random { get; } = new(options.Seed);

    public CheckpointId NewCheckpointId() => new(++_lastCheckpoint);

    public int NewAttempt() => _lastAttempt++;

    public TestClock NewClock() => new() { Milliseconds = _startMs };
}
