using Checkpointing.Metadata;
using Checkpointing.Metadata.Conversion;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.Metadata.Conversion;

public sealed class MetadataLossesTests
{
    [Theory]
    [InlineData(MetadataFormat.FlinkV2)]
    [InlineData(MetadataFormat.FlinkV3)]
    public void Of_OurSmallCheckpoint_NamesAllThatFlinkHasNoRoomFor(MetadataFormat format)
    {
        var losses = MetadataLosses.Of(Samples.Small(), format);

        losses.Select(static loss => (loss.Kind, loss.Count)).Should().Equal(
            (MetadataLossKind.Origin, 1),
            (MetadataLossKind.Tags, 1),
            (MetadataLossKind.OperatorNames, 1),
            (MetadataLossKind.StateDescriptions, 1),
            (MetadataLossKind.Digests, 1),
            (MetadataLossKind.CheckpointedSizes, 1));
        losses[0].Sentence.Should().Contain("'flights'").And.Contain("epoch 1").And.Contain("2001-09-09T01:46:40.250");
        losses[4].Sentence.Should().Be("1 digest of a file is left out; damage in files is not noticed.");
    }

    [Fact]
    public void Of_NamesAndUid_StayFromVersion5On()
    {
        var small = Samples.Small();
        var metadata = small with { Operators = [small.Operators[0] with { Uid = "uid" }] };

        MetadataLosses.Of(metadata, MetadataFormat.FlinkV4).Select(static loss => loss.Kind).Should()
            .Contain([MetadataLossKind.OperatorNames, MetadataLossKind.OperatorUids]);
        MetadataLosses.Of(metadata, MetadataFormat.FlinkV5).Select(static loss => loss.Kind).Should()
            .NotContain([MetadataLossKind.OperatorNames, MetadataLossKind.OperatorUids]);
    }

    [Theory]
    [InlineData(MetadataFormat.FlinkV2, true)]
    [InlineData(MetadataFormat.FlinkV3, false)]
    public void Of_HandleIdsAndMarks_AreLostBeforeVersion3Only(MetadataFormat format, bool areLost)
    {
        var metadata = new CheckpointMetadata(
            new(1),
            [],
            [
                new(OperatorId.FromName("a"), 2, 2,
                [
                    new(0)
                    {
                        ManagedKeyed = new IncrementalKeyedStateHandle(
                            Samples.BackendId, new(0, 1), new(1), [], [], new ByteStreamStateHandle("m", []), 7)
                        {
                            HandleId = "id",
                        },
                        RawKeyed = new KeyGroupsStateHandle(new(0, 0), [0], new ByteStreamStateHandle("m", []))
                        {
                            HandleId = "id",
                        },
                    },
                    new(1)
                    {
                        ManagedKeyed = new KeyGroupsStateHandle(new(0, 0), [0], new ByteStreamStateHandle("m", []))
                        {
                            IsSavepoint = true,
                        },
                    },
                ]),
            ]);

        MetadataLosses.Of(metadata, format).Select(static loss => (loss.Kind, loss.Count)).Should().Equal(
            areLost
                ? new[]
                {
                    (MetadataLossKind.CheckpointedSizes, 1), (MetadataLossKind.HandleIds, 2),
                    (MetadataLossKind.SavepointMarks, 1),
                }
                : []);
    }

    [Fact]
    public void Of_RecordsOfANewerLibrary_AreCountedWhereverTheyStand()
    {
        ValueList<OpaqueRecord> record = [new(1, [1])];
        var small = Samples.Small();
        var subtask = small.Operators[0].Subtasks[0];
        var keyed = (IncrementalKeyedStateHandle)subtask.ManagedKeyed!;
        var metadata = small with
        {
            UnknownRecords = record,
            Info = small.Info! with { UnknownRecords = record },
            MasterStates = [new("hook", 1, []) { UnknownRecords = record }],
            Operators =
            [
                small.Operators[0] with
                {
                    UnknownRecords = record,
                    Subtasks =
                    [
                        subtask with
                        {
                            UnknownRecords = record,
                            ManagedKeyed = keyed with
                            {
                                UnknownRecords = record,
                                MetaFile = keyed.MetaFile with { UnknownRecords = record },
                            },
                        },
                    ],
                },
            ],
        };

        MetadataLosses.Of(metadata, MetadataFormat.FlinkV3).Should()
            .ContainSingle(static loss => loss.Kind == MetadataLossKind.UnknownRecords).Which.Count.Should().Be(7);
    }

    /// <summary>The rule of all: what is not reported as lost is there again.</summary>
    [Theory]
    [InlineData(MetadataFormat.FlinkV1)]
    [InlineData(MetadataFormat.FlinkV2)]
    [InlineData(MetadataFormat.FlinkV3)]
    [InlineData(MetadataFormat.FlinkV4)]
    [InlineData(MetadataFormat.FlinkV5)]
    [InlineData(MetadataFormat.FlinkV6)]
    [InlineData(MetadataFormat.NativeV1)]
    public void Of_AnyContentThatAFormatHolds_NothingReportedMeansNothingLost(MetadataFormat format)
    {
        var (kept, lost) = (0, 0);
        foreach (var source in Enum.GetValues<MetadataFormat>().Where(static one => one != MetadataFormat.FlinkV7))
        {
            MetadataGen.For(source).Sample(
                metadata =>
                {
                    byte[] bytes;
                    try
                    {
                        bytes = CheckpointMetadataSerializer.Write(metadata, format);
                    }
                    catch (UnsupportedFormatException)
                    {
                        // Refused, so nothing is lost.
                        return;
                    }

                    var again = CheckpointMetadataSerializer.Read(bytes, "_metadata");
                    var losses = MetadataLosses.Of(metadata, format);
                    Interlocked.Increment(ref losses.Count == 0 ? ref kept : ref lost);
                    again.Equals(metadata).Should().Be(losses.Count == 0, string.Join(" ", losses));
                },
                iter: 200);
        }

        (kept + lost).Should().BePositive();
        kept.Should().BePositive();
    }

    [Fact]
    public void Of_FlinksFilesInTheirOwnVersion_NothingIsLost()
    {
        foreach (var path in SharedData.FilesOrSkip("flink-metadata", "v?-*.metadata")
            .Where(static path => !Path.GetFileName(path).StartsWith("v0", StringComparison.Ordinal)))
        {
            var metadata = CheckpointMetadataSerializer.Read(File.ReadAllBytes(path), path, out var format);

            MetadataLosses.Of(metadata, format).Should().BeEmpty(path);
        }
    }
}
