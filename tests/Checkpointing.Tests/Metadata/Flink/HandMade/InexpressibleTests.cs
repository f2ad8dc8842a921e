using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>State that a version has no form for is never left out: writing it fails and says whose and what it
/// is.</summary>
public sealed class InexpressibleTests
{
    private static readonly FileStateHandle s_file = new("file:x", 1);

    private static readonly Dictionary<string, Func<SubtaskCheckpoint, SubtaskCheckpoint>> s_since3 = new()
    {
        ["relative file 'a/b'"] = static one =>
            one with { ManagedKeyed = KeyGroups(new RelativeFileStateHandle("a/b", 1)) },
        ["segment 5 of file '/f'"] = static one =>
            one with { ManagedKeyed = KeyGroups(new SegmentStateHandle("/f", 5, 1, SegmentScope.Shared, "i")) },
        ["an empty segment"] = static one => one with { RawKeyed = KeyGroups(EmptySegmentStateHandle.Instance) },
        ["operator state in merged files below '/share'"] = static one =>
            WithOperator(one, new([], EmptySegmentStateHandle.Instance) { MergedFiles = new("/own", "/share", true) }),
        ["a ChangelogStateHandle of key groups 0-63"] = static one =>
            one with { ManagedKeyed = new ChangelogStateHandle(new(0, 63), [], [], 1, 2, "i") },
        ["a InMemoryChangelogStateHandle of key groups 0-63"] = static one =>
            one with { RawKeyed = new InMemoryChangelogStateHandle(new(0, 63), 1, 2, [], "i") },
        ["a ChangelogFilesStateHandle of key groups 0-63"] = static one =>
            one with { ManagedKeyed = new ChangelogFilesStateHandle(new(0, 63), [], 1, 2, "i") },
        ["a subtask that has finished"] = static one => new(one.Index) { IsFinished = true, Chain = one.Chain },
        ["channel state (1 handles of input, 2 of output)"] = static one => one with
        {
            InputChannels = [Channel],
            OutputChannels = [Channel, Channel],
        },
        ["state that checkpoint 41 holds in part"] = static one => one with { ReferenceCheckpointId = new(41) },
    };

    private static readonly Dictionary<string, Func<SubtaskCheckpoint, SubtaskCheckpoint>> s_never = new()
    {
        ["a placeholder for shared file 6ba7b810-9dad-41d1-80b4-00c04fd430c8/0-63/a1"] = static one => one with
        {
            ManagedKeyed =
                Incremental(new PlaceholderStateHandle(new(HandMadeFile.BackendId, new(0, 63), new("a1")), 7)),
        },
        ["a file without a path"] = static one => one with { ManagedKeyed = Incremental(new FileStateHandle("", 1)) },
        ["no handle for key groups 0-0"] = static one =>
            one with { RawKeyed = KeyGroups(AbsentStreamStateHandle.Instance) },
        ["key groups 0-1 with 1 offsets"] = static one =>
            one with { RawKeyed = new KeyGroupsStateHandle(new(0, 1), [5], s_file) },
        ["no handle for operator state"] = static one => WithOperator(one, new([], AbsentStreamStateHandle.Instance)),
        ["operator state 's' of mode 3"] = static one =>
            WithOperator(one, new([new("s", (OperatorStateMode)3, [])], s_file)),
        ["path 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…' of 65536 bytes"] = static one =>
            one with { ManagedKeyed = Incremental(new FileStateHandle(new('x', 65_536), 1)) },
        ["17 deep"] = static one => one with { ManagedKeyed = Nested(17) },
    };

    private static readonly Dictionary<string, Func<SubtaskCheckpoint, SubtaskCheckpoint>> s_notSince3 = new()
    {
        ["state of the interface before Flink 1.2"] = static one => one with { Legacy = s_file },
        ["a task with 0 chained operators"] = static one => one with { Chain = new([], [], []) },
        ["a savepoint's key groups 0-0 with handle id 'i'"] = static one =>
            one with { ManagedKeyed = KeyGroups(s_file) with { IsSavepoint = true, HandleId = "i" } },
        ["segment 5 of file ''"] = static one =>
            one with { ManagedKeyed = KeyGroups(new SegmentStateHandle("", 5, 1, SegmentScope.Shared, "i")) },
        ["segment 5 of file '/f' of scope 2"] = static one =>
            one with { ManagedKeyed = KeyGroups(new SegmentStateHandle("/f", 5, 1, (SegmentScope)2, "i")) },
        ["operator state in merged files below '/share'"] = static one =>
            WithOperator(one, new([], s_file) { MergedFiles = new("/own", "/share", false) }),
        ["state that checkpoint 41 holds in part"] = static one => one with { ReferenceCheckpointId = new(41) },
    };

