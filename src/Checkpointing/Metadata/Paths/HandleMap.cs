using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Paths;

/// <summary>Goes over every stream and every folder that a checkpoint names, in stored order, and may replace each.
/// </summary>
/// <remarks>
/// The only place that knows where handles have streams and paths. What is not replaced stays the same object, up to
/// the checkpoint itself: a walk is a map that replaces nothing, and texts that are found by reference (see
/// <see cref="Flink.FlinkSpellings"/>) stay found. A stream of key groups is not visited, the stream in it is.
/// </remarks>
internal sealed class HandleMap(
    Func<StreamStateHandle, HandlePlace, StreamStateHandle> mapStream, Func<string, HandlePlace, string> mapFolder)
{
    private static readonly Action<StateHandle, HandlePlace> s_nothing = static (_, _) => { };

    private OperatorCheckpoint? _operator;
    private int? _subtask;
    private HandleRole _role;

    /// <summary>Is shown every handle as it came, those that hold others before them.</summary>
    public Action<StateHandle, HandlePlace> Visit { get; init; } = s_nothing;

    /// <summary>The checkpoint with all replacements; the same object if there were none.</summary>
    public CheckpointMetadata Map(CheckpointMetadata metadata)
    {
        var operators = MapItems(metadata.Operators, Map);
        return IsSame(operators, metadata.Operators) ? metadata : metadata with { Operators = operators };
    }

    private OperatorCheckpoint Map(OperatorCheckpoint one)
    {
        (_operator, _subtask, _role) = (one, null, HandleRole.Coordinator);
        var coordinator = one.CoordinatorState is { } state
            ? MapStream(state) as ByteStreamStateHandle
                ?? throw new ArgumentException("The state of an operator's coordinator lies in the metadata itself.")
            : null;
        var subtasks = MapItems(one.Subtasks, Map);
        return ReferenceEquals(coordinator, one.CoordinatorState) && IsSame(subtasks, one.Subtasks)
            ? one
            : one with { CoordinatorState = coordinator, Subtasks = subtasks };
    }

    private SubtaskCheckpoint Map(SubtaskCheckpoint subtask)
    {
        _subtask = subtask.Index;
        var managedKeyed = MapAs(HandleRole.ManagedKeyed, subtask.ManagedKeyed, Map);
        var rawKeyed = MapAs(HandleRole.RawKeyed, subtask.RawKeyed, Map);
        var managedOperator = MapAs(HandleRole.ManagedOperator, subtask.ManagedOperator, Map);
        var rawOperator = MapAs(HandleRole.RawOperator, subtask.RawOperator, Map);
        var legacy = MapAs(HandleRole.Legacy, subtask.Legacy, MapStream);
        var chain = subtask.Chain is null ? null : Map(subtask.Chain);
        _role = HandleRole.InputChannel;
        var input = MapItems(subtask.InputChannels, Map);
        _role = HandleRole.OutputChannel;
        var output = MapItems(subtask.OutputChannels, Map);
        var isSame = ReferenceEquals(managedKeyed, subtask.ManagedKeyed)
            && ReferenceEquals(rawKeyed, subtask.RawKeyed)
            && ReferenceEquals(managedOperator, subtask.ManagedOperator)
            && ReferenceEquals(rawOperator, subtask.RawOperator)
            && ReferenceEquals(legacy, subtask.Legacy)
            && ReferenceEquals(chain, subtask.Chain)
            && IsSame(input, subtask.InputChannels)
            && IsSame(output, subtask.OutputChannels);
        return isSame
            ? subtask
            : subtask with
            {
                ManagedKeyed = managedKeyed,
                RawKeyed = rawKeyed,
                ManagedOperator = managedOperator,
                RawOperator = rawOperator,
                Legacy = legacy,
                Chain = chain,
                InputChannels = input,
                OutputChannels = output,
            };
    }

    private ChainState Map(ChainState chain)
    {
        _role = HandleRole.Legacy;
        var legacy = MapSlots(chain.Legacy, MapStream);
        _role = HandleRole.ManagedOperator;
        var managed = MapSlots(chain.ManagedOperator, Map);
        _role = HandleRole.RawOperator;
        var raw = MapSlots(chain.RawOperator, Map);
        return IsSame(legacy, chain.Legacy) && IsSame(managed, chain.ManagedOperator) && IsSame(raw, chain.RawOperator)
            ? chain
            : new(legacy, managed, raw);
    }

    private KeyedStateHandle Map(KeyedStateHandle handle)
    {
        Visit(handle, Place(HandlePart.Stream));
        switch (handle)
        {
            case KeyGroupsStateHandle groups:
                return Map(groups);
            case IncrementalKeyedStateHandle incremental:
                return Map(incremental);
            case ChangelogStateHandle changelog:
                var materialized = MapItems(changelog.Materialized, Map);
                var changes = MapItems(changelog.Changes, Map);
                return IsSame(materialized, changelog.Materialized) && IsSame(changes, changelog.Changes)
                    ? changelog
                    : changelog with { Materialized = materialized, Changes = changes };
            case ChangelogFilesStateHandle files:
                var streams = MapItems(files.Streams, Map);
                return IsSame(streams, files.Streams) ? files : files with { Streams = streams };
            default:
                return handle;
        }
    }

    private KeyGroupsStateHandle Map(KeyGroupsStateHandle groups)
    {
        var stream = MapStream(groups.Stream);
        return ReferenceEquals(stream, groups.Stream) ? groups : groups with { Stream = stream };
    }

    private IncrementalKeyedStateHandle Map(IncrementalKeyedStateHandle handle)
    {
        var meta = MapStream(handle.MetaFile, HandlePart.MetaFile);
        var shared = MapItems(handle.SharedFiles, file => Map(file, HandlePart.SharedFile));
        var own = MapItems(handle.PrivateFiles, file => Map(file, HandlePart.PrivateFile));
        return ReferenceEquals(meta, handle.MetaFile) && IsSame(shared, handle.SharedFiles)
            && IsSame(own, handle.PrivateFiles)
            ? handle
            : handle with { MetaFile = meta, SharedFiles = shared, PrivateFiles = own };
    }

    private StateFile Map(StateFile file, HandlePart part)
    {
        var handle = MapStream(file.Handle, part, file.LocalName);
        return ReferenceEquals(handle, file.Handle) ? file : file with { Handle = handle };
    }

    private ChangelogStream Map(ChangelogStream changes)
    {
        var stream = MapStream(changes.Stream, HandlePart.Changes);
        return ReferenceEquals(stream, changes.Stream) ? changes : changes with { Stream = stream };
    }

    private ChannelStateHandle Map(ChannelStateHandle channel)
    {
        Visit(channel, Place(HandlePart.Stream));
        var stream = MapStream(channel.Stream);
        return ReferenceEquals(stream, channel.Stream) ? channel : channel with { Stream = stream };
    }

    private OperatorStateHandle Map(OperatorStateHandle handle)
    {
        Visit(handle, Place(HandlePart.Stream));
        var stream = MapStream(handle.Stream);
        var folders = handle.MergedFiles is null ? null : Map(handle.MergedFiles);
        return ReferenceEquals(stream, handle.Stream) && ReferenceEquals(folders, handle.MergedFiles)
            ? handle
            : handle with { Stream = stream, MergedFiles = folders };
    }

    private MergedFileFolders Map(MergedFileFolders folders)
    {
        var place = Place(HandlePart.Folder);
        var taskOwned = mapFolder(folders.TaskOwnedFolder, place);
        var shared = mapFolder(folders.SharedFolder, place);
        return ReferenceEquals(taskOwned, folders.TaskOwnedFolder) && ReferenceEquals(shared, folders.SharedFolder)
            ? folders
            : folders with { TaskOwnedFolder = taskOwned, SharedFolder = shared };
    }

    private StreamStateHandle MapStream(StreamStateHandle stream) => MapStream(stream, HandlePart.Stream);

    private StreamStateHandle MapStream(StreamStateHandle stream, HandlePart part, string? localName = null)
    {
        var place = Place(part, localName);
        Visit(stream, place);
        if (stream is not KeyGroupsStreamStateHandle outer)
        {
            return mapStream(stream, place);
        }

        Visit(outer.KeyGroups, place);
        var inner = MapStream(outer.KeyGroups.Stream, part, localName);
        return ReferenceEquals(inner, outer.KeyGroups.Stream)
            ? outer
            : outer with { KeyGroups = outer.KeyGroups with { Stream = inner } };
    }

    private T? MapAs<T>(HandleRole role, T? handle, Func<T, T> map)
        where T : class
    {
        _role = role;
        return handle is null ? null : map(handle);
    }

    private HandlePlace Place(HandlePart part, string? localName = null) =>
        new(_operator!.Id, _operator.Name, _subtask, _role, part, localName);

    private static ValueList<T?> MapSlots<T>(ValueList<T?> slots, Func<T, T> map)
        where T : class => MapItems(slots, slot => slot is null ? null : map(slot));

    private static ValueList<T> MapItems<T>(ValueList<T> items, Func<T, T> map)
        where T : class?
    {
        T[]? replaced = null;
        for (var i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var mapped = map(item);
            if (!ReferenceEquals(mapped, item))
            {
                replaced ??= [.. items.Items];
                replaced[i] = mapped;
            }
        }

        return replaced is null ? items : MetadataInput.Own(replaced);
    }

    // By the array below: a list of which nothing was replaced is returned as it came.
    private static bool IsSame<T>(ValueList<T> left, ValueList<T> right) => left.Items == right.Items;
}
