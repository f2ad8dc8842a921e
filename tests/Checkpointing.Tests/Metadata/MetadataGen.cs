using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.Metadata;

/// <summary>Generates any content that a format can hold.</summary>
internal sealed class MetadataGen
{
    // All UTF-16 units, so half surrogate pairs and U+0000 too.
    private static readonly Gen<string> Text = Gen.Frequency(
        (4, Gen.String[Gen.Char['a', 'z'], 0, 12]),
        (1, Gen.String[Gen.Char['\0', '\uffff'], 0, 6]),
        (1, Gen.Const("x\ud83d\ude00y\0é\ud834")));

    private static readonly Gen<string> NotEmpty = Text.Where(static text => text.Length > 0);

    private static readonly Gen<string> Path = Gen.Select(Text, Gen.OneOf(
        Gen.Const("/"), Gen.Const("a"), Gen.Const("file:/"), Gen.Const("hdfs://nn:8020/x/")))
        .Select(static (text, start) => start + text);

    private static readonly Gen<string> RelativePath = Gen.String[Gen.Char['a', 'z'], 1, 8];

    private static readonly Gen<ContentDigest?> Digest =
        Gen.Select(Gen.Bool, Gen.ULong, Gen.ULong).Select(static (isThere, upper, lower) =>
            isThere ? new ContentDigest(new UInt128(upper, lower)) : (ContentDigest?)null);

    private static readonly Gen<ValueList<OpaqueRecord>> NoRecords = Gen.Const(default(ValueList<OpaqueRecord>));

    private static readonly Gen<ValueList<byte>> Data = Gen.Byte.Array[0, 20].Select(static bytes =>
        bytes.ToValueList());

    private static readonly Gen<KeyGroupRange> Range = Gen.Select(Gen.Int[0, 32_000], Gen.Int[0, 12])
        .Select(static (first, count) => count == 0 ? KeyGroupRange.Empty : new(first, first + count - 1));

    private static readonly Gen<SerializerIdentity?> Serializer = Gen.Select(Gen.Bool, Text, Gen.Int[1, 9], Gen.Long)
        .Select(static (isThere, id, version, schema) => isThere ? new SerializerIdentity(id, version, schema) : null);

    private static readonly Gen<StateDescription> State =
        Gen.Select(Text, Gen.Enum<StateKind>(), Serializer, Serializer, Serializer, Serializer, Gen.Bool)
            .Select(static (name, kind, a, b, c, d, isStamped) => new StateDescription(name, kind, a, b, c, d)
            {
                IsStamped = isStamped && kind < StateKind.Timer,
            });

    private static readonly Gen<DateTimeOffset> Time =
        Gen.Long[-62135596800000, 253402300799999].Select(DateTimeOffset.FromUnixTimeMilliseconds);

    private static readonly Gen<CheckpointInfo?> Info = Gen.Select(
        Gen.Bool,
        Gen.String[Gen.Char['a', 'z'], 1, 20],
        Gen.Guid,
        Gen.Long,
        Gen.Select(Gen.Enum<CheckpointKind>(), Gen.Enum<CheckpointRetention>(), Gen.Enum<SavepointFormat>()),
        Time,
        Gen.Select(Text, Text).Select(static (name, value) => new CheckpointTag(name, value)).Array[0, 3])
        .Select(static (isThere, job, id, epoch, properties, time, tags) => isThere
            ? new CheckpointInfo(
                job, id, new Guid(id.ToByteArray(), bigEndian: true), epoch,
                new(properties.Item1, properties.Item2)
                {
                    Format = properties.Item1 == CheckpointKind.Savepoint ? properties.Item3 : default,
                },
                time, time, tags.ToValueList())
            : null);

    private static readonly Gen<ValueList<OpaqueRecord>> SomeRecords = Gen.Frequency(
        (6, NoRecords),
        (1, Gen.Select(Gen.UShort[0, 0x7FFF], Data).Select(static (tag, data) => new OpaqueRecord(tag, data))
            .Array[1, 2].Select(static records => records.ToValueList())));

    private readonly MetadataFormat _format;
    private readonly bool _isNative;
    private readonly bool _hasLater;
    private readonly Gen<ValueList<OpaqueRecord>> _unknown;
    private readonly Gen<StreamStateHandle> _stream;
    private readonly Gen<KeyedStateHandle> _keyed;
    private readonly Gen<OperatorStateHandle> _operatorState;

