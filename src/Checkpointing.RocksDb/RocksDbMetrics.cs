using System.Diagnostics;
using System.Diagnostics.Metrics;
using Checkpointing.Diagnostics;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb;

/// <summary>Names of what this package measures: a <see cref="Meter"/> for OpenTelemetry, or any listener.</summary>
/// <remarks>What all backends have in common is in <see cref="CheckpointingMetrics"/>. Every measurement has
/// the tags <see cref="JobTag"/> and <see cref="OperatorTag"/>. Nothing is measured that
/// nobody listens to.</remarks>
public static class RocksDbMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Checkpointing.RocksDb";

    /// <summary>Histogram, s: how long the writer stood still for a snapshot's barrier. Tag
    /// <see cref="BarrierTag"/>.</summary>
    public const string Blocked = "checkpointing.rocksdb.snapshot.blocked";

    /// <summary>Counter, {file}: files that written snapshots name. Tag <see cref="OriginTag"/>.</summary>
    public const string Files = "checkpointing.rocksdb.snapshot.files";

    /// <summary>Counter, By: bytes of these files. Tag <see cref="OriginTag"/>.</summary>
    public const string Size = "checkpointing.rocksdb.snapshot.size";

    /// <summary>Counter, {file}: live files looked at by cuts. Tag <see cref="CutTag"/>. The share of straddling files
    /// is what compaction and flush cost checkpoints: their rows are written again.</summary>
    public const string CutFiles = "checkpointing.rocksdb.cut.files";

    /// <summary>Counter, {file}: files written in place of straddling ones.</summary>
    public const string ExportedFiles = "checkpointing.rocksdb.export.files";

    /// <summary>Counter, By: bytes of these files.</summary>
    public const string ExportedSize = "checkpointing.rocksdb.export.size";

    /// <summary>Tag: name of the job.</summary>
    public const string JobTag = CheckpointingMetrics.JobTag;

    /// <summary>Tag: name of the operator.</summary>
    public const string OperatorTag = CheckpointingMetrics.OperatorTag;

    /// <summary>Tag: <c>new</c>, the bytes went through this process, or <c>reused</c>.</summary>
    public const string OriginTag = "checkpointing.file.origin";

    /// <summary>Tag: <c>kept</c>, all rows are of before the cut; <c>left_out</c>, of after it; <c>straddling</c>, of
    /// both sides.</summary>
    public const string CutTag = "checkpointing.rocksdb.cut";

    /// <summary>Tag: <c>view</c>, nothing was sealed, as a canonical snapshot reads rows; <c>not_waited</c>, memtables
    /// were sealed; else why the barrier waited for their flush: <c>writes_stopped</c>, <c>written_meanwhile</c>,
    /// <c>not_sealed</c>.</summary>
    public const string BarrierTag = "checkpointing.rocksdb.barrier";

    private static readonly Meter s_meter = new(MeterName);

    private static readonly Histogram<double> s_blocked = s_meter.CreateHistogram<double>(
        Blocked, "s", "How long the writer stood still for a snapshot's barrier.");

    private static readonly Counter<long> s_files = s_meter.CreateCounter<long>(
        Files, "{file}", "Files that written snapshots name.");

    private static readonly Counter<long> s_size = s_meter.CreateCounter<long>(
        Size, "By", "Bytes of the files that written snapshots name.");

    private static readonly Counter<long> s_cutFiles = s_meter.CreateCounter<long>(
        CutFiles, "{file}", "Live files looked at by cuts.");

    private static readonly Counter<long> s_exportedFiles = s_meter.CreateCounter<long>(
        ExportedFiles, "{file}", "Files written in place of straddling ones.");

    private static readonly Counter<long> s_exportedSize = s_meter.CreateCounter<long>(
        ExportedSize, "By", "Bytes of files written in place of straddling ones.");

    /// <param name="context">The backend.</param>
    /// <param name="path">How the barrier was raised; null: there was none.</param>
    /// <param name="duration">How long it took.</param>
    internal static void AddBlocked(KeyedStateBackendContext context, BarrierPath? path, TimeSpan duration)
    {
        if (s_blocked.Enabled)
        {
            s_blocked.Record(duration.TotalSeconds, TagsOf(context, BarrierTag, path switch
            {
                null => "view",
                BarrierPath.NotWaited => "not_waited",
                BarrierPath.WritesStopped => "writes_stopped",
                BarrierPath.WrittenMeanwhile => "written_meanwhile",
                _ => "not_sealed",
            }));
        }
    }

    internal static void AddSnapshot(KeyedStateBackendContext context, SnapshotCost cost)
    {
        Add(s_files, context, OriginTag, "new", cost.NewFiles);
        Add(s_size, context, OriginTag, "new", cost.NewBytes);
        Add(s_files, context, OriginTag, "reused", cost.ReusedFiles);
        Add(s_size, context, OriginTag, "reused", cost.ReusedBytes);
    }

    internal static void AddCut(KeyedStateBackendContext context, int kept, int leftOut, int straddling)
    {
        Add(s_cutFiles, context, CutTag, "kept", kept);
        Add(s_cutFiles, context, CutTag, "left_out", leftOut);
        Add(s_cutFiles, context, CutTag, "straddling", straddling);
    }

    internal static void AddExport(KeyedStateBackendContext context, int fileCount, long sizeBytes)
    {
        Add(s_exportedFiles, context, null, null, fileCount);
        Add(s_exportedSize, context, null, null, sizeBytes);
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
        var tags = new TagList { { JobTag, context.Job.Name }, { OperatorTag, context.Operator } };
        if (tag is not null)
        {
            tags.Add(tag, value);
        }

        return tags;
    }
}
