using System.Diagnostics.Metrics;
using Checkpointing.State;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests;

public sealed class RocksDbMetricsTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new(writeBufferSizeBytes: 64 << 10);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Snapshots_AreMeasuredByOriginAndCut()
    {
        using var heard = new Heard("measured");
        await using var backend = await _bed.Factory.OpenAsync(_bed.Context() with { Job = heard.Job }, default);
        var rocksDb = (RocksDbKeyedStateBackend)backend;
        Put(backend, "a", "1");
        var first = await _bed.TakeAsync(backend);
        heard.Sum(RocksDbMetrics.Files, RocksDbMetrics.OriginTag, "new").Should().Be(1);
        heard.Sum(RocksDbMetrics.Size, RocksDbMetrics.OriginTag, "new").Should().Be(first.Result.Cost.NewBytes);
        heard.Sum(RocksDbMetrics.CutFiles, RocksDbMetrics.CutTag, "kept").Should().Be(1);
        heard.Sum(RocksDbMetrics.CutFiles, RocksDbMetrics.CutTag, "straddling").Should().Be(0);

        // Two memtables wait, one flush takes both: its file has rows of both sides of the second cut.
        Put(backend, "b", "2");
        rocksDb.Database.PauseBackgroundWork();
        await using (var snapshot = backend.PrepareSnapshot(_bed.Request(first.Id)))
        {
            for (var i = 0; i < 200; i++)
            {
                Put(backend, $"{i}", new string('x', 500));
            }

            var writing = snapshot.WriteAsync(default).AsTask();
            rocksDb.Database.ContinueBackgroundWork();
            await writing;
        }

        var counters = rocksDb.Scope.Counters;
        heard.Sum(RocksDbMetrics.CutFiles, RocksDbMetrics.CutTag, "straddling").Should()
            .Be(counters.StraddlingFiles).And.BePositive();
        heard.Sum(RocksDbMetrics.CutFiles).Should().Be(counters.CutFiles, "the share is of all files looked at");
        heard.Sum(RocksDbMetrics.ExportedFiles).Should().Be(counters.ExportedFiles).And.BePositive();
        heard.Sum(RocksDbMetrics.ExportedSize).Should().Be(counters.ExportedBytes).And.BePositive();
        heard.Sum(RocksDbMetrics.Files, RocksDbMetrics.OriginTag, "reused").Should().Be(1);

        await _bed.TakeAsync(backend, kind: CheckpointKind.Savepoint);
        heard.Count(RocksDbMetrics.Blocked, "not_waited").Should().Be(2);
        heard.Count(RocksDbMetrics.Blocked, "view").Should().Be(1, "a canonical savepoint seals nothing");
        heard.Units.Should().BeEquivalentTo(new (string, string?)[]
        {
            (RocksDbMetrics.Blocked, "s"), (RocksDbMetrics.Files, "{file}"), (RocksDbMetrics.Size, "By"),
            (RocksDbMetrics.CutFiles, "{file}"), (RocksDbMetrics.ExportedFiles, "{file}"),
            (RocksDbMetrics.ExportedSize, "By"),
        });
    }

    [Fact]
    public async Task Snapshots_WithAMeterOfTheirOwn_AreMeasuredThereAlone()
    {
        using var meter = new Meter(RocksDbMetrics.MeterName);
        using var everywhere = new Heard("own");
        using var there = new Heard(everywhere.Job, meter);
        var factory = new RocksDbBackendFactory(new() { WorkingDirectory = _bed.WorkingDirectory, Meter = meter });
        await using var backend = await factory.OpenAsync(_bed.Context() with { Job = everywhere.Job }, default);
        Put(backend, "a", "1");

        await _bed.TakeAsync(backend);

        there.Sum(RocksDbMetrics.Files, RocksDbMetrics.OriginTag, "new").Should().Be(1);
        everywhere.Sum(RocksDbMetrics.Files, RocksDbMetrics.OriginTag, "new").Should()
            .Be(1, "each measurement goes to one meter");
    }

    /// <summary>What is measured of one job; other tests measure at the same time.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly MeterListener _listener = new();
        private readonly List<(string Name, double Value, Dictionary<string, object?> Tags)> _all = [];

        public Heard(string job, Meter? meter = null)
        {
            Job = job;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (meter is null ? instrument.Meter.Name == RocksDbMetrics.MeterName : instrument.Meter == meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public string Job { get; }

        public HashSet<(string Name, string? Unit)> Units { get; } = [];

        public long Sum(string name, string? tag = null, string? value = null)
        {
            lock (_lock)
            {
                return (long)_all
                    .Where(one => one.Name == name && (tag is null || Equals(one.Tags[tag], value)))
                    .Sum(static one => one.Value);
            }
        }

        public int Count(string name, string barrier)
        {
            lock (_lock)
            {
                return _all.Count(one => one.Name == name && one.Value >= 0
                    && Equals(one.Tags[RocksDbMetrics.BarrierTag], barrier));
            }
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var all = tags.ToArray().ToDictionary(static tag => tag.Key, static tag => tag.Value);
            lock (_lock)
            {
                if (Equals(all[RocksDbMetrics.JobTag], Job) && Equals(all[RocksDbMetrics.OperatorTag], "op"))
                {
                    Units.Add((instrument.Name, instrument.Unit));
                    _all.Add((instrument.Name, value, all));
                }
            }
        }
    }
}