    public static TheoryData<MetadataFormat> All() =>
    [
        MetadataFormat.FlinkV1, MetadataFormat.FlinkV2, MetadataFormat.FlinkV3, MetadataFormat.FlinkV4,
        MetadataFormat.FlinkV5, MetadataFormat.FlinkV6,
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Write_StateThatTheVersionHasNoFormFor_IsRefusedByNameAndPlace(MetadataFormat format)
    {
        var cases = s_never.Concat(format < MetadataFormat.FlinkV3 ? s_since3 : s_notSince3).ToList();
        foreach (var (name, change) in cases)
        {
            var write = () => CheckpointMetadataSerializer.Write(Metadata(format, change), format, "target");

            var message = write.Should().Throw<UnsupportedFormatException>(name).Which.Message;
            message.Should().StartWith("'target' has ").And.Contain(name)
                .And.MatchRegex(name.StartsWith("a task", StringComparison.Ordinal)
                    ? @"\(operator totals\)" : @"\(operator totals, subtask 1\)")
                .And.EndWith($" in Flink's version {(int)format}.");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Write_TheSameWithoutThatState_Succeeds(MetadataFormat format)
    {
        var bytes = CheckpointMetadataSerializer.Write(Metadata(format, static one => one), format);

        CheckpointMetadataSerializer.Read(bytes, "p", out var found).Operators[0].Subtasks.Should().ContainSingle();
        found.Should().Be(format);
    }

    [Fact]
    public void Write_PartsOfOperatorsThatTheVersionHasNoFormFor_AreRefusedByName()
    {
        Dictionary<string, (MetadataFormat Format, Func<OperatorCheckpoint, OperatorCheckpoint> Change)> cases = new()
        {
            ["coordinator's state of 2 bytes"] =
                (MetadataFormat.FlinkV2, static one => one with { CoordinatorState = new("c", [1, 2]) }),
            ["an operator that has finished"] =
                (MetadataFormat.FlinkV2, static one => one with { Subtasks = [], IsFullyFinished = true }),
            ["an operator without the task it is in"] =
                (MetadataFormat.FlinkV1, static one => one with { ChainLength = null }),
            ["a task with 3 chained operators"] = (MetadataFormat.FlinkV6, static one => one with { ChainLength = 3 }),
        };
        foreach (var (name, (format, change)) in cases)
        {
            var metadata = Metadata(format, static one => one);
            var write = () => CheckpointMetadataSerializer.Write(
                metadata with { Operators = [change(metadata.Operators[0])] }, format);

            write.Should().Throw<UnsupportedFormatException>().WithMessage($"*{name}*(operator totals)*");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Write_StateOfWhatHasFinished_IsRefusedByNameInEveryVersion(MetadataFormat format)
    {
        var subtask = Metadata(format, static one => one with { IsFinished = true, RawKeyed = KeyGroups(s_file) });
        var metadata = Metadata(format, static one => one);
        var whole = metadata with { Operators = [metadata.Operators[0] with { IsFullyFinished = true }] };
        var writeSubtask = () => CheckpointMetadataSerializer.Write(subtask, format);
        var writeWhole = () => CheckpointMetadataSerializer.Write(whole, format);

        writeSubtask.Should().Throw<UnsupportedFormatException>().WithMessage("*totals*state in subtask 1*finished*");
        writeWhole.Should().Throw<UnsupportedFormatException>().WithMessage("*totals with state*finished*");
    }

    [Fact]
    public void Write_StateOfAHookInVersion1_IsRefusedByName()
    {
        var metadata = TaskFilesTests.ContentOfChainOfThree with { MasterStates = [new("hook", 1, [])] };
        var write = () => CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV1);

        write.Should().Throw<UnsupportedFormatException>().WithMessage("*hook 'hook'*");
    }

    [Fact]
    public void Write_MarksThatOnlyDescribe_AreLeftOutInVersion2()
    {
        var marked = Metadata(MetadataFormat.FlinkV2, static one => one with
        {
            ManagedKeyed = KeyGroups(s_file) with { IsSavepoint = true },
            RawKeyed = Incremental(s_file) with { HandleId = "i", CheckpointedSizeBytes = 9 },
        });
        var plain = Metadata(MetadataFormat.FlinkV2, static one => one with
        {
            ManagedKeyed = KeyGroups(s_file),
            RawKeyed = Incremental(s_file),
        });

        CheckpointMetadataSerializer.Write(marked, MetadataFormat.FlinkV2).Should()
            .Equal(CheckpointMetadataSerializer.Write(plain, MetadataFormat.FlinkV2));
    }

    private static ChannelStateHandle Channel => new(new SingleChannel(0, 0, []), 1, 1, s_file);

    private static KeyGroupsStateHandle KeyGroups(StreamStateHandle stream) => new(new(0, 0), [0], stream);

    private static IncrementalKeyedStateHandle Incremental(StreamStateHandle shared) =>
        new(HandMadeFile.BackendId, new(0, 63), new(7), [new("1.sst", shared)], [], s_file);

    private static KeyGroupsStateHandle Nested(int depth)
    {
        var groups = KeyGroups(s_file);
        for (var i = 0; i < depth; i++)
        {
            groups = KeyGroups(new KeyGroupsStreamStateHandle(groups));
        }

        return groups;
    }

    // In version 1 operator state is in the slots of a chain.
    private static SubtaskCheckpoint WithOperator(SubtaskCheckpoint one, OperatorStateHandle handle) =>
        one.Chain is { } chain
            ? one with { Chain = chain with { RawOperator = [null, handle] } }
            : one with { RawOperator = handle };

    private static CheckpointMetadata Metadata(
        MetadataFormat format, Func<SubtaskCheckpoint, SubtaskCheckpoint> change)
    {
        var isTask = format == MetadataFormat.FlinkV1;
        return new(
            new(42),
            [],
            [
                new OperatorCheckpoint(
                    HandMadeFile.Id,
                    2,
                    128,
                    [change(new(1) { Chain = isTask ? new([], [], []) : null })])
                {
                    Name = "totals",
                    ChainLength = isTask ? 2 : null,
                },
            ]);
    }
}
