using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Operator state in merged files (tag 17), segments (15, 16), finished subtasks and operators, state of an
/// operator's coordinator.</summary>
public sealed class MergedFilesTests
{
    private const string File = """
        49 60 67 2D  00 00 00 03                        # magic, version 3
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 00                                     # no states of hooks
        00 00 00 02                                     # 2 operators
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # id of the first
        00 00 00 02  00 00 00 80                        # parallelism 2 of 128
        01  00 01 'c'  00 00 00 02  BE EF               # state of its coordinator: inline bytes named 'c'
        00 00 00 02                                     # 2 subtasks
        FF FF FF FE                                     # subtask 1 has finished: -1 - 1
        00 00 00 00                                     # subtask 0
        00 00 00 01                                     # it has managed operator state
          11  00 00 00 01                               # in merged files: 1 state
            00 01 's'  00  00 00 00 01  00 00 00 00 00 00 00 04
            00 04 '/own'  00 06 '/share'  00            # the two folders; not empty
            0F  00 00 00 00 00 00 00 64                 # segment from byte 100
              00 00 00 00 00 00 00 14                   # of 20 bytes
              00 00 00 01                               # scope 1: shared
              00 02 '/f'  00 04 'seg1'                  # file, id
        00 00 00 01                                     # it has raw operator state
          11  00 00 00 00                               # in merged files: no state
            00 04 '/own'  00 06 '/share'  01            # the two folders; empty
            10                                          # empty segment
        03  00 00 00 00  00 00 00 01                    # managed keyed: key groups, 1 from 0
          00 00 00 00 00 00 00 00
          0F  00 00 00 00 00 00 00 00                   # segment from byte 0
            00 00 00 00 00 00 00 01                     # of 1 byte
            00 00 00 00                                 # scope 0: exclusive
            00 02 '/g'  00 00                           # file, an empty id
        00                                              # raw keyed: none
        00 00 00 00  00 00 00 00                        # no input, no output channels
        21 22 23 24 25 26 27 28 31 32 33 34 35 36 37 38 # id of the second operator
        00 00 00 03  00 00 80 00                        # parallelism 3 of 32,768
        00                                              # no state of its coordinator
        FF FF FF FF                                     # -1: it has finished
        """;

    [Fact]
    public void Read_MergedFilesAndFinishedParts_GivesThem()
    {
        var running = HandMadeFile.WithSubtasks(
            new SubtaskCheckpoint(1) { IsFinished = true },
            new SubtaskCheckpoint(0)
            {
                ManagedOperator = new(
                    [new("s", OperatorStateMode.Split, [4])],
                    new SegmentStateHandle("/f", 100, 20, SegmentScope.Shared, "seg1"))
                {
                    MergedFiles = new("/own", "/share", IsEmpty: false),
                },
                RawOperator = new([], EmptySegmentStateHandle.Instance)
                {
                    MergedFiles = new("/own", "/share", IsEmpty: true),
                },
                ManagedKeyed = new KeyGroupsStateHandle(
                    new(0, 0), [0], new SegmentStateHandle("/g", 0, 1, SegmentScope.Exclusive, "")),
            }).Operators[0] with
        {
            CoordinatorState = new("c", [0xBE, 0xEF]),
        };
        var finished = new OperatorCheckpoint(new(new(0x2122232425262728, 0x3132333435363738)), 3, 32_768, [])
        {
            IsFullyFinished = true,
        };

        HandMadeFile.Check(File, MetadataFormat.FlinkV3, new(new(42), [], [running, finished]));
    }
}
