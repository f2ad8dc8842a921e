using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.Metadata;

/// <summary>Generates any content that a format can hold.</summary>
internal static class MetadataGen
{
    // All UTF-16 units, so half surrogate pairs and U+0000 too.
    private static readonly Gen<string> Text = Gen.Frequency(
        (4, Gen.String[Gen.Char['a', 'z'], 0, 12]),
        (1, Gen.String[Gen.Char['\0', '\uffff'], 0, 6]),
        (1, Gen.Const("x\ud83d\ude00y\0é\ud834")));

    private static readonly Gen<string> Path = Gen.Select(Text, Gen.OneOf(
        Gen.Const("/"), Gen.Const("a"), Gen.Const("file:/"), Gen.Const("hdfs://nn:8020/x/")))
        .Select(static (text, start) => start + text);

    private static readonly Gen<string> RelativePath = Gen.String[Gen.Char['a', 'z'], 1, 8];

    private static readonly Gen<ContentDigest?> Digest =
        Gen.Select(Gen.Bool, Gen.ULong, Gen.ULong).Select(static (isThere, upper, lower) =>
            isThere ? new ContentDigest(new UInt128(upper, lower)) : (ContentDigest?)null);

    private static readonly Gen<ValueList<byte>> Data = Gen.Byte.Array[0, 20].Select(static bytes =>
        bytes.ToValueList());

    private static readonly Gen<KeyGroupRange> Range = Gen.Select(Gen.Int[0, 32_000], Gen.Int[0, 12])
        .Select(static (first, count) => count == 0 ? KeyGroupRange.Empty : new(first, first + count - 1));

    private static readonly Gen<SerializerIdentity?> Serializer = Gen.Select(Gen.Bool, Text, Gen.Int[1, 9], Gen.Long)
        .Select(static (isThere, id, version, schema) => isThere ? new SerializerIdentity(id, version, schema) : null);

    private static readonly Gen<StateDescription> State =
        Gen.Select(Text, Gen.Enum<StateKind>(), Serializer, Serializer, Serializer, Serializer)
            .Select(static (name, kind, a, b, c, d) => new StateDescription(name, kind, a, b, c, d));

    private static readonly Gen<DateTimeOffset> Time =
        Gen.Long[-62135596800000, 253402300799999].Select(DateTimeOffset.FromUnixTimeMilliseconds);

    private static readonly Gen<CheckpointInfo?> Info = Gen.Select(
        Gen.Bool,
        Gen.String[Gen.Char['a', 'z'], 1, 20],
        Gen.Guid,
        Gen.Long,
        Gen.Select(Gen.Enum<CheckpointKind>(), Gen.Enum<CheckpointRetention>()),
        Time,
        Gen.Select(Text, Text).Select(static (name, value) => new CheckpointTag(name, value)).Array[0, 3])
        .Select(static (isThere, job, id, epoch, properties, time, tags) => isThere
            ? new CheckpointInfo(
                job, id, new Guid(id.ToByteArray(), bigEndian: true), epoch, new(properties.Item1, properties.Item2),
                time, time, tags.ToValueList())
            : null);

    /// <summary>Content for our own format.</summary>
    internal static Gen<CheckpointMetadata> Native { get; } = Metadata(isFlink: false);

    /// <summary>Content for Flink's version 2.</summary>
    internal static Gen<CheckpointMetadata> FlinkV2 { get; } = Metadata(isFlink: true);

    private static Gen<CheckpointMetadata> Metadata(bool isFlink)
    {
        var metadata = Gen.Select(
            Gen.Long[0, long.MaxValue],
            Gen.Select(Text, Gen.Int, Data).Select(static (name, version, data) =>
                new MasterState(name, version, data)).Array[0, 2],
            Operator(isFlink).Array[0, 3])
            .Select(static (id, states, operators) =>
                new CheckpointMetadata(new(id), states.ToValueList(), operators.ToValueList()));
        var unknown = Gen.Select(Gen.UShort[0, 0x7FFF], Data).Select(static (tag, data) =>
            new OpaqueRecord(tag, data)).Array[0, 2];
        return isFlink
            ? metadata
            : Gen.Select(metadata, Info, unknown).Select(static (content, info, records) =>
                content with { Info = info, UnknownRecords = records.ToValueList() });
    }

