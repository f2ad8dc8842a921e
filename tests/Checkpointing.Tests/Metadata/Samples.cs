using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata;

/// <summary>Small contents with fixed values.</summary>
internal static class Samples
{
    internal static readonly Guid BackendId = Guid.Parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8");

    /// <summary>One incremental handle with a shared file: the content of the worked example of the
    /// documentation.</summary>
    internal static CheckpointMetadata Small() => WithShared(new FileStateHandle(
        $"flights/shared/{BackendId:D}/0-127/1-0-a1", 1234, ContentDigest.Of("content"u8)));

    internal static CheckpointMetadata WithShared(StreamStateHandle shared) => new(
        new(7),
        [],
        [
            new OperatorCheckpoint(
                OperatorId.FromName("totals"),
                1,
                128,
                [
                    new SubtaskCheckpoint(0)
                    {
                        ManagedKeyed = new IncrementalKeyedStateHandle(
                            BackendId,
                            new(0, 127),
                            new(7),
                            [new StateFile("000012.sst", shared)],
                            [],
                            new ByteStreamStateHandle("m", [1, 2, 3]),
                            1237),
                    },
                ])
            {
                Name = "totals",
                States =
                    [new StateDescription("sum", StateKind.Value, new("int64", 1), null, null, new("int64", 1, 5))],
            },
        ])
    {
        Info = new(
            "flights",
            Guid.Parse("11111111-2222-4333-8444-555555555555"),
            Guid.Parse("66666666-7777-4888-9999-aaaaaaaaaaaa"),
            1,
            new(CheckpointKind.Checkpoint, CheckpointRetention.OnCancellation),
            DateTimeOffset.FromUnixTimeMilliseconds(1_000_000_000_000),
            DateTimeOffset.FromUnixTimeMilliseconds(1_000_000_000_250),
            [new("why", "nightly")]),
    };

    /// <summary>Every kind of record that version 1001 has.</summary>
    internal static CheckpointMetadata Full()
    {
        var file = new FileStateHandle("hdfs://nn:8020/é/\ud83d\ude00", 4_294_967_296);
        var relative = new RelativeFileStateHandle("chk/a b", 3, ContentDigest.Of("abc"u8));
        var groups = new KeyGroupsStateHandle(new(2, 4), [0, 10, 20], file);
        var small = Small();
        return small with
        {
            MasterStates = [new MasterState("hook", -2, [1, 2]), new MasterState("", 0, [])],
            Operators =
            [
                .. small.Operators,
                new OperatorCheckpoint(
                    new(new UInt128(0x0102030405060708, 0x1112131415161718)),
                    3,
                    5,
                    [
                        new SubtaskCheckpoint(2)
                        {
                            ManagedKeyed = groups,
                            RawKeyed = groups with { Range = new(0, -1), Offsets = [], Stream = relative },
                            ManagedOperator = new OperatorStateHandle(
                                [
                                    new("split", OperatorStateMode.Split, [0, 8]),
                                    new("union", OperatorStateMode.Union, []),
                                    new("broadcast", OperatorStateMode.Broadcast, [16]),
                                ],
                                relative),
                            RawOperator = new OperatorStateHandle([], new ByteStreamStateHandle("", [])),
                            Legacy = new KeyGroupsStreamStateHandle(groups),
                        },
                        new SubtaskCheckpoint(0)
                        {
                            ManagedKeyed = new IncrementalKeyedStateHandle(
                                Guid.Parse("5d41402a-bc4b-3a76-b971-9d911017c592"),
                                new(0, 4),
                                new(6),
                                [new("000001.sst", relative), new("000002.sst", AbsentStreamStateHandle.Instance)],
                                [new("half \ud834", file)],
                                AbsentStreamStateHandle.Instance)
                            {
                                BackendText = "hello",
                            },
                        },
                        new SubtaskCheckpoint(1),
                    ])
                {
                    States =
                    [
                        new("m", StateKind.Map, new("a", 1), new("b", 2), new("c", 3, -1), new("d", 4)),
                        new("t", StateKind.Timer, null, null, null, null),
                    ],
                },
            ],
            UnknownRecords = [new OpaqueRecord(0x7FFF, [1]), new OpaqueRecord(0, [])],
        };
    }

    /// <summary>So many shared files with paths as they are in practice, in 16 subtasks.</summary>
    internal static CheckpointMetadata Large(int files) => new(
        new(42),
        [],
        [
            new OperatorCheckpoint(
                OperatorId.FromName("totals"),
                16,
                128,
                Enumerable.Range(0, 16).Select(index => new SubtaskCheckpoint(index)
                {
                    ManagedKeyed = new IncrementalKeyedStateHandle(
                        BackendId,
                        new(index * 8, (index * 8) + 7),
                        new(42),
                        Enumerable.Range(0, files / 16).Select(i => new StateFile(
                            $"{i:d6}.sst",
                            new FileStateHandle(
                                $"flights/shared/{BackendId:D}/{index * 8}-{(index * 8) + 7}/"
                                + $"3-12-{new Guid(i, 1, 2, new byte[8]):D}",
                                67_108_864 + i,
                                ContentDigest.Of(BitConverter.GetBytes(i))))).ToValueList(),
                        [],
                        new ByteStreamStateHandle("m", [1, 2, 3])),
                }).ToValueList()),
        ]);
}
