using System.Diagnostics;
using Checkpointing.Hosting;
using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.LoadTests.SumJobs;

/// <summary>The job that all sides do: spread records by key, keep a sum by key.</summary>
internal static class SumJob
{
    internal const int Subtasks = 2;

    /// <summary>Defines it for the host.</summary>
    /// <param name="source">The records.</param>
    /// <param name="pauses">Gets the longest times between two records; null: they are not measured.</param>
    internal static StreamJob Define(CountingSource source, PauseMeter? pauses = null)
    {
        var job = new StreamJobBuilder("sums");
        job.AddSource("numbers", source).KeyBy(static number => number.Key)
            .Process("sums", () => new SumOperator(pauses));
        return job.Build();
    }

    private sealed class SumOperator(PauseMeter? pauses) : KeyedOperator<long, KeyedNumber, long>
    {
        private static readonly ValueStateDescriptor<long> s_sum = new("sum");

        private ValueState<long> _sum = null!;
        private PauseMeter.Probe? _probe;

        public override IReadOnlyList<StateDescriptor> States => [s_sum];

        public override bool UsesTimers => false;

        public override void Open(KeyedOperatorContext<long> context)
        {
            _sum = context.GetState(s_sum);
            _probe = pauses?.NewProbe();
        }

        public override void Process(KeyedNumber value, KeyedElementContext<long> context, Emitter<long> output)
        {
            _sum.Set(_sum.GetOrDefault() + value.Value);
            _probe?.Tick();
        }
    }
}

/// <summary>Longest times between two records of one subtask.</summary>
internal sealed class PauseMeter
{
    private readonly List<Probe> _probes = [];

    internal Probe NewProbe()
    {
        var probe = new Probe();
        lock (_probes)
        {
            _probes.Add(probe);
        }

        return probe;
    }

    /// <summary>The longest since the last call, in milliseconds, over all subtasks.</summary>
    internal double TakeLongestMs()
    {
        lock (_probes)
        {
            return _probes.Select(static probe => probe.Take()).DefaultIfEmpty(0).Max();
        }
    }

    /// <summary>Of one subtask.</summary>
    internal sealed class Probe
    {
        private long _last = Stopwatch.GetTimestamp();
        private long _longest;

        internal void Tick()
        {
            var now = Stopwatch.GetTimestamp();
            var since = now - _last;
            _last = now;
            if (since > Volatile.Read(ref _longest))
            {
                Volatile.Write(ref _longest, since);
            }
        }

        internal double Take() =>
            Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref _longest, 0)).TotalMilliseconds;
    }
}