    private static Gen<OperatorCheckpoint> Operator(bool isFlink)
    {
        var one = Gen.Select(
            Gen.ULong, Gen.Int[1, 6], Gen.Int[6, 32_768], Subtask(isFlink).Array[0, 4], Gen.Int[0, 5], Gen.Bool)
            .Select(static (id, parallelism, max, subtasks, start, isDescending) =>
            {
                var used = subtasks.Take(parallelism)
                    .Select((subtask, i) => subtask with { Index = (start + i) % parallelism });
                return new OperatorCheckpoint(
                    new(new UInt128(id, ~id)), parallelism, max, (isDescending ? used.Reverse() : used).ToValueList());
            });
        return isFlink
            ? one
            : Gen.Select(one, Gen.Bool, Text, State.Array[0, 3]).Select(static (content, hasName, name, states) =>
                content with { Name = hasName ? name : null, States = states.ToValueList() });
    }

    private static Gen<SubtaskCheckpoint> Subtask(bool isFlink)
    {
        var stream = Stream(isFlink);
        var keyed = Keyed(isFlink, stream).Null();
        var operatorState = OperatorState(stream).Null();
        return Gen.Select(keyed, keyed, operatorState, operatorState, stream.Null())
            .Select(static (managedKeyed, rawKeyed, managedOperator, rawOperator, legacy) => new SubtaskCheckpoint(0)
            {
                ManagedKeyed = managedKeyed,
                RawKeyed = rawKeyed,
                ManagedOperator = managedOperator,
                RawOperator = rawOperator,
                Legacy = legacy,
            });
    }

    private static Gen<StreamStateHandle> Stream(bool isFlink)
    {
        var bytes = Gen.Select(Text, Data).Select(static (name, data) =>
            (StreamStateHandle)new ByteStreamStateHandle(name, data));
        var file = Gen.Select(Path, Gen.Long, Digest).Select((path, size, digest) =>
            (StreamStateHandle)new FileStateHandle(path, size, isFlink ? null : digest));
        var relative = Gen.Select(RelativePath, Gen.Long, Digest).Select(static (path, size, digest) =>
            (StreamStateHandle)new RelativeFileStateHandle(path, size, digest));
        var flat = isFlink ? Gen.OneOf(bytes, file) : Gen.OneOf(bytes, file, relative);
        var groups = KeyGroups(flat).Select(static handle => (StreamStateHandle)new KeyGroupsStreamStateHandle(handle));
        return Gen.Frequency((8, flat), (1, groups));
    }

    private static Gen<KeyGroupsStateHandle> KeyGroups(Gen<StreamStateHandle> stream) =>
        Gen.Select(Range, Gen.Long.Array[12], stream).Select(static (range, offsets, delegateStream) =>
            new KeyGroupsStateHandle(range, offsets.Take(range.Count).ToValueList(), delegateStream));

    private static Gen<KeyedStateHandle> Keyed(bool isFlink, Gen<StreamStateHandle> stream)
    {
        var maybeAbsent = Gen.Frequency((9, stream), (1,
            Gen.Const((StreamStateHandle)AbsentStreamStateHandle.Instance)));
        var files = Gen.Select(Text, maybeAbsent).Select(static (name, handle) =>
            new StateFile(name, handle)).Array[0, 3];
        var incremental = Gen.Select(Gen.Guid, Range, Gen.Long, files, files, maybeAbsent, Gen.Long)
            .Select((id, range, checkpoint, shared, own, meta, size) =>
                (KeyedStateHandle)new IncrementalKeyedStateHandle(
                id, range, new(checkpoint), shared.ToValueList(), own.ToValueList(), meta, isFlink ? -1 : size));
        return Gen.OneOf(incremental, KeyGroups(stream).Select(static handle => (KeyedStateHandle)handle));
    }

    private static Gen<OperatorStateHandle> OperatorState(Gen<StreamStateHandle> stream)
    {
        var partition = Gen.Select(Text, Gen.Enum<OperatorStateMode>(), Gen.Long.Array[0, 4])
            .Select(static (name, mode, offsets) =>
            new OperatorStatePartition(name, mode, offsets.ToValueList()));
        return Gen.Select(partition.Array[0, 3], stream).Select(static (partitions, delegateStream) =>
            new OperatorStateHandle(partitions.ToValueList(), delegateStream));
    }
}
