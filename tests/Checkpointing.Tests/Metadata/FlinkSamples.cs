using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata;

/// <summary>A content with all that Flink's formats add to ours, and a record of a newer writer wherever one may
/// stand.</summary>
internal static class FlinkSamples
{
    internal static FlinkProperties Properties { get; } = FlinkProperties.Of(new(
        Forced: true,
        DiscardSubsumed: false,
        DiscardFinished: false,
        DiscardCancelled: false,
        DiscardFailed: false,
        DiscardSuspended: false,
        IsUnclaimed: false,
        new FlinkSavepointKind("Savepoint", "NATIVE", "NONE")));

    internal static CheckpointMetadata Everything() => new(
        new(42),
        [new MasterState("hook", 1, [7]) { UnknownRecords = Newer(1) }],
        [Task, Running, new OperatorCheckpoint(Id(3), 1, 128, []) { IsFullyFinished = true }])
    {
        Info = Samples.Small().Info! with { UnknownRecords = Newer(2) },
        FlinkProperties = Properties,
        UnknownRecords = Newer(3),
    };

    internal static OperatorId Id(ulong number) => new(new(0, number));

    // A task of Flink's version 1.
    private static OperatorCheckpoint Task { get; } = new(
        Id(1),
        1,
        128,
        [
            new SubtaskCheckpoint(0)
            {
                Chain = new(
                    [null, new ByteStreamStateHandle("l", [])],
                    [new OperatorStateHandle([], new FileStateHandle("file:a", 1)), null],
                    []),
            },
        ])
    {
        ChainLength = 2,
        UnknownRecords = Newer(4),
    };

    private static OperatorCheckpoint Running { get; } = new(
        Id(2),
        3,
        128,
        [
            new SubtaskCheckpoint(0)
            {
                ManagedKeyed = Changelog,
                RawKeyed = new KeyGroupsStateHandle(new(2, 3), [0, 9], KeyGroupsAsStream)
                {
                    IsSavepoint = true,
                    UnknownRecords = Newer(5),
                },
                ManagedOperator = new OperatorStateHandle(
                    [], new SegmentStateHandle("/f", 100, 20, SegmentScope.Shared, "seg"))
                {
                    MergedFiles = new("/own", "/shared", IsEmpty: false),
                    UnknownRecords = Newer(6),
                },
                RawOperator = new OperatorStateHandle([], EmptySegmentStateHandle.Instance)
                {
                    MergedFiles = new("", "", IsEmpty: true),
                },
                InputChannels =
                [
                    new(new SingleChannel(1, 2, [3, 4]), 0, 5, new FileStateHandle("file:i", 6))
                    {
                        UnknownRecords = Newer(7),
                    },
                    new(new MergedChannels([8, 9]), 0, 10, new FileStateHandle("file:j", 11)),
                ],
                OutputChannels = [new(new SingleChannel(12, 13, []), 0, 14, new FileStateHandle("file:o", 15))],
                UnknownRecords = Newer(8),
            },
            new SubtaskCheckpoint(1) { IsFinished = true },
            new SubtaskCheckpoint(2) { ReferenceCheckpointId = new(41) },
        ])
    {
        Name = "n",
        Uid = "u",
        CoordinatorState = new("c", [0xAA]),
        States = [new("s", StateKind.Timer, null, null, null, null) { UnknownRecords = Newer(9) }],
    };

    private static KeyGroupsStreamStateHandle KeyGroupsAsStream => new(
        new(new(7, 7), [16], new FileStateHandle("file:k", 17) { UnknownRecords = Newer(10) })
        {
            UnknownRecords = Newer(11),
        });

    private static ChangelogStateHandle Changelog => new(
        new(0, 63),
        [
            new IncrementalKeyedStateHandle(
                Samples.BackendId, new(0, 31), new(18), [], [], new ByteStreamStateHandle("", []), 19)
            {
                HandleId = "h1",
                UnknownRecords = Newer(12),
            },
            new KeyGroupsStateHandle(new(32, 32), [0], new FileStateHandle("file:m", 20)) { HandleId = "h2" },
        ],
        [
            new InMemoryChangelogStateHandle(new(0, 1), 21, 22, [new(-1, [0xBB]), new(1, [])], "h3")
            {
                UnknownRecords = Newer(13),
            },
            new ChangelogFilesStateHandle(
                new(0, 1), [new(23, new FileStateHandle("file:c", 24))], 25, 26, "h4")
            {
                StorageId = "fs",
                UnknownRecords = Newer(14),
            },
        ],
        27,
        28,
        "h5")
    {
        CheckpointId = new(29),
        UnknownRecords = Newer(15),
    };

    private static ValueList<OpaqueRecord> Newer(byte number) => [new OpaqueRecord(0x0100, [number])];
}
