using System.Diagnostics.CodeAnalysis;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Operators;

/// <summary>Ways to be wrong about state.</summary>
public enum Slip
{
    CountInField,
    CountInStaticField,
    CachedState,
    ChangeWithoutSet,
    WallClock,
    RandomNumber,
    EmitInDispose,
    ForgetAtCheckpoint,
    ThrowAfterRestore,
}

/// <summary>An operator that looks right as long as nothing crashes.</summary>
internal sealed class Wrong(Slip slip) : KeyedOperator<string, Order, string>, IDisposable
{
    private static readonly ValueStateDescriptor<long> s_count = new("count");
    private static readonly ValueStateDescriptor<byte[]> s_bytes = new("bytes");
    private static long s_total;

    private readonly Dictionary<string, long> _cache = [];
    private readonly HashSet<string> _known = [];
    private ValueState<long> _count = null!;
    private ValueState<byte[]> _bytes = null!;
    private Emitter<string>? _output;
    private long _total;

    public override IReadOnlyList<StateDescriptor> States => [s_count, s_bytes];

    public override void Open(KeyedOperatorContext<string> context) =>
        (_count, _bytes) = (context.GetState(s_count), context.GetState(s_bytes));

    public override void Process(Order value, KeyedElementContext<string> context, Emitter<string> output)
    {
        _output = output;
        switch (slip)
        {
            case Slip.CountInField:
                output.Emit($"{++_total}");
                break;
            case Slip.CountInStaticField:
                output.Emit($"{Interlocked.Increment(ref s_total)}");
                break;
            case Slip.CachedState:
                CountInCache(context.Key);
                break;
            case Slip.ChangeWithoutSet:
                ChangeWithoutSet();
                break;
            case Slip.WallClock:
                output.Emit($"{DateTime.UtcNow.Ticks}");
                break;
            case Slip.RandomNumber:
                output.Emit($"{RandomNumber()}");
                break;
            case Slip.ForgetAtCheckpoint:
                output.Emit($"{_cache[context.Key] = _cache.GetValueOrDefault(context.Key) + value.Amount}");
                break;
            case Slip.ThrowAfterRestore:
                CountKnown(context.Key);
                break;
        }
    }

    public override void SnapshotState()
    {
        if (slip == Slip.ForgetAtCheckpoint)
        {
            _cache.Clear();
        }
    }

    public void Dispose()
    {
        if (slip == Slip.EmitInDispose)
        {
            _output?.Emit("the end");
        }
    }

    // Reads once and writes every third time: what is between is in the field alone.
    private void CountInCache(string key)
    {
        if (!_cache.TryGetValue(key, out var count))
        {
            count = _count.GetOrDefault();
        }

        _cache[key] = ++count;
        if (count % 3 == 0)
        {
            _count.Set(count);
        }
    }

    private void ChangeWithoutSet()
    {
        if (_bytes.TryGet(out var bytes))
        {
            bytes[0]++;
        }
        else
        {
            _bytes.Set([1]);
        }
    }

    private void CountKnown(string key)
    {
        var count = _count.GetOrDefault();
        if (count == 0)
        {
            _known.Add(key);
        }
        else if (!_known.Contains(key))
        {
            throw new InvalidOperationException("No customer of this name.");
        }

        _count.Set(count + 1);
    }

    [SuppressMessage("Security", "CA5394", Justification = "It is wrong on purpose.")]
    private static int RandomNumber() => Random.Shared.Next();
}