    private MetadataGen(MetadataFormat format)
    {
        _format = format;
        _isNative = format == MetadataFormat.NativeV1;
        _hasLater = format > MetadataFormat.FlinkV2;
        _unknown = _isNative ? SomeRecords : NoRecords;
        _stream = Stream();
        _keyed = Keyed();
        _operatorState = OperatorState();
    }

    /// <summary>Content that a format holds without loss.</summary>
    internal static Gen<CheckpointMetadata> For(MetadataFormat format) => new MetadataGen(format).Metadata();

    private static Gen<ValueList<T>> List<T>(Gen<T> item, int most) =>
        item.Array[0, most].Select(static items => items.ToValueList());

    private static Gen<T> Maybe<T>(bool isPossible, Gen<T> gen, T otherwise) =>
        isPossible ? Gen.Frequency((2, Gen.Const(otherwise)), (1, gen)) : Gen.Const(otherwise);

    private Gen<CheckpointMetadata> Metadata()
    {
        var states = Gen.Select(Text, Gen.Int, Data, _unknown).Select(static (name, version, data, unknown) =>
            new MasterState(name, version, data) { UnknownRecords = unknown });
        var properties = Gen.Select(Gen.Bool.Array[7], Gen.Bool).Select(static (flags, isCheckpoint) =>
            (FlinkProperties?)FlinkProperties.Of(new(
                flags[0], flags[1], flags[2], flags[3], flags[4], flags[5], flags[6],
                isCheckpoint
                    ? new FlinkCheckpointKind("Checkpoint", "FORWARD_BACKWARD")
                    : new FlinkSavepointKind("Suspend Savepoint", "NATIVE", "SUSPEND"))));
        return Gen.Select(
            Gen.Long[0, long.MaxValue],
            List(states, _format == MetadataFormat.FlinkV1 ? 0 : 2),
            List(Operator(), 3),
            Maybe(_format >= MetadataFormat.FlinkV4, properties, null),
            _isNative ? Info : Gen.Const((CheckpointInfo?)null),
            _unknown)
            .Select(static (id, masterStates, operators, flinkProperties, info, unknown) =>
                new CheckpointMetadata(new(id), masterStates, operators)
                {
                    FlinkProperties = flinkProperties,
                    Info = info,
                    UnknownRecords = unknown,
                });
    }

    private Gen<OperatorCheckpoint> Operator()
    {
        var isFinished = Maybe(_hasLater, Gen.Bool, false);
        var coordinator = Maybe(
            _hasLater,
            Gen.Select(Text, Data).Select(static (name, data) => (ByteStreamStateHandle?)new(name, data)),
            null);
        var hasNames = _format >= MetadataFormat.FlinkV5;
        var one = Gen.Select(
            Gen.ULong, Gen.Int[1, 6], Gen.Int[6, 32_768], Subtask().Array[0, 4], Gen.Int[0, 5], Gen.Bool)
            .Select(static (id, parallelism, max, subtasks, start, isDescending) =>
            {
                var used = subtasks.Take(parallelism)
                    .Select((subtask, i) => subtask with { Index = (start + i) % parallelism });
                return new OperatorCheckpoint(
                    new(new UInt128(id, ~id)), parallelism, max, (isDescending ? used.Reverse() : used).ToValueList());
            });
        var labels = Gen.Select(
            Maybe(hasNames, NotEmpty.Select(static text => (string?)text), null),
            Maybe(hasNames, NotEmpty.Select(static text => (string?)text), null),
            _isNative ? List(State, 3) : Gen.Const(default(ValueList<StateDescription>)),
            Maybe(_format == MetadataFormat.FlinkV1 || _isNative, Gen.Int.Select(static i => (int?)i), null),
            _unknown);
        return Gen.Select(one, isFinished, coordinator, labels).Select((content, finished, state, label) => content with
        {
            Subtasks = finished ? [] : content.Subtasks,
            IsFullyFinished = finished,
            CoordinatorState = finished ? null : state,
            Name = label.Item1,
            Uid = label.Item2,
            States = label.Item3,
            ChainLength = _format == MetadataFormat.FlinkV1 ? label.Item4 ?? 1 : label.Item4,
            UnknownRecords = label.Item5,
        });
    }

