using System.Diagnostics.Metrics;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Embedded;

/// <summary>Settings and components of <see cref="EmbeddedCheckpoints"/>; each has a default. Components are
/// borrowed.</summary>
public sealed class EmbeddedOptions
{
    /// <summary>Completed checkpoints kept, 1 to 1,000. Default: 1.</summary>
    public int MaxRetainedCheckpoints { get; set; } = 1;

    /// <summary>A checkpoint that takes longer fails. Default: 10 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes a second at which retained files are read again behind the job; at least 1,024. Default: null,
    /// they are not. What is found is logged, and is in <see cref="EmbeddedCheckpoints.DamagedFiles"/>.</summary>
    public long? ScrubBytesPerSecond { get; set; }

    /// <summary>What opening does when the newest checkpoint cannot be read. Default:
    /// <see cref="Coordination.UnreadableCheckpoints.FallBack"/>.</summary>
    public UnreadableCheckpoints UnreadableCheckpoints { get; set; }

    /// <summary>Ended checkpoints that <see cref="EmbeddedCheckpoints.Statistics"/> remember, 0 to 1,000. Default:
    /// 1,000.</summary>
    public int MaxStatisticsEntries { get; set; } = 1_000;

    /// <summary>Whether statistics are kept on the storage, so that later processes show them too. Default:
    /// true.</summary>
    public bool StoresStatistics { get; set; } = true;

    /// <summary>Where the list of completed checkpoints is kept. Default: null, in the job's folder.</summary>
    public ICheckpointRegister? Register { get; set; }

    /// <summary>Default: no log.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>What is measured goes to this meter. Default: null, one that all of the process share. With an
    /// <see cref="IMeterFactory"/>: <c>factory.Create(CheckpointingMetrics.MeterName)</c>.</summary>
    public Meter? Meter { get; set; }

    /// <summary>Default: the system's time.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Default: the system's random generator.</summary>
    public IdSource Ids { get; set; } = IdSource.System;
}
