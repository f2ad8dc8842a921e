using System.Diagnostics.CodeAnalysis;
using Checkpointing.Hosting.Sources;
using Checkpointing.State;

namespace Checkpointing.LoadTests.SumJobs;

/// <summary>A key and a value, as all sides get them.</summary>
internal readonly record struct KeyedNumber(long Key, long Value)
{
    /// <summary>The record of a number: keys look random and are the same for all sides.</summary>
    internal static KeyedNumber Of(long number, int keys)
    {
        var mixed = (ulong)number * 0x9E3779B97F4A7C15;
        return new((long)((mixed >> 32) % (uint)keys), number);
    }
}

/// <summary>Makes records as fast as they are taken, until enough are made or it is told to stop.</summary>
internal sealed class CountingSource(int keys, long count, CancellationToken stop = default) : ISource<KeyedNumber>
{
    public SourceReader<KeyedNumber> CreateReader() => new Reader(keys, count, stop);

    private sealed class Reader(int keys, long count, CancellationToken stop) : SourceReader<KeyedNumber>
    {
        private static readonly OperatorListStateDescriptor<long> s_position = new("position");

        private OperatorListState<long> _position = null!;
        private long _next;

        public override IReadOnlyList<StateDescriptor> States => [s_position];

        public override void Open(SourceContext context)
        {
            _position = context.State.GetState(s_position);
            _next = _position.Items is [var stored] ? stored : 0;
        }

        public override bool TryReadNext([MaybeNullWhen(false)] out KeyedNumber value)
        {
            if (_next == count || stop.IsCancellationRequested)
            {
                value = default;
                return false;
            }

            value = KeyedNumber.Of(_next++, keys);
            return true;
        }

        public override void SnapshotPosition() => _position.Replace([_next]);
    }
}