    private Gen<SubtaskCheckpoint> Subtask()
    {
        var isV1 = _format == MetadataFormat.FlinkV1;
        var slot = _operatorState.Null();
        var hasLegacy = _format == MetadataFormat.FlinkV2 || _isNative;
        var chain = Gen.Select(List(_stream.Null(), 3), List(slot, 3), List(slot, 3))
            .Select(static (legacy, managed, raw) => (ChainState?)new ChainState(legacy, managed, raw));
        var main = Gen.Select(
            _keyed.Null(),
            _keyed.Null(),
            isV1 ? Gen.Const((OperatorStateHandle?)null) : slot,
            isV1 ? Gen.Const((OperatorStateHandle?)null) : slot,
            Maybe(hasLegacy, _stream.Select(static s => (StreamStateHandle?)s), null),
            isV1 ? chain : Maybe(_isNative, chain, null))
            .Select(static (managedKeyed, rawKeyed, managed, raw, legacy, states) => new SubtaskCheckpoint(0)
            {
                ManagedKeyed = managedKeyed,
                RawKeyed = rawKeyed,
                ManagedOperator = managed,
                RawOperator = raw,
                Legacy = legacy,
                Chain = states,
            });
        var channels = _hasLater ? List(Channel(), 2) : Gen.Const(default(ValueList<ChannelStateHandle>));
        var more = Gen.Select(
            Maybe(_hasLater, Gen.Bool, false),
            channels,
            channels,
            Maybe(_isNative, Gen.Long.Select(static id => (CheckpointId?)new CheckpointId(id)), null),
            _unknown);
        return Gen.Select(main, more).Select(static (subtask, rest) => rest.Item1
            ? new SubtaskCheckpoint(0) { IsFinished = true, UnknownRecords = rest.Item5 }
            : subtask with
            {
                InputChannels = rest.Item2,
                OutputChannels = rest.Item3,
                ReferenceCheckpointId = rest.Item4,
                UnknownRecords = rest.Item5,
            });
    }

    private Gen<ChannelStateHandle> Channel()
    {
        var single = Gen.Select(Gen.Int, Gen.Int, List(Gen.Long, 3)).Select(static (gate, channel, offsets) =>
            (ChannelSet)new SingleChannel(gate, channel, offsets));
        var set = Maybe(
            _format >= MetadataFormat.FlinkV6, Data.Select(static data => (ChannelSet)new MergedChannels(data)), null!);
        return Gen.Select(single, set, Gen.Int, Gen.Long, _stream, _unknown)
            .Select(static (one, merged, subtask, size, stream, unknown) =>
                new ChannelStateHandle(merged ?? one, subtask, size, stream) { UnknownRecords = unknown });
    }

    private Gen<StreamStateHandle> Stream()
    {
        var digest = _isNative ? Digest : Gen.Const((ContentDigest?)null);
        var bytes = Gen.Select(Text, Data).Select(static (name, data) =>
            (StreamStateHandle)new ByteStreamStateHandle(name, data));
        var file = Gen.Select(Path, Gen.Long, digest).Select(static (path, size, hash) =>
            (StreamStateHandle)new FileStateHandle(path, size, hash));
        var relative = Gen.Select(RelativePath, Gen.Long, digest).Select(static (path, size, hash) =>
            (StreamStateHandle)new RelativeFileStateHandle(path, size, hash));
        var flat = _hasLater
            ? Gen.Frequency((2, bytes), (2, file), (2, relative), (1, Segment()),
                (1, Gen.Const((StreamStateHandle)EmptySegmentStateHandle.Instance)))
            : Gen.OneOf(bytes, file);
        var kept = Gen.Select(flat, _unknown).Select(static (handle, unknown) =>
            unknown.Count == 0 ? handle : handle with { UnknownRecords = unknown });

        // As a stream, key groups have neither an id nor a mark in Flink's formats.
        var groups = KeyGroups(kept).Select(static handle =>
            (StreamStateHandle)new KeyGroupsStreamStateHandle(handle with { HandleId = null, IsSavepoint = false }));
        return Gen.Frequency((8, kept), (1, groups));
    }

    private static Gen<StreamStateHandle> Segment() =>
        Gen.Select(Path, Gen.Long, Gen.Long, Gen.Enum<SegmentScope>(), Text)
            .Select(static (path, start, size, scope, id) =>
                (StreamStateHandle)new SegmentStateHandle(path, start, size, scope, id));

