using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Names and uids of version 5, Java's modified UTF-8 in them, and the properties behind.</summary>
public sealed class NamedOperatorFilesTests
{
    private const string File = """
        49 60 67 2D  00 00 00 05                        # magic, version 5
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 00                                     # no states of hooks
        00 00 00 02                                     # 2 operators
        00 0D                                           # name, 13 bytes
          'a'  C0 80                                    # 'a' and U+0000
          C3 BC  E6 97 A5                               # u with diaeresis, the sign for sun
          ED A0 BD  'z' 7F                              # half of a surrogate pair, 'z', U+007F
        00 09                                           # uid, 9 bytes
          ED A0 BD  ED B8 80                            # U+1F600 as its two halves
          ED B8 80                                      # the second half again
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # its id
        00 00 00 02  00 00 00 80                        # parallelism 2 of 128
        00                                              # no state of its coordinator
        00 00 00 00                                     # no subtasks
        00 00                                           # no name
        00 01 'u'                                       # a uid
        21 22 23 24 25 26 27 28 31 32 33 34 35 36 37 38 # its id
        00 00 00 01  00 00 00 01                        # parallelism 1 of 1
        01  00 00  00 00 00 00                          # state of its coordinator: inline bytes, none
        00 00 00 00                                     # no subtasks

        """;

    private const string Properties = """
        AC ED 00 05                                     # Java's magic and version
        73 72                                           # object, of a new class (number 0)
          00 38 'org.apache.flink.runtime.checkpoint.CheckpointProperties'
          00 00 00 00 00 00 00 02  02                   # version 2; serializable
          00 08                                         # 8 fields
            'Z' 00 10 'discardCancelled'
            'Z' 00 0D 'discardFailed'
            'Z' 00 0F 'discardFinished'
            'Z' 00 0F 'discardSubsumed'
            'Z' 00 10 'discardSuspended'
            'Z' 00 06 'forced'
            'Z' 00 09 'unclaimed'
            'L' 00 0E 'checkpointType'
              74 00 32 'Lorg/apache/flink/runtime/checkpoint/SnapshotType;'
          78 70                                         # no annotations, no superclass
        00 00 01 01 00 00 00                            # finished and subsumed
        73 72                                           # object, of a new class (number 3)
          00 32 'org.apache.flink.runtime.checkpoint.CheckpointType'
          D6 DE 4F 03 05 AE 1D 3A  02
          00 02                                         # 2 fields
            'L' 00 04 'name'  74 00 12 'Ljava/lang/String;'
            'L' 00 14 'sharingFilesStrategy'
              74 00 47 'Lorg/apache/flink/runtime/checkpoint/SnapshotType$SharingFilesStrategy;'
          78 70
        74 00 0A 'Checkpoint'
        7E 72                                           # constant of a new enum
          00 45 'org.apache.flink.runtime.checkpoint.SnapshotType$SharingFilesStrategy'
          00 00 00 00 00 00 00 00  12  00 00  78        # enum, no fields
          72 00 0E 'java.lang.Enum'                     # its superclass
            00 00 00 00 00 00 00 00  12  00 00  78 70
        74 00 10 'FORWARD_BACKWARD'
        """;

    private static readonly CheckpointMetadata s_content = new(
        new(42),
        [],
        [
            new OperatorCheckpoint(HandMadeFile.Id, 2, 128, [])
            {
                Name = "a\0\u00fc\u65e5\ud83dz\u007f",
                Uid = "\ud83d\ude00\ude00",
            },
            new OperatorCheckpoint(new(new(0x2122232425262728, 0x3132333435363738)), 1, 1, [])
            {
                Uid = "u",
                CoordinatorState = new("", []),
            },
        ]);

    [Fact]
    public void Read_NamesInModifiedUtf8_GivesTheirCharacters() =>
        HandMadeFile.Check(
            File + Properties,
            MetadataFormat.FlinkV5,
            s_content with
            {
                FlinkProperties = FlinkProperties.Of(new(
                    Forced: false,
                    DiscardSubsumed: true,
                    DiscardFinished: true,
                    DiscardCancelled: false,
                    DiscardFailed: false,
                    DiscardSuspended: false,
                    IsUnclaimed: false,
                    new FlinkCheckpointKind("Checkpoint", "FORWARD_BACKWARD"))),
            });

    [Fact]
    public void Read_PropertiesOfAnUnknownClass_AreKept() =>
        HandMadeFile.Check(
            File + "AC ED 00 05  73  72 00 01 'X' 00 00 00 00 00 00 00 01 02 00 00 78 70",
            MetadataFormat.FlinkV5,
            s_content with
            {
                FlinkProperties = new([.. Hex.Parse("ACED0005 73 72 0001 'X' 0000000000000001 02 0000 78 70")]),
            });

    [Fact]
    public void Read_BytesBehindTheProperties_AreCorruptThere()
    {
        var file = Hex.Parse(File + "AC ED 00 05 70  00");

        var read = () => CheckpointMetadataSerializer.Read(file, "p");

        read.Should().Throw<CheckpointCorruptException>().Which.Offset.Should().Be(file.Length - 1);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("uid")]
    public void Write_EmptyNameOrUid_IsRefused(string which)
    {
        var one = s_content.Operators[1];
        var write = () => CheckpointMetadataSerializer.Write(
            s_content with { Operators = [which == "name" ? one with { Name = "" } : one with { Uid = "" }] },
            MetadataFormat.FlinkV5);

        write.Should().Throw<UnsupportedFormatException>().WithMessage($"*an empty {which} of an operator*");
    }
}
