using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb;

/// <summary>The instruments of one meter; backends that are given the same meter share them.</summary>
/// <remarks>Safe for concurrent calls. Nothing is measured that nobody listens to.</remarks>
internal sealed class RocksDbInstruments
{
    private static readonly ConditionalWeakTable<Meter, RocksDbInstruments> s_ofMeter = [];
    private static readonly Meter s_meter = new(RocksDbMetrics.MeterName);

    private readonly Histogram<double> _blocked;
    private readonly Counter<long> _files;
    private readonly Counter<long> _size;
    private readonly Counter<long> _cutFiles;
    private readonly Counter<long> _exportedFiles;
    private readonly Counter<long> _exportedSize;

    private RocksDbInstruments(Meter meter)
    {
        _blocked = meter.CreateHistogram<double>(
            RocksDbMetrics.Blocked, "s", "How long the writer stood still for a snapshot's barrier.");
        _files = meter.CreateCounter<long>(RocksDbMetrics.Files, "{file}", "Files that written snapshots name.");
        _size = meter.CreateCounter<long>(
            RocksDbMetrics.Size, "By", "Bytes of the files that written snapshots name.");
        _cutFiles = meter.CreateCounter<long>(RocksDbMetrics.CutFiles, "{file}", "Live files looked at by cuts.");
        _exportedFiles = meter.CreateCounter<long>(
            RocksDbMetrics.ExportedFiles, "{file}", "Files written in place of straddling ones.");
        _exportedSize = meter.CreateCounter<long>(
            RocksDbMetrics.ExportedSize, "By", "Bytes of files written in place of straddling ones.");
    }

    /// <summary>The instruments of a meter; null: of the one that all of the process share.</summary>
    public static RocksDbInstruments Of(Meter? meter) =>
        s_ofMeter.GetValue(meter ?? s_meter, static one => new(one));

    /// <param name="context">The backend.</param>
    /// <param name="path">How the barrier was raised; null: there was none.</param>
    /// <param name="duration">How long it took.</param>
    public void AddBlocked(KeyedStateBackendContext context, BarrierPath? path, TimeSpan duration)
    {
        if (_blocked.Enabled)
        {
            _blocked.Record(duration.TotalSeconds, TagsOf(context, RocksDbMetrics.BarrierTag, path switch
            {
                null => "view",
                BarrierPath.NotWaited => "not_waited",
                BarrierPath.WritesStopped => "writes_stopped",
                BarrierPath.WrittenMeanwhile => "written_meanwhile",
                _ => "not_sealed",
            }));
        }
    }

    public void AddSnapshot(KeyedStateBackendContext context, SnapshotCost cost)
    {
        Add(_files, context, RocksDbMetrics.OriginTag, "new", cost.NewFiles);
        Add(_size, context, RocksDbMetrics.OriginTag, "new", cost.NewBytes);
        Add(_files, context, RocksDbMetrics.OriginTag, "reused", cost.ReusedFiles);
        Add(_size, context, RocksDbMetrics.OriginTag, "reused", cost.ReusedBytes);
    }

    public void AddCut(KeyedStateBackendContext context, int kept, int leftOut, int straddling)
    {
        Add(_cutFiles, context, RocksDbMetrics.CutTag, "kept", kept);
        Add(_cutFiles, context, RocksDbMetrics.CutTag, "left_out", leftOut);
        Add(_cutFiles, context, RocksDbMetrics.CutTag, "straddling", straddling);
    }

    public void AddExport(KeyedStateBackendContext context, int fileCount, long sizeBytes)
    {
        Add(_exportedFiles, context, null, null, fileCount);
        Add(_exportedSize, context, null, null, sizeBytes);
    }

    private static void Add(
        Counter<long> counter, KeyedStateBackendContext context, string? tag, string? value, long count)
    {
        if (counter.Enabled && count > 0)
        {
            counter.Add(count, TagsOf(context, tag, value));
        }
    }

    private static TagList TagsOf(KeyedStateBackendContext context, string? tag, string? value)
    {
        var tags = new TagList
        {
            { RocksDbMetrics.JobTag, context.Job.Name },
            { RocksDbMetrics.OperatorTag, context.Operator },
        };
        if (tag is not null)
        {
            tags.Add(tag, value);
        }

        return tags;
    }
}
