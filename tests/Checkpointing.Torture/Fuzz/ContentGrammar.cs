using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Makes contents of every kind that the model has: seeds for our own format.</summary>
internal sealed class ContentGrammar
{
    private readonly FuzzRandom _random;
    private int _budget = 60;

    private ContentGrammar(FuzzRandom random) => _random = random;

    internal static CheckpointMetadata Generate(FuzzRandom random) => new ContentGrammar(random).Metadata();

    private CheckpointMetadata Metadata() => new(
        new(_random.Below(1000)),
        List(2, () => new MasterState(Text(), _random.Between(-1, 5), Data()) { UnknownRecords = Unknown() }),
        List(2, Operator))
    {
        Info = _random.OneIn(3) ? null : Info(),
        FlinkProperties = _random.OneIn(3) ? Properties() : null,
        UnknownRecords = Unknown(),
    };

    private CheckpointInfo Info() => new(
        new("job"), new(_random.Bytes(16)), new(_random.Bytes(16)), _random.Below(9),
        new(_random.Pick<CheckpointKind>([CheckpointKind.Checkpoint, CheckpointKind.Savepoint]),
            CheckpointRetention.Always),
        DateTimeOffset.UnixEpoch.AddMilliseconds(_random.Below(int.MaxValue)), DateTimeOffset.UnixEpoch,
        List(2, () => new CheckpointTag(Text(), Text())))
    {
        UnknownRecords = Unknown(),
    };

    private FlinkProperties Properties() => FlinkProperties.Of(new(
        _random.OneIn(2), _random.OneIn(2), _random.OneIn(2), _random.OneIn(2), _random.OneIn(2), _random.OneIn(2),
        _random.OneIn(2), new FlinkSavepointKind("Savepoint", "NATIVE", "NONE")));

    private OperatorCheckpoint Operator()
    {
        var parallelism = _random.Between(1, 5);
        var index = 0;
        var isFinished = _random.OneIn(10);
        return new(
            new(new UInt128(_random.Next(), _random.Next())), parallelism, _random.Between(parallelism, 200),
            isFinished ? [] : List(Math.Min(parallelism, 3), () => Subtask(index++)))
        {
            Name = _random.OneIn(2) ? Text() + "n" : null,
            Uid = _random.OneIn(2) ? Text() + "u" : null,
            States = List(2, State),
            CoordinatorState = !isFinished && _random.OneIn(3) ? new(Text(), Data()) : null,
            IsFullyFinished = isFinished,
            ChainLength = !isFinished && _random.OneIn(10) ? _random.Between(1, 4) : null,
            UnknownRecords = Unknown(),
        };
    }

    private StateDescription State() => new(
        Text(), (StateKind)_random.Between(1, 7), Serializer(), Serializer(), Serializer(), Serializer());

    private SerializerIdentity? Serializer() =>
        _random.OneIn(2) ? new(Text(), _random.Between(1, 3), _random.Boundary()) : null;

    private SubtaskCheckpoint Subtask(int index) => _random.OneIn(10) ? new(index) { IsFinished = true } : new(index)
    {
        ManagedKeyed = _random.OneIn(4) ? null : Keyed(0),
        RawKeyed = _random.OneIn(2) ? Keyed(0) : null,
        ManagedOperator = _random.OneIn(2) ? OperatorState() : null,
        RawOperator = _random.OneIn(4) ? OperatorState() : null,
        Legacy = _random.OneIn(6) ? Stream(0) : null,
        Chain = _random.OneIn(8) ? new(List<StreamStateHandle?>(2, () => _random.OneIn(2) ? Stream(0) : null),
            List<OperatorStateHandle?>(2, () => _random.OneIn(2) ? OperatorState() : null), []) : null,
        InputChannels = List(_random.OneIn(3) ? 2 : 0, Channel),
        OutputChannels = List(_random.OneIn(3) ? 2 : 0, Channel),
        ReferenceCheckpointId = _random.OneIn(5) ? new CheckpointId(_random.Below(99)) : null,
        UnknownRecords = Unknown(),
    };

