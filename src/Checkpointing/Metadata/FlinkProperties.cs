using Checkpointing.Metadata.Flink.Properties;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata;

/// <summary>What Flink's versions 4 and later say about a checkpoint as a whole: an object that Java serialized, kept
/// as it is, and what can be read in it.</summary>
/// <remarks>Equal if the bytes are. Nothing named in the bytes is ever created or loaded.</remarks>
/// <param name="Serialized">The whole Java serialization stream.</param>
public sealed record FlinkProperties(ValueList<byte> Serialized)
{
    /// <summary>The values; null if the object is of a class or form that this library does not know.</summary>
    public FlinkCheckpointProperties? Values { get; init; }

    /// <summary>The properties that Flink itself would write for these values, byte for byte.</summary>
    /// <exception cref="ArgumentException">Flink has no such kind of snapshot: its name, sharing, format or action
    /// do not belong together.</exception>
    public static FlinkProperties Of(FlinkCheckpointProperties values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new(FlinkPropertiesSerializer.Serialize(values)) { Values = values };
    }

    /// <summary>The properties that say in Flink's terms what ours say.</summary>
    public static FlinkProperties From(CheckpointProperties properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        var isSavepoint = properties.Kind == CheckpointKind.Savepoint;
        FlinkSnapshotKind kind = properties.Kind switch
        {
            CheckpointKind.Savepoint => new FlinkSavepointKind(
                "Savepoint", properties.Format == SavepointFormat.Native ? "NATIVE" : "CANONICAL", "NONE"),
            CheckpointKind.FullCheckpoint => new FlinkCheckpointKind("Full Checkpoint", "FORWARD"),
            _ => new FlinkCheckpointKind("Checkpoint", "FORWARD_BACKWARD"),
        };
        return Of(new FlinkCheckpointProperties(
            Forced: isSavepoint,
            DiscardSubsumed: !isSavepoint,
            DiscardFinished: !properties.StaysAfter(JobTermination.Finished),
            DiscardCancelled: !properties.StaysAfter(JobTermination.Cancelled),
            DiscardFailed: !properties.StaysAfter(JobTermination.Failed),
            DiscardSuspended: !properties.StaysAfter(JobTermination.Suspended),
            IsUnclaimed: false,
            kind));
    }
}

/// <summary>The values in Flink's properties of a checkpoint.</summary>
/// <param name="Forced">Whether it was taken in spite of the limits on checkpoints.</param>
/// <param name="DiscardSubsumed">Whether it is deleted when newer ones push it out.</param>
/// <param name="DiscardFinished">Whether it is deleted when the job finishes.</param>
/// <param name="DiscardCancelled">Whether it is deleted when the job is cancelled.</param>
/// <param name="DiscardFailed">Whether it is deleted when the job fails.</param>
/// <param name="DiscardSuspended">Whether it is deleted when the job is suspended.</param>
/// <param name="IsUnclaimed">Whether it belongs to somebody else, who alone may delete it.</param>
/// <param name="Kind">What was asked for.</param>
public sealed record FlinkCheckpointProperties(
    bool Forced,
    bool DiscardSubsumed,
    bool DiscardFinished,
    bool DiscardCancelled,
    bool DiscardFailed,
    bool DiscardSuspended,
    bool IsUnclaimed,
    FlinkSnapshotKind Kind);

/// <summary>What was asked for when Flink took a snapshot.</summary>
/// <param name="Name">Flink's name, for example <c>Checkpoint</c> or <c>Suspend Savepoint</c>.</param>
public abstract record FlinkSnapshotKind(string Name);

/// <summary>A checkpoint.</summary>
/// <param name="Name">Flink's name: <c>Checkpoint</c> or <c>Full Checkpoint</c>.</param>
/// <param name="Sharing">Which files it shares: <c>FORWARD_BACKWARD</c>, with checkpoints before and after it, if it is
/// a <c>Checkpoint</c>; <c>FORWARD</c>, with those after it, if a <c>Full Checkpoint</c>.</param>
public sealed record FlinkCheckpointKind(string Name, string Sharing) : FlinkSnapshotKind(Name);

/// <summary>A savepoint.</summary>
/// <param name="Name">Flink's name: <c>Savepoint</c>, <c>Suspend Savepoint</c> or <c>Terminate Savepoint</c>.</param>
/// <param name="Format"><c>CANONICAL</c> or <c>NATIVE</c>.</param>
/// <param name="PostAction">What the job did then: <c>NONE</c>, <c>SUSPEND</c> or <c>TERMINATE</c>.</param>
public sealed record FlinkSavepointKind(string Name, string Format, string PostAction) : FlinkSnapshotKind(Name);
