using System.Diagnostics.Metrics;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.Statistics;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Statistics;

public sealed class CheckpointingInstrumentsTests
{
    [Fact]
    public async Task Gauges_ReadACoordinatorFromItsRecoveryToItsEnd()
    {
        using var meter = new Meter(CheckpointingMetrics.MeterName);
        using var heard = new Heard(meter);
        var instruments = CheckpointingInstruments.Of(meter);
        var coordinator = new CheckpointCoordinatorBuilder(new InMemoryCheckpointStorage())
            .WithJob(new JobTopology("measured", 4) { { "op", 1 } }).WithTaskGateway(new SilentGateway())
            .WithMeter(meter).Build();
        heard.Read().Should().BeEmpty("one that was built and forgotten is held by nobody");

        await coordinator.RecoverAsync();
        coordinator.Start();
        _ = coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        heard.Read().Should().BeEquivalentTo(new Dictionary<string, double>
        {
            [CheckpointingMetrics.InProgress] = 1,
            [CheckpointingMetrics.SharedFiles] = 0,
            [CheckpointingMetrics.WaitingDeletions] = 0,
        });
        await coordinator.DisposeAsync();

        heard.Read().Should().BeEmpty();
        instruments.SourceCount.Should().Be(0);
        CheckpointingInstruments.Of(meter).Should().BeSameAs(instruments, "a meter has each instrument once");
    }

    [Fact]
    public void Ended_NobodyListens_NothingIsAllocated()
    {
        using var meter = new Meter("nobody listens");
        var instruments = CheckpointingInstruments.Of(meter);
        var report = StatisticsSamples.Completed(1) with { Cost = new(10, 1, 5, 1) };
        var failed = report with { FailureReason = CheckpointFailureReason.Expired };
        var restored = new RestoreReport(new(1), "p", CheckpointKind.Checkpoint, false, 1, 0, default, default);

        var job = new JobId("job");
        AllocatedBy(() =>
        {
            instruments.AddEnded(job, report);
            instruments.AddEnded(job, failed);
            instruments.AddAcknowledged(job, "op", default);
            instruments.AddRestored(job, restored);
            instruments.AddOrphans(job, 3);
        }).Should().Be(0);
    }

    [Fact]
    public void Spans_NothingIsTraced_NothingIsAllocated() =>
        AllocatedBy(static () =>
        {
            CheckpointingSpans.StartBelow(CheckpointingSpans.Snapshot, null);
            CheckpointingSpans.StartDetachedBelow(CheckpointingSpans.Snapshot, null);
            CheckpointingSpans.StartTransfer("path", 1);
            CheckpointingSpans.StartFetch("path", 1);
        }).Should().Be(0);

    private static long AllocatedBy(Action act)
    {
        for (var i = 0; i < 100; i++)
        {
            act();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            act();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private sealed class SilentGateway : ITaskGateway
    {
        public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken) => default;

        public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken) =>
            default;

        public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken) => default;
    }

    private sealed class Heard : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, double> _values = [];

        public Heard(Meter meter)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == meter && instrument.IsObservable)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public Dictionary<string, double> Read()
        {
            _values.Clear();
            _listener.RecordObservableInstruments();
            return _values;
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Assert.Equal([new(CheckpointingMetrics.JobTag, "measured")], tags.ToArray());
            _values.Add(instrument.Name, value);
        }
    }
}