    private KeyedStateHandle Keyed(int depth)
    {
        _budget--;
        return _random.Below(_budget < 0 || depth > 3 ? 2 : 6) switch
        {
            0 => KeyGroups(depth) with { HandleId = _random.OneIn(3) ? Text() : null },
            1 or 2 => new IncrementalKeyedStateHandle(
                new(_random.Bytes(16)), Range(), new(_random.Below(99)), List(3, File), List(2, File), Stream(depth),
                _random.Below(999))
            {
                HandleId = _random.OneIn(3) ? Text() : null,
                UnknownRecords = Unknown(),
            },
            3 => new ChangelogStateHandle(
                Range(), List(2, () => Keyed(depth + 1)), List(2, () => Keyed(depth + 1)), _random.Below(9), -1, Text())
            {
                CheckpointId = _random.OneIn(2) ? new CheckpointId(7) : null,
                UnknownRecords = Unknown(),
            },
            4 => new InMemoryChangelogStateHandle(
                Range(), 1, 5, List(3, () => new StateChange(_random.Between(-1, 5), Data())), Text()),
            _ => new ChangelogFilesStateHandle(
                Range(), List(2, () => new ChangelogStream(_random.Below(99), Stream(depth))), 10, -1, Text())
            {
                StorageId = _random.OneIn(2) ? "filesystem" : null,
            },
        };
    }

    private KeyGroupsStateHandle KeyGroups(int depth)
    {
        var range = Range();
        return new(range, Enumerable.Range(0, range.Count).Select(_ => (long)_random.Below(999)).ToValueList(),
            Stream(depth));
    }

    private StreamStateHandle Stream(int depth)
    {
        _budget--;
        return _random.Below(_budget < 0 || depth > 3 ? 5 : 7) switch
        {
            0 => new ByteStreamStateHandle(Text(), Data()) { UnknownRecords = Unknown() },
            1 or 2 => new FileStateHandle("job/" + Text(), _random.Boundary(),
                _random.OneIn(2) ? ContentDigest.Of(_random.Bytes(4)) : null)
            {
                UnknownRecords = Unknown(),
            },
            3 => new RelativeFileStateHandle("r" + Text(), _random.Below(999)),
            4 => new SegmentStateHandle(
                "s/" + Text(), 5, 10, (SegmentScope)_random.Below(2), Text()) { UnknownRecords = Unknown() },
            5 => new KeyGroupsStreamStateHandle(KeyGroups(depth + 1)),
            _ => Nested(_random.Between(1, 14)),
        };
    }

    private static StreamStateHandle Nested(int depth)
    {
        StreamStateHandle stream = new ByteStreamStateHandle("deep", [1]);
        for (var i = 0; i < depth; i++)
        {
            stream = new KeyGroupsStreamStateHandle(new(KeyGroupRange.Empty, [], stream));
        }

        return stream;
    }

    private StateFile File() => new(Text(), Stream(1));

    private OperatorStateHandle OperatorState()
    {
        var isMerged = _random.OneIn(4);
        return new(
            List(3, () => new OperatorStatePartition(
                Text(), (OperatorStateMode)_random.Below(3), List(3, () => (long)_random.Below(99)))),
            isMerged ? EmptySegmentStateHandle.Instance : Stream(0))
        {
            MergedFiles = isMerged ? new("a/" + Text(), "b/" + Text(), _random.OneIn(2)) : null,
            UnknownRecords = Unknown(),
        };
    }

    private ChannelStateHandle Channel() => new(
        _random.OneIn(2)
            ? new SingleChannel(_random.Below(3), _random.Below(3), List(3, () => (long)_random.Below(99)))
            : new MergedChannels([0, 0, 0, 0]),
        _random.Below(3), _random.Below(99), Stream(0));

    private KeyGroupRange Range()
    {
        var count = _random.Pick([0, 1, 4]);
        var first = _random.Pick([0, 3, 32_000]);
        return count == 0 ? KeyGroupRange.Empty : new(first, first + count - 1);
    }

    private ValueList<OpaqueRecord> Unknown() => _random.OneIn(15)
        ? List(2, () => new OpaqueRecord((ushort)_random.Pick([0, 1, 0x7FFF, 0x0305]), Data()))
        : default;

    private ValueList<byte> Data() => _random.Bytes(_random.Pick([0, 1, 6])).ToValueList();

    private string Text() => _random.OneIn(15)
        ? _random.Pick(["é", "\0", "\ud83d\ude00", "\ud834", "x\ude00\ud83d"])
        : "some-name-of-a-thing"[.._random.Below(20)];

    private ValueList<T> List<T>(int most, Func<T> make)
    {
        var items = new T[_random.Between(0, most)];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = make();
        }

        return items.ToValueList();
    }
}
