using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;

namespace Checkpointing.Testing.Operators;

/// <summary>Settings of a <see cref="KeyedOperatorHarness"/>. Read when it is opened.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
public sealed class KeyedOperatorHarnessOptions<TKey>
    where TKey : notnull
{
    /// <summary>Gives the ids, and the order in which subtasks are told of watermarks and of the time. Default:
    /// 1.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Number of subtasks, 1 to <see cref="MaxParallelism"/>. Default: 1.</summary>
    public int Parallelism { get; set; } = 1;

    /// <summary>Number of key groups, 1 to 32,768. Default: 128.</summary>
    public int MaxParallelism { get; set; } = 128;

    /// <summary>Makes the backends of keyed state; the user disposes it, after the harness. Default: state in memory
    /// (<see cref="HeapBackendFactory"/>).</summary>
    public IKeyedStateBackendFactory Backend { get; set; } = new HeapBackendFactory();

    /// <summary>Of keys; canonical. Default: null, the built-in one of the type.</summary>
    public StateSerializer<TKey>? KeySerializer { get; set; }

    /// <summary>Where the clock stands at first. Default: 2000-01-01 00:00 UTC.</summary>
    public DateTimeOffset StartTime { get; set; } = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is outside its range; the message names it.</exception>
    /// <exception cref="ArgumentNullException"><see cref="Backend"/> is null.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxParallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxParallelism, KeyGroupAssignment.MaxParallelismLimit);
        ArgumentOutOfRangeException.ThrowIfLessThan(Parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Parallelism, MaxParallelism);
        ArgumentNullException.ThrowIfNull(Backend);
    }
}
