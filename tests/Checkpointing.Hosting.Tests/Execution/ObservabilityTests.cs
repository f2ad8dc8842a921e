using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Checkpointing.Diagnostics;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.RocksDb;
using Checkpointing.Statistics;
using Checkpointing.Storage.Local;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>A whole job on RocksDB, with everybody listening: metrics, spans and statistics say the same.</summary>
public sealed class ObservabilityTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalCheckpointStorage _storage;
    private readonly Meter _meter = new(CheckpointingMetrics.MeterName);
    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _measured = new();
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly MeterListener _meterListener = new();
    private readonly ActivityListener _spanListener;
    private readonly InProcessHost _host;
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(90));

    public ObservabilityTests()
    {
        _storage = new(_folder.File("checkpoints"));
        _meterListener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == _meter && !instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meterListener.SetMeasurementEventCallback<long>((i, value, tags, _) => Measure(i, value, tags));
        _meterListener.SetMeasurementEventCallback<double>((i, value, tags, _) => Measure(i, value, tags));
        _meterListener.Start();
        _spanListener = new()
        {
            ShouldListenTo = static source => source.Name == CheckpointingMetrics.MeterName,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_spanListener);
        _host = new InProcessHostBuilder(_storage)
            .WithBackend(new RocksDbBackendFactory(new() { WorkingDirectory = _folder.File("work") }))
            .WithMeter(_meter).Build();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _spanListener.Dispose();
        _meterListener.Dispose();
        _meter.Dispose();
        _storage.Dispose();
        _folder.Dispose();
        _deadline.Dispose();
    }

    [Fact]
    public async Task Checkpoints_MetricsAndSpansEqualTheStatistics()
    {
        var orders = Orders.Generate(3_000, seed: 3);
        var source = new ListSource<Order>(orders);
        CheckpointStatistics first;
        await using (var run = await StartAsync(source.PausingAfter(2_000)))
        {
            await run.WaitForSourceIdleAsync(_deadline.Token);
            await run.TriggerCheckpointAsync(_deadline.Token);
            await run.TriggerCheckpointAsync(_deadline.Token);
            await run.DisposeAsync();
            first = run.Statistics;
        }

        first.History.Should().HaveCount(2).And.OnlyContain(one => one.Outcome == CheckpointOutcome.Completed);
        MeasurementsShouldEqual(first);
        foreach (var report in first.History)
        {
            SpansShouldBeThoseOf(report);
        }

        SubsumeShouldBeIn(first.History[1], first.History[0].Id);

        await using var second = await StartAsync(source.PausingAfter(2_500));
        await second.WaitForSourceIdleAsync(_deadline.Token);
        RestoreShouldBeTraced(second.Statistics.LatestRestored!);
        Sum(CheckpointingMetrics.RestoreDuration).Should()
            .BeApproximately(second.Statistics.LatestRestored!.Duration.TotalSeconds, 1e-6);
    }

    private Task<RunningJob> StartAsync(ISource<Order> source) => _host.StartAsync(
        Orders.Define(source, _folder.File("windows.csv"), _folder.File("totals.csv")),
        new() { Name = "observed", Parallelism = 2, Retention = CheckpointRetention.OnCancellation }, _deadline.Token);

    private void MeasurementsShouldEqual(CheckpointStatistics statistics)
    {
        var reports = statistics.History;
        var subtasks = reports.SelectMany(static one => one.Subtasks).ToList();
        Count(CheckpointingMetrics.Duration).Should().Be(2);
        Sum(CheckpointingMetrics.Duration).Should()
            .BeApproximately(reports.Sum(static one => one.Duration.TotalSeconds), 1e-6);
        _measured.Where(static one => one.Name == CheckpointingMetrics.Duration).Should().OnlyContain(static one =>
            one.Tags.Contains("checkpointing.outcome=completed") && one.Tags.Contains("checkpointing.kind=checkpoint"));
        Count(CheckpointingMetrics.Blocked).Should().Be(subtasks.Count).And.BePositive();
        Sum(CheckpointingMetrics.Blocked).Should()
            .BeApproximately(subtasks.Sum(static one => one.Times.Synchronous.TotalSeconds), 1e-6).And.BePositive();
        Sum(CheckpointingMetrics.Written).Should()
            .BeApproximately(subtasks.Sum(static one => one.Times.Asynchronous.TotalSeconds), 1e-6);
        Sum(CheckpointingMetrics.Alignment).Should()
            .BeApproximately(subtasks.Sum(static one => one.Times.Alignment.TotalSeconds), 1e-6);
        Sum(CheckpointingMetrics.Uploaded).Should().Be(reports.Sum(static one => one.Cost.NewBytes)).And.BePositive();
        Sum(CheckpointingMetrics.Reused).Should().Be(reports.Sum(static one => one.Cost.ReusedBytes)).And.BePositive();
        Sum(CheckpointingMetrics.TransferredFiles).Should()
            .Be(reports.Sum(static one => one.Cost.Transfers.Files)).And.BePositive();
        Sum(CheckpointingMetrics.TransferredSize).Should().Be(reports.Sum(static one => one.Cost.Transfers.Bytes));
        Sum(CheckpointingMetrics.MetadataSize).Should().Be(reports.Sum(static one => one.MetadataSizeBytes));
        Count(CheckpointingMetrics.Failures).Should().Be(0);
    }

    private void SpansShouldBeThoseOf(CheckpointReport report)
    {
        var root = Named(CheckpointingSpans.Checkpoint, report.Id).Should().ContainSingle().Subject;
        root.GetTagItem(CheckpointingMetrics.OutcomeTag).Should().Be("completed");
        root.GetTagItem(CheckpointingSpans.SizeTag).Should().Be(report.Cost.NewBytes);
        ChildrenOf(root, CheckpointingSpans.Trigger).Should().ContainSingle();
        ChildrenOf(root, CheckpointingSpans.Acknowledge).Should().HaveCount(report.SubtaskCount);
        var publish = ChildrenOf(root, CheckpointingSpans.Publish).Should().ContainSingle().Subject;
        ChildrenOf(publish, CheckpointingSpans.Metadata).Should().ContainSingle();
        ChildrenOf(publish, CheckpointingSpans.Register).Should().ContainSingle();
        var snapshots = ChildrenOf(root, CheckpointingSpans.Snapshot);
        snapshots.Select(static span => $"{span.GetTagItem(CheckpointingMetrics.OperatorTag)}"
                + $"[{span.GetTagItem(CheckpointingSpans.SubtaskTag)}]").Should()
            .BeEquivalentTo(report.Subtasks.Select(static one => one.ToString()));
        snapshots.Should().OnlyContain(span => ChildrenOf(span, CheckpointingSpans.Synchronous).Count == 1);
        var files = snapshots.SelectMany(span => ChildrenOf(span, CheckpointingSpans.Asynchronous))
            .SelectMany(span => ChildrenOf(span, CheckpointingSpans.Transfer)).ToList();
        files.Should().HaveCount(report.Cost.Transfers.Files);
        files.Sum(static span => Convert.ToInt64(span.GetTagItem(CheckpointingSpans.SizeTag))).Should()
            .Be(report.Cost.Transfers.Bytes);
        _spans.Where(span => span.TraceId == root.TraceId).Should()
            .OnlyContain(static span => span.Status != ActivityStatusCode.Error);
    }

    private void SubsumeShouldBeIn(CheckpointReport newer, CheckpointId older) =>
        Named(CheckpointingSpans.Subsume, older).Should().ContainSingle().Which.ParentSpanId.Should()
            .Be(Named(CheckpointingSpans.Checkpoint, newer.Id)[0].SpanId);

    private void RestoreShouldBeTraced(RestoreReport report)
    {
        var root = Named(CheckpointingSpans.Restore, report.Id).Should().ContainSingle().Subject;
        ChildrenOf(root, CheckpointingSpans.Recover).Should().ContainSingle();
        var subtasks = ChildrenOf(root, CheckpointingSpans.Subtask);
        subtasks.Should().NotBeEmpty();
        subtasks.SelectMany(span => ChildrenOf(span, CheckpointingSpans.Fetch)).Should().NotBeEmpty();
    }

    // Other tests run at the same time, and are heard too.
    private List<Activity> Named(string name, CheckpointId id)
    {
        var traces = _spans.Where(static span => Equals(span.GetTagItem(CheckpointingMetrics.JobTag), "observed"))
            .Select(static span => span.TraceId).ToHashSet();
        return [.. _spans.Where(span => span.OperationName == name && traces.Contains(span.TraceId)
            && Equals(span.GetTagItem(CheckpointingSpans.CheckpointTag), id.Value))];
    }

    private List<Activity> ChildrenOf(Activity parent, string name) =>
        [.. _spans.Where(span => span.OperationName == name && span.ParentSpanId == parent.SpanId)];

    private double Sum(string name) => _measured.Where(one => one.Name == name).Sum(static one => one.Value);

    private int Count(string name) => _measured.Count(one => one.Name == name);

    private void Measure(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = string.Join(' ', tags.ToArray().Select(static tag => $"{tag.Key}={tag.Value}"));
        text.Should().Contain("checkpointing.job=observed");
        _measured.Enqueue((instrument.Name, value, text));
    }
}
