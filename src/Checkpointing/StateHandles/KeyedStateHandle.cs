using Checkpointing.KeyGroups;

namespace Checkpointing.StateHandles;

/// <summary>Keyed state of a run of key groups.</summary>
public abstract record KeyedStateHandle : StateHandle
{
    /// <summary>Key groups whose state is behind the handle.</summary>
    public abstract KeyGroupRange KeyGroups { get; }
}

/// <summary>A full snapshot in one stream, one block a key group.</summary>
/// <param name="Range">Key groups covered.</param>
/// <param name="Offsets">One entry a key group, in range order; bytes from the start of the stream; 0 = no
/// data.</param>
/// <param name="Stream">The stream.</param>
public sealed record KeyGroupsStateHandle(KeyGroupRange Range, ValueList<long> Offsets, StreamStateHandle Stream)
    : KeyedStateHandle
{
    /// <summary>Whether Flink marked it as part of a canonical savepoint.</summary>
    public bool IsSavepoint { get; init; }

    /// <summary>Id that Flink gave to the handle, a UUID as text; null in files before Flink 1.15 and in
    /// ours.</summary>
    public string? HandleId { get; init; }

    /// <inheritdoc/>
    public override KeyGroupRange KeyGroups => Range;

    /// <inheritdoc/>
    public override long SizeBytes => Stream.SizeBytes;
}

/// <summary>One file of an incremental snapshot.</summary>
/// <param name="LocalName">Name the backend had for it, for example <c>000012.sst</c>. For people; not an
/// identity.</param>
/// <param name="Handle">Where it is: a file, or a placeholder until the registry has resolved it.</param>
public sealed record StateFile(string LocalName, StreamStateHandle Handle);

/// <summary>An incremental snapshot: files shared with other checkpoints, and files of this one alone.</summary>
/// <param name="BackendId">Id of the backend that made it.</param>
/// <param name="Range">Its key groups.</param>
/// <param name="CheckpointId">The checkpoint it was made for.</param>
/// <param name="SharedFiles">Files that later checkpoints may use again.</param>
/// <param name="PrivateFiles">Files of this checkpoint only.</param>
/// <param name="MetaFile">What the files mean: the catalogue and the descriptions of the states.</param>
/// <param name="CheckpointedSizeBytes">Bytes that were really stored for this checkpoint; -1 if not known.</param>
public sealed record IncrementalKeyedStateHandle(
    Guid BackendId,
    KeyGroupRange Range,
    CheckpointId CheckpointId,
    ValueList<StateFile> SharedFiles,
    ValueList<StateFile> PrivateFiles,
    StreamStateHandle MetaFile,
    long CheckpointedSizeBytes = -1) : KeyedStateHandle
{
    /// <summary>The backend's id as a file of Flink's spells it, if that is no lower-case GUID; else null.</summary>
    /// <remarks><see cref="BackendId"/> is then derived from it. It is ignored when it gives another id than
    /// that.</remarks>
    public string? BackendText { get; init; }

    /// <summary>Id that Flink gave to the handle, a UUID as text; null in files before Flink 1.16 and in
    /// ours.</summary>
    public string? HandleId { get; init; }

    /// <inheritdoc/>
    public override KeyGroupRange KeyGroups => Range;

    /// <inheritdoc/>
    public override long SizeBytes =>
        StateSize.Add(
            MetaFile.SizeBytes,
            StateSize.Add(
                StateSize.Sum(SharedFiles, static file => file.Handle.SizeBytes),
                StateSize.Sum(PrivateFiles, static file => file.Handle.SizeBytes)));

    /// <summary>The key of one of <see cref="SharedFiles"/>.</summary>
    /// <exception cref="ArgumentException">The handle is neither a file nor a placeholder.</exception>
    public SharedStateKey KeyOf(StateFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Handle switch
        {
            PlaceholderStateHandle placeholder => placeholder.Key,
            FileStateHandle stored => SharedStateKey.Of(stored.Path, BackendId, Range),
            RelativeFileStateHandle stored => SharedStateKey.Of(stored.RelativePath, BackendId, Range),
            ByteStreamStateHandle bytes => SharedStateKey.Of(bytes.Name, BackendId, Range),
            _ => throw new ArgumentException($"{file.Handle.GetType().Name} cannot be shared.", nameof(file)),
        };
    }
}
