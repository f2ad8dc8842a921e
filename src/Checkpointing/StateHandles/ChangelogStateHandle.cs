using Checkpointing.KeyGroups;

namespace Checkpointing.StateHandles;

/// <summary>Keyed state of Flink's changelog backend: a snapshot taken some time ago, and what has changed
/// since.</summary>
/// <param name="Range">Key groups covered.</param>
/// <param name="Materialized">The snapshots that the changes start from.</param>
/// <param name="Changes">The changes, oldest first.</param>
/// <param name="MaterializationId">Number of the snapshot.</param>
/// <param name="CheckpointedSizeBytes">Bytes that were stored for this checkpoint; -1 if not known.</param>
/// <param name="HandleId">Id that Flink gave to the handle.</param>
public sealed record ChangelogStateHandle(
    KeyGroupRange Range,
    ValueList<KeyedStateHandle> Materialized,
    ValueList<KeyedStateHandle> Changes,
    long MaterializationId,
    long CheckpointedSizeBytes,
    string HandleId) : KeyedStateHandle
{
    /// <summary>The checkpoint it was made for; null where the format keeps none (Flink 1.15).</summary>
    public CheckpointId? CheckpointId { get; init; }

    /// <inheritdoc/>
    public override KeyGroupRange KeyGroups => Range;

    /// <inheritdoc/>
    public override long SizeBytes => StateSize.Add(
        StateSize.Sum(Materialized, static one => one.SizeBytes), StateSize.Sum(Changes, static one => one.SizeBytes));
}

/// <summary>Changes of keyed state that lie in the metadata itself.</summary>
/// <param name="Range">Key groups covered.</param>
/// <param name="From">Sequence number of the first change.</param>
/// <param name="To">Sequence number behind the last change.</param>
/// <param name="Changes">The changes, in order.</param>
/// <param name="HandleId">Id that Flink gave to the handle.</param>
public sealed record InMemoryChangelogStateHandle(
    KeyGroupRange Range, long From, long To, ValueList<StateChange> Changes, string HandleId) : KeyedStateHandle
{
    /// <inheritdoc/>
    public override KeyGroupRange KeyGroups => Range;

    /// <inheritdoc/>
    public override long SizeBytes => StateSize.Sum(Changes, static change => change.Data.Count);
}

/// <summary>One change.</summary>
/// <param name="KeyGroup">Key group of its key; -1 = it changes what all key groups have in common.</param>
/// <param name="Data">The change as Flink's serializers wrote it.</param>
public sealed record StateChange(int KeyGroup, ValueList<byte> Data);

/// <summary>Changes of keyed state that lie in streams.</summary>
/// <param name="Range">Key groups covered.</param>
/// <param name="Streams">The streams, in order.</param>
/// <param name="TotalSizeBytes">Bytes of all.</param>
/// <param name="CheckpointedSizeBytes">Bytes that were stored for this checkpoint; -1 if not known.</param>
/// <param name="HandleId">Id that Flink gave to the handle.</param>
public sealed record ChangelogFilesStateHandle(
    KeyGroupRange Range,
    ValueList<ChangelogStream> Streams,
    long TotalSizeBytes,
    long CheckpointedSizeBytes,
    string HandleId) : KeyedStateHandle
{
    /// <summary>Which of Flink's changelog storages holds the streams; null where the format keeps none, which means
    /// <c>filesystem</c> (Flink 1.15).</summary>
    public string? StorageId { get; init; }

    /// <inheritdoc/>
    public override KeyGroupRange KeyGroups => Range;

    /// <inheritdoc/>
    public override long SizeBytes => TotalSizeBytes;
}

/// <summary>One stream of changes.</summary>
/// <param name="Offset">Where the changes begin in it, bytes.</param>
/// <param name="Stream">The stream.</param>
public sealed record ChangelogStream(long Offset, StreamStateHandle Stream);
