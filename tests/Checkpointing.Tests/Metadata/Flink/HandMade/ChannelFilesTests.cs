using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Channel state, without its kind in version 3 and with it from version 6 on; the reference of version
/// 7.</summary>
public sealed class ChannelFilesTests
{
    private const string Version3 = """
        49 60 67 2D  00 00 00 03                        # magic, version 3
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 00                                     # no states of hooks
        00 00 00 01                                     # 1 operator
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # its id
        00 00 00 02  00 00 00 80                        # parallelism 2 of 128
        00                                              # no state of its coordinator
        00 00 00 01                                     # 1 subtask
        00 00 00 01                                     # subtask 1
        00 00 00 00  00 00 00 00  00  00                # no operator state, no keyed state
        00 00 00 01                                     # 1 input channel
          00 00 00 01  00 00 00 02  00 00 00 03         # subtask 1, gate 2, channel 3
          00 00 00 02                                   # 2 offsets
            00 00 00 00 00 00 00 04
            00 00 00 00 00 00 00 05
          00 00 00 00 00 00 00 06                       # 6 bytes
          02  00 00 00 00 00 00 00 07  00 06 'file:i'
        00 00 00 02                                     # 2 output channels
          00 00 00 01  00 00 00 08  00 00 00 09         # subtask 1, partition 8, subpartition 9
          00 00 00 00                                   # no offsets
          00 00 00 00 00 00 00 00                       # no bytes
          01  00 00  00 00 00 00
          00 00 00 01  00 00 00 08  00 00 00 0A         # subtask 1, partition 8, subpartition 10
          00 00 00 00
          00 00 00 00 00 00 00 00
          01  00 00  00 00 00 00
        """;

    private const string Version6 = """
        49 60 67 2D  00 00 00 06                        # magic, version 6
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 00                                     # no states of hooks
        00 00 00 01                                     # 1 operator
        00 00  00 00                                    # no name, no uid
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # its id
        00 00 00 02  00 00 00 80                        # parallelism 2 of 128
        00                                              # no state of its coordinator
        00 00 00 01                                     # 1 subtask
        00 00 00 01                                     # subtask 1
        00 00 00 00  00 00 00 00  00  00                # no operator state, no keyed state
        00 00 00 02                                     # 2 handles of input
          01                                            # kind 1: one input channel
          00 00 00 01  00 00 00 02  00 00 00 03         # subtask 1, gate 2, channel 3
          00 00 00 01  00 00 00 00 00 00 00 04          # 1 offset
          00 00 00 00 00 00 00 06                       # 6 bytes
          02  00 00 00 00 00 00 00 07  00 06 'file:i'
          03                                            # kind 3: all input channels
          00 00 00 01                                   # subtask 1
          00 00 00 00 00 00 00 0B                       # 11 bytes
          02  00 00 00 00 00 00 00 0C  00 06 'file:I'
          00 00 00 1C                                   # packed, 28 bytes
            00 00 00 01                                 # 1 channel
            00 00 00 02  00 00 00 03                    # gate 2, channel 3
            00 00 00 00 00 00 00 0B                     # 11 bytes
            00 00 00 00                                 # no offsets
            EE EE EE EE                                 # more than that: kept as it is
        00 00 00 02                                     # 2 handles of output
          02                                            # kind 2: one result subpartition
          00 00 00 01  00 00 00 08  00 00 00 09         # subtask 1, partition 8, subpartition 9
          00 00 00 00                                   # no offsets
          00 00 00 00 00 00 00 00                       # no bytes
          01  00 00  00 00 00 00
          04                                            # kind 4: all result subpartitions
          00 00 00 00                                   # subtask 0
          FF FF FF FF FF FF FF FF                       # -1 bytes
          01  00 00  00 00 00 00
          00 00 00 00                                   # nothing packed
        AC ED 00 05 70                                  # properties: Java's null
        """;

