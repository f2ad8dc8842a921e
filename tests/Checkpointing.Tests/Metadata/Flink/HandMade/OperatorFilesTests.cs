using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Version 2: an entry an operator, and states of hooks of the coordinator.</summary>
public sealed class OperatorFilesTests
{
    internal const string Legacy = """
        49 60 67 2D  00 00 00 02                        # magic, version 2
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 01                                     # 1 state of a hook
          C9 6B 16 96  00 00 00 0E                      # its magic, its length 4 + 2 + 1 + 4 + 3
          FF FF FF FE  00 01 'h'                        # version -2, name 'h'
          00 00 00 03  01 02 03                         # 3 bytes
        00 00 00 01                                     # 1 operator
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # its id
        00 00 00 02  00 00 00 80  00 00 00 01           # parallelism 2 of 128, 1 operator in its chain
        00 00 00 01                                     # 1 subtask
        00 00 00 01                                     # subtask 1
        FF FF FF FF FF FF FF FF                         # duration -1
        00 00 00 01                                     # it has legacy state
          03  00 00 00 05  00 00 00 01                  # key groups as a stream, 1 from 5
            00 00 00 00 00 00 00 11
            03  00 00 00 00  00 00 00 00                # key groups as the stream of that, none
              02  00 00 00 00 00 00 00 05  00 06 'file:x'
        00 00 00 01                                     # it has managed operator state
          04  00 00 00 03                               # partitions: 3 states
            00 01 'b'  02  00 00 00 01  00 00 00 00 00 00 00 08 # mode 2: broadcast
            00 01 'u'  01  00 00 00 01  7F FF FF FF FF FF FF FF # mode 1: union
            00 01 's'  00  00 00 00 00                  # mode 0: split, no offsets
            02  00 00 00 00 00 00 00 09  00 06 'file:o'
        00 00 00 00                                     # it has no raw operator state
        05  00 00 00 00 00 00 00 29                     # managed keyed: incremental, checkpoint 41
          00 09 'Window(4)'                             # a backend id of before July 2017
          00 00 00 40  00 00 00 40                      # key groups: 64 from 64
          00                                            # no meta file, which Flink accepts
          00 00 00 02                                   # 2 shared files
            00 05 '2.sst'  02  00 00 00 00 00 00 00 07  00 06 'file:2'
            00 05 '1.sst'  00                           # no handle, which Flink accepts
          00 00 00 01                                   # 1 private file
            00 07 'CURRENT'  01  00 00  00 00 00 01  0A
        05  00 00 00 00 00 00 00 2A                     # raw keyed: incremental, checkpoint 42
          00 24 '6ba7b810-9dad-41d1-80b4-00c04fd430c8'
          00 00 00 00  00 00 00 80
          01  00 01 'm'  00 00 00 00                    # meta file inline, empty
          00 00 00 00  00 00 00 00                      # no shared files, no private ones
        """;

    [Fact]
    public void Read_LegacyStreamOperatorModesAndNamedBackend_GivesThem()
    {
        // MD5 of 'Window(4)' with the version 3 and the variant set in it, as Java's nameUUIDFromBytes gives it.
        var named = Guid.Parse("183a8a03-c0bd-3954-9027-06affdcb9bcb");
        var metadata = HandMadeFile.WithSubtasks(new SubtaskCheckpoint(1)
        {
            Legacy = new KeyGroupsStreamStateHandle(new(new(5, 5), [0x11], new KeyGroupsStreamStateHandle(
                new(new(0, -1), [], new FileStateHandle("file:x", 5))))),
            ManagedOperator = new(
                [
                    new("b", OperatorStateMode.Broadcast, [8]),
                    new("u", OperatorStateMode.Union, [long.MaxValue]),
                    new("s", OperatorStateMode.Split, []),
                ],
                new FileStateHandle("file:o", 9)),
            ManagedKeyed = new IncrementalKeyedStateHandle(
                named,
                new(64, 127),
                new(41),
                [new("2.sst", new FileStateHandle("file:2", 7)), new("1.sst", AbsentStreamStateHandle.Instance)],
                [new("CURRENT", new ByteStreamStateHandle("", [0x0A]))],
                AbsentStreamStateHandle.Instance)
            {
                BackendText = "Window(4)",
            },
            RawKeyed = new IncrementalKeyedStateHandle(
                HandMadeFile.BackendId, new(0, 127), new(42), [], [], new ByteStreamStateHandle("m", [])),
        });

        HandMadeFile.Check(Legacy, MetadataFormat.FlinkV2, metadata with { MasterStates = [new("h", -2, [1, 2, 3])] });
    }

    [Fact]
    public void Read_RangeOfNoKeyGroupsThatDoesNotStartAtZero_IsWrittenWithStartZero()
    {
        var odd = Legacy.Replace("03  00 00 00 00  00 00 00 00 ", "03  00 00 00 07  00 00 00 00 ");
        odd.Should().NotBe(Legacy);

        var metadata = CheckpointMetadataSerializer.Read(Hex.Parse(odd), "p");

        CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV2).Should().Equal(Hex.Parse(Legacy));
    }
}
