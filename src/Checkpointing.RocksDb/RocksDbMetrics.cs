using System.Diagnostics.Metrics;
using Checkpointing.Diagnostics;

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
}
