using Checkpointing.State;
using Checkpointing.State.Heap;

namespace Checkpointing.Testing.Operators;

/// <summary>Settings of <see cref="ExactlyOnce"/>. Read when it is called.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TIn">Type of the records that go in.</typeparam>
/// <typeparam name="TOut">Type of the records that come out.</typeparam>
public sealed class ExactlyOnceOptions<TKey, TIn, TOut>
    where TKey : notnull
{
    /// <summary>The first seed. A failure names the seed to put here, with <see cref="Seeds"/> 1, to replay it.
    /// Default: 1.</summary>
    public int FirstSeed { get; set; } = 1;

    /// <summary>How many seeds, 1 to 1,000,000: each is one run with crashes and one without. Default: 100.</summary>
    public int Seeds { get; set; } = 100;

    /// <summary>Crashes of each run, 1 to 100. Default: 3.</summary>
    public int Crashes { get; set; } = 3;

    /// <summary>Most subtasks, 1 to 128: each start has 1 to so many. Default: 4. Take 1 for an operator whose output
    /// depends on how many there are.</summary>
    public int MaxParallelism { get; set; } = 4;

    /// <summary>Event time of a record. Default: null, records have none, and the only watermark is the end of the
    /// input.</summary>
    public Func<TIn, Timestamp>? TimestampOf { get; set; }

    /// <summary>How far watermarks stay behind the newest record; not negative. Records that are later than that are
    /// late. Default: zero.</summary>
    public TimeSpan MaxOutOfOrderness { get; set; }

    /// <summary>Processing time from one record to the next, on average: each step is up to twice as long. Not
    /// negative; less than a day. Default: 1 second.</summary>
    public TimeSpan TimeBetweenRecords { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Makes the backends of keyed state; the user disposes it. Default: state in memory
    /// (<see cref="HeapBackendFactory"/>).</summary>
    public IKeyedStateBackendFactory Backend { get; set; } = new HeapBackendFactory();

    /// <summary>Of keys; canonical. Default: null, the built-in one of the type.</summary>
    public StateSerializer<TKey>? KeySerializer { get; set; }

    /// <summary>When two records of the main output are the same. Default: null, when they are equal. Needed where the
    /// type, or what is in it, has no equality by value: arrays, lists, classes that do not define it.</summary>
    public IEqualityComparer<TOut>? OutputComparer { get; set; }

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is outside its range; the message names it.</exception>
    /// <exception cref="ArgumentNullException"><see cref="Backend"/> is null.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Seeds, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Seeds, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(Crashes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Crashes, 100);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxParallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxParallelism, 128);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxOutOfOrderness, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(TimeBetweenRecords, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(TimeBetweenRecords, TimeSpan.FromDays(1));
        ArgumentNullException.ThrowIfNull(Backend);
    }
}