    private const string Version7 = """
        49 60 67 2D  00 00 00 07                        # magic, version 7
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 00                                     # no states of hooks
        00 00 00 01                                     # 1 operator
        00 01 'n'  00 01 'u'                            # name, uid
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # its id
        00 00 00 03  00 00 00 80                        # parallelism 3 of 128
        00                                              # no state of its coordinator
        00 00 00 03                                     # 3 subtasks
        00 00 00 00                                     # subtask 0
        00 00 00 00  00 00 00 00  00  00                # no operator state, no keyed state
        00 00 00 00  00 00 00 00                        # no input, no output channels
        01  00 00 00 00 00 00 00 29                     # refers to checkpoint 41
        FF FF FF FD                                     # subtask 2 has finished: nothing more of it
        00 00 00 01                                     # subtask 1
        00 00 00 00  00 00 00 00  00  00
        00 00 00 00  00 00 00 00
        00                                              # refers to none
        AC ED 00 05 70                                  # properties: Java's null
        """;

    private static readonly ByteStreamStateHandle s_nothing = new("", []);

    [Fact]
    public void Read_Version3_GivesOneChannelAHandle() =>
        HandMadeFile.Check(Version3, MetadataFormat.FlinkV3, HandMadeFile.WithSubtasks(new SubtaskCheckpoint(1)
        {
            InputChannels = [new(new SingleChannel(2, 3, [4, 5]), 1, 6, new FileStateHandle("file:i", 7))],
            OutputChannels =
            [
                new(new SingleChannel(8, 9, []), 1, 0, s_nothing), new(new SingleChannel(8, 10, []), 1, 0, s_nothing),
            ],
        }));

    internal static CheckpointMetadata ContentOfVersion6 { get; } =
        HandMadeFile.WithSubtasks(new SubtaskCheckpoint(1)
        {
            InputChannels =
            [
                new(new SingleChannel(2, 3, [4]), 1, 6, new FileStateHandle("file:i", 7)),
                new(
                    new MergedChannels(
                    [
                        0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x0B, 0, 0, 0, 0, 0xEE, 0xEE, 0xEE,
                        0xEE,
                    ]),
                    1,
                    11,
                    new FileStateHandle("file:I", 12)),
            ],
            OutputChannels =
            [
                new(new SingleChannel(8, 9, []), 1, 0, s_nothing), new(new MergedChannels([]), 0, -1, s_nothing),
            ],
        });

    [Fact]
    public void Read_Version6_GivesAllFourKinds() =>
        HandMadeFile.Check(Version6, MetadataFormat.FlinkV6, ContentOfVersion6);

    [Fact]
    public void Write_MergedChannelsInVersion5_IsRefusedByName()
    {
        var write = () => CheckpointMetadataSerializer.Write(ContentOfVersion6, MetadataFormat.FlinkV5);

        write.Should().Throw<UnsupportedFormatException>()
            .WithMessage("*merged input channels of subtask 1 (operator 0102*, subtask 1)*Flink's version 5*");
    }

    [Fact]
    public void Read_KindOfTheOtherDirection_IsCorruptThere()
    {
        var file = Hex.Parse(Version6);
        var at = file.AsSpan().LastIndexOf((byte)4);
        file[at] = 3;

        var read = () => CheckpointMetadataSerializer.Read(file, "p");

        read.Should().Throw<CheckpointCorruptException>().Which.Offset.Should().Be(at);
    }

    [Fact]
    public void Read_Version7_GivesReferencesAndIsNotWritten()
    {
        var file = Hex.Parse(Version7);

        var metadata = CheckpointMetadataSerializer.Read(file, "p", out var format);

        format.Should().Be(MetadataFormat.FlinkV7);
        metadata.Should().Be(new CheckpointMetadata(
            new(42),
            [],
            [
                new OperatorCheckpoint(
                    HandMadeFile.Id,
                    3,
                    128,
                    [
                        new(0) { ReferenceCheckpointId = new(41) }, new(2) { IsFinished = true }, new(1),
                    ])
                {
                    Name = "n",
                    Uid = "u",
                },
            ]));
        HandMadeFile.CheckCut(file);
        var write = () => CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV7);
        write.Should().Throw<UnsupportedFormatException>().WithMessage("*metadata version 7 to be written*1 to 6*");
        write = () => CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV6);
        write.Should().Throw<UnsupportedFormatException>()
            .WithMessage("*checkpoint 41 holds in part (operator n, subtask 0)*");
    }
}
