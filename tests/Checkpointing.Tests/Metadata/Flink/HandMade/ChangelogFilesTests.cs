using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Changelogs: tags 8 to 10 as Flink 1.15 wrote them, 13 and 14 of later versions; savepoints and ids of
/// handles.</summary>
public sealed class ChangelogFilesTests
{
    internal const string Flink15 = """
        49 60 67 2D  00 00 00 03                        # magic, version 3
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 00                                     # no states of hooks
        00 00 00 01                                     # 1 operator
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # its id
        00 00 00 02  00 00 00 80                        # parallelism 2 of 128
        00                                              # no state of its coordinator
        00 00 00 01                                     # 1 subtask
        00 00 00 00                                     # subtask 0
        00 00 00 00  00 00 00 00                        # no managed, no raw operator state
        08  00 00 00 00  00 00 00 40                    # managed keyed: changelog without checkpoint, 64 from 0
          00 00 00 00 00 00 00 63                       # 99 bytes stored for the checkpoint
          00 00 00 02                                   # 2 snapshots
            0B  00 00 00 00 00 00 00 07                 # incremental with id, checkpoint 7
              00 24 '6ba7b810-9dad-41d1-80b4-00c04fd430c8'
              00 00 00 00  00 00 00 20                  # 32 from 0
              00 00 00 00 00 00 00 21                   # 33 bytes stored for it
              02  00 00 00 00 00 00 00 0C  00 06 'file:m'
              00 00 00 01  00 05 '1.sst'  02  00 00 00 00 00 00 00 0D  00 06 'file:1'
              00 00 00 00                               # no private files
              00 02 'id'
            0C  00 00 00 20  00 00 00 01                # key groups with id, 1 from 32
              00 00 00 00 00 00 00 04
              02  00 00 00 00 00 00 00 0E  00 06 'file:k'
              00 02 'ik'
          00 00 00 02                                   # 2 changes
            09  00 00 00 00  00 00 00 02                # in memory, 2 from 0
              00 00 00 00 00 00 00 03  00 00 00 00 00 00 00 05 # from 3 to 5
              00 00 00 02                               # 2 changes
                FF FF FF FF  00 00 00 01  AA            # key group -1: of all
                00 00 00 01  00 00 00 00                # key group 1, empty
              00 02 'i9'
            0A  00 00 00 02  00 00 00 01                # files without storage, 1 from 2
              00 00 00 01                               # 1 stream
                00 00 00 00 00 00 00 10                 # from byte 16
                02  00 00 00 00 00 00 00 20  00 06 'file:c'
              00 00 00 00 00 00 00 30                   # 48 bytes
              00 00 00 00 00 00 00 08                   # 8 of them stored for this checkpoint
              00 02 'ia'
          00 00 00 00 00 00 00 06                       # materialization 6
          00 02 'i8'
        00                                              # raw keyed: none
        00 00 00 00  00 00 00 00                        # no input, no output channels
        """;

    internal const string Later = """
        49 60 67 2D  00 00 00 04                        # magic, version 4
        00 00 00 00 00 00 00 2A                         # checkpoint 42
        00 00 00 00                                     # no states of hooks
        00 00 00 01                                     # 1 operator
        01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 # its id
        00 00 00 02  00 00 00 80                        # parallelism 2 of 128
        00                                              # no state of its coordinator
        00 00 00 01                                     # 1 subtask
        00 00 00 00                                     # subtask 0
        00 00 00 00  00 00 00 00                        # no managed, no raw operator state
        0E  00 00 00 00  00 00 00 40                    # managed keyed: changelog with checkpoint, 64 from 0
          FF FF FF FF FF FF FF FF                       # not known how many bytes were stored
          00 00 00 01                                   # 1 snapshot
            0E  00 00 00 00  00 00 00 00                # a changelog in it, of no key groups
              00 00 00 00 00 00 00 00
              00 00 00 00  00 00 00 00                  # no snapshots, no changes
              00 00 00 00 00 00 00 01                   # materialization 1
              00 00 00 00 00 00 00 02                   # checkpoint 2
              00 00                                     # an empty id
          00 00 00 01                                   # 1 change
            0D  00 00 00 01  00 00 00 01                # files with storage, 1 from 1
              00 00 00 00                               # no streams
              00 00 00 00 00 00 00 00
              00 00 00 00 00 00 00 00
              00 02 'id'
              00 0A 'filesystem'
          00 00 00 00 00 00 00 06                       # materialization 6
          00 00 00 00 00 00 00 29                       # checkpoint 41
          00 02 'ie'
        07  00 00 00 03  00 00 00 01                    # raw keyed: key groups of a savepoint, 1 from 3
          00 00 00 00 00 00 00 00
          06  00 01 'r'  00 00 00 00 00 00 00 02        # relative file: the path first, then 2 bytes
        00 00 00 00  00 00 00 00                        # no input, no output channels
        AC ED 00 05 70                                  # properties: Java's null
        """;

    [Fact]
    public void Read_ChangelogOfFlink15_GivesSnapshotsAndChanges() =>
        HandMadeFile.Check(Flink15, MetadataFormat.FlinkV3, HandMadeFile.WithSubtasks(new SubtaskCheckpoint(0)
        {
            ManagedKeyed = new ChangelogStateHandle(
                new(0, 63),
                [
                    new IncrementalKeyedStateHandle(
                        HandMadeFile.BackendId,
                        new(0, 31),
                        new(7),
                        [new("1.sst", new FileStateHandle("file:1", 13))],
                        [],
                        new FileStateHandle("file:m", 12),
                        33)
                    {
                        HandleId = "id",
                    },
                    new KeyGroupsStateHandle(new(32, 32), [4], new FileStateHandle("file:k", 14)) { HandleId = "ik" },
                ],
                [
                    new InMemoryChangelogStateHandle(new(0, 1), 3, 5, [new(-1, [0xAA]), new(1, [])], "i9"),
                    new ChangelogFilesStateHandle(
                        new(2, 2), [new(16, new FileStateHandle("file:c", 32))], 48, 8, "ia"),
                ],
                6,
                99,
                "i8"),
        }));

    [Fact]
    public void Read_ChangelogOfLaterVersions_GivesCheckpointAndStorage() =>
        HandMadeFile.Check(Later, MetadataFormat.FlinkV4, HandMadeFile.WithSubtasks(new SubtaskCheckpoint(0)
        {
            ManagedKeyed = new ChangelogStateHandle(
                new(0, 63),
                [new ChangelogStateHandle(new(0, -1), [], [], 1, 0, "") { CheckpointId = new(2) }],
                [new ChangelogFilesStateHandle(new(1, 1), [], 0, 0, "id") { StorageId = "filesystem" }],
                6,
                -1,
                "ie")
            {
                CheckpointId = new(41),
            },
            RawKeyed = new KeyGroupsStateHandle(new(3, 3), [0], new RelativeFileStateHandle("r", 2))
            {
                IsSavepoint = true,
            },
        }));
}