    private Gen<KeyGroupsStateHandle> KeyGroups(Gen<StreamStateHandle> stream) =>
        Gen.Select(Range, Gen.Long.Array[12], stream, Gen.Int[0, 2], Text, _unknown)
            .Select((range, offsets, delegateStream, kind, id, unknown) =>
                new KeyGroupsStateHandle(range, offsets.Take(range.Count).ToValueList(), delegateStream)
                {
                    IsSavepoint = _hasLater && kind == 1,
                    HandleId = _hasLater && kind == 2 ? id : null,
                    UnknownRecords = unknown,
                });

    private Gen<KeyedStateHandle> Keyed()
    {
        var maybeAbsent = Gen.Frequency((9, _stream), (1,
            Gen.Const((StreamStateHandle)AbsentStreamStateHandle.Instance)));
        var files = List(Gen.Select(Text, maybeAbsent).Select(static (name, handle) =>
            new StateFile(name, handle)), 3);
        var incremental = Gen.Select(
            Gen.Guid, Range, Gen.Long, files, files, maybeAbsent,
            Gen.Select(Gen.Long, Text, Gen.Bool, _unknown))
            .Select((id, range, checkpoint, shared, own, meta, rest) =>
            {
                var (size, handleId, hasId, unknown) = rest;
                hasId &= _hasLater;
                return (KeyedStateHandle)new IncrementalKeyedStateHandle(
                    id, range, new(checkpoint), shared, own, meta, hasId || _isNative ? size : -1)
                {
                    HandleId = hasId ? handleId : null,
                    UnknownRecords = unknown,
                };
            });
        var groups = KeyGroups(_stream).Select(static handle => (KeyedStateHandle)handle);
        var flat = Gen.OneOf(incremental, groups);
        return _hasLater
            ? Gen.Frequency((6, flat), (1, InMemoryChangelog()), (1, ChangelogFiles()), (1, Changelog(flat)))
            : flat;
    }

    private Gen<KeyedStateHandle> InMemoryChangelog()
    {
        var change = Gen.Select(Gen.Int, Data).Select(static (keyGroup, data) => new StateChange(keyGroup, data));
        return Gen.Select(Range, Gen.Long, Gen.Long, List(change, 3), Text, _unknown)
            .Select(static (range, from, to, changes, id, unknown) =>
                (KeyedStateHandle)new InMemoryChangelogStateHandle(range, from, to, changes, id)
                {
                    UnknownRecords = unknown,
                });
    }

    private Gen<KeyedStateHandle> ChangelogFiles()
    {
        var stream = Gen.Select(Gen.Long, _stream)
            .Select(static (offset, handle) => new ChangelogStream(offset, handle));
        return Gen.Select(Range, List(stream, 3), Gen.Long, Gen.Long, Text, Text.Null(), _unknown)
            .Select(static (range, streams, size, stored, id, storage, unknown) =>
                (KeyedStateHandle)new ChangelogFilesStateHandle(range, streams, size, stored, id)
                {
                    StorageId = storage,
                    UnknownRecords = unknown,
                });
    }

    private Gen<KeyedStateHandle> Changelog(Gen<KeyedStateHandle> part)
    {
        var parts = List(Gen.Frequency((3, part), (1, InMemoryChangelog()), (1, ChangelogFiles())), 2);
        return Gen.Select(Range, parts, parts, Gen.Long, Gen.Long, Text,
            Gen.Select(Gen.Bool, Gen.Long, _unknown))
            .Select(static (range, materialized, changes, materialization, stored, id, rest) =>
                (KeyedStateHandle)new ChangelogStateHandle(range, materialized, changes, materialization, stored, id)
                {
                    CheckpointId = rest.Item1 ? new CheckpointId(rest.Item2) : null,
                    UnknownRecords = rest.Item3,
                });
    }

    private Gen<OperatorStateHandle> OperatorState()
    {
        var partition = Gen.Select(Text, Gen.Enum<OperatorStateMode>(), List(Gen.Long, 4))
            .Select(static (name, mode, offsets) => new OperatorStatePartition(name, mode, offsets));
        var folders = Gen.Select(Text, Text, Gen.Bool).Select(static (owned, shared, isEmpty) =>
            (MergedFileFolders?)new MergedFileFolders(owned, shared, isEmpty));
        return Gen.Select(List(partition, 3), _stream, Segment(), Maybe(_hasLater, folders, null), _unknown)
            .Select(static (partitions, stream, segment, merged, unknown) =>
                new OperatorStateHandle(partitions, merged is null ? stream : segment)
                {
                    MergedFiles = merged,
                    UnknownRecords = unknown,
                });
    }
}
