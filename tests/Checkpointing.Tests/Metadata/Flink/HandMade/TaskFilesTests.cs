using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Version 1: an entry a task, with a slot for each operator in it.</summary>
public sealed class TaskFilesTests
{
    internal const string ChainOfThree = """
        49 60 67 2D  00 00 00 01                        # magic, version 1
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 01                                     # 1 task
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # its id
        00 00 00 02  00 00 00 80  00 00 00 03           # parallelism 2 of 128, 3 operators in the chain
        00 00 00 02                                     # 2 subtasks
        00 00 00 01                                     # subtask 1, before subtask 0
        FF FF FF FF FF FF FF FF                         # duration -1
        00 00 00 03                                     # legacy state, 3 slots
          00                                            # none
          01  00 01 'a'  00 00 00 02  CA FE             # inline bytes named 'a'
          02  00 00 00 00 00 00 00 05  00 06 'file:x'   # file of 5 bytes
        00 00 00 03                                     # managed operator state, 3 slots
          04  00 00 00 01                               # partitions: 1 state
            00 01 's'  01                               # 's', mode 1: union
            00 00 00 02                                 # 2 offsets
            00 00 00 00 00 00 00 00
            00 00 00 00 00 00 00 07
            01  00 00  00 00 00 00                      # inline bytes without a name, none
          00                                            # none
          00                                            # none
        00 00 00 03                                     # raw operator state, 3 slots
          00                                            # none
          00                                            # none
          04  00 00 00 00                               # partitions: no state
            02  FF FF FF FF FF FF FF FF  00 06 'file:y' # file of -1 bytes, which Flink accepts
        03  00 00 00 40  00 00 00 02                    # managed keyed: key groups, 2 from 64
          00 00 00 00 00 00 00 00
          00 00 00 00 00 00 00 09
          02  00 00 00 00 00 00 00 0A  00 06 'file:z'   # file of 10 bytes
        00                                              # raw keyed: none
        00 00 00 00                                     # subtask 0
        FF FF FF FF FF FF FF FF                         # duration -1
        00 00 00 00  00 00 00 00  00 00 00 00           # no slots: it has no state
        00                                              # managed keyed: none
        03  00 00 00 00  00 00 00 00                    # raw keyed: key groups, none
          01  00 00  00 00 00 00                        # inline bytes without a name, none
        """;

    internal static CheckpointMetadata ContentOfChainOfThree { get; } = new(
        new(42),
        [],
        [
            new OperatorCheckpoint(
                HandMadeFile.Id,
                2,
                128,
                [
                    new SubtaskCheckpoint(1)
                    {
                        Chain = new(
                            [null, new ByteStreamStateHandle("a", [0xCA, 0xFE]), new FileStateHandle("file:x", 5)],
                            [
                                new OperatorStateHandle(
                                    [new("s", OperatorStateMode.Union, [0, 7])], new ByteStreamStateHandle("", [])),
                                null,
                                null,
                            ],
                            [null, null, new OperatorStateHandle([], new FileStateHandle("file:y", -1))]),
                        ManagedKeyed = new KeyGroupsStateHandle(new(64, 65), [0, 9], new FileStateHandle("file:z", 10)),
                    },
                    new SubtaskCheckpoint(0)
                    {
                        Chain = new([], [], []),
                        RawKeyed = new KeyGroupsStateHandle(new(0, -1), [], new ByteStreamStateHandle("", [])),
                    },
                ])
            {
                ChainLength = 3,
            },
        ]);

    [Fact]
    public void Read_ChainOfThree_GivesItsSlots() =>
        HandMadeFile.Check(ChainOfThree, MetadataFormat.FlinkV1, ContentOfChainOfThree);

    [Theory]
    [InlineData(MetadataFormat.FlinkV2)]
    [InlineData(MetadataFormat.FlinkV3)]
    [InlineData(MetadataFormat.FlinkV6)]
    public void Write_TaskInLaterVersion_IsRefusedByName(MetadataFormat format)
    {
        var write = () => CheckpointMetadataSerializer.Write(ContentOfChainOfThree, format);

        write.Should().Throw<UnsupportedFormatException>()
            .WithMessage("*a task with 3 chained operators*0102030405060708*");
    }
}
