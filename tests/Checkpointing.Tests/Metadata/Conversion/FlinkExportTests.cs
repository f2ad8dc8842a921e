using Checkpointing.Metadata;
using Checkpointing.Metadata.Conversion;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Conversion;

public sealed class FlinkExportTests
{
    [Fact]
    public void Prepare_OurCheckpoint_GetsAbsolutePathsAndCanBeWrittenAndRead()
    {
        var ready = FlinkExport.Prepare(Samples.Small(), "file:/data", "file:/data/flights/chk-7");

        ready.UnresolvedCount.Should().Be(0);
        MetadataPaths.Of(ready.Metadata).Single().Path.Should()
            .Be($"file:/data/flights/shared/{Samples.BackendId}/0-127/1-0-a1");
        foreach (var format in new[] { MetadataFormat.FlinkV2, MetadataFormat.FlinkV3 })
        {
            var bytes = CheckpointMetadataSerializer.Write(ready.Metadata, format);
            MetadataPaths.Of(CheckpointMetadataSerializer.Read(bytes, "_metadata")).Should()
                .Equal(MetadataPaths.Of(ready.Metadata), static (left, right) => left.Path == right.Path);
        }
    }

    [Fact]
    public void Prepare_Savepoint_ItsFilesLieInItsFolder()
    {
        var savepoint = Samples.WithShared(new RelativeFileStateHandle("1-0-a1", 5));

        var ready = FlinkExport.Prepare(savepoint, null, "s3://bucket/sp");

        ready.UnresolvedCount.Should().Be(0);
        MetadataPaths.Of(ready.Metadata).Single().Path.Should().Be("s3://bucket/sp/1-0-a1");
    }

    [Fact]
    public void Prepare_RootNotKnown_CountsWhatFlinkWillNotFind()
    {
        var ready = FlinkExport.Prepare(Samples.Small(), null, "file:/data/flights/chk-7");

        ready.UnresolvedCount.Should().Be(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Prepare_TwoFilesOfOneName_IsRefusedByName(bool areShared)
    {
        StateFile[] files = [new("000012.sst", new FileStateHandle("a/1", 1)), new("x", new FileStateHandle("a/2", 1)),
            new("000012.sst", new FileStateHandle("a/3", 1))];
        var small = Samples.Small();
        var subtask = small.Operators[0].Subtasks[0];
        var keyed = (IncrementalKeyedStateHandle)subtask.ManagedKeyed!;
        var twice = keyed with
        {
            SharedFiles = areShared ? files.ToValueList() : [],
            PrivateFiles = areShared ? [] : files.ToValueList(),
        };
        var metadata = small with
        {
            Operators = [small.Operators[0] with { Subtasks = [subtask with { ManagedKeyed = twice }] }],
        };

        var prepare = () => FlinkExport.Prepare(metadata, "file:/data", "file:/data/x", "x/_metadata");

        prepare.Should().Throw<UnsupportedFormatException>()
            .WithMessage($"'x/_metadata' has two {(areShared ? "shared" : "private")} files called '000012.sst'"
                + " (operator 'totals', subtask 0, keyed state)*");
    }

    [Fact]
    public void Prepare_SharedAndPrivateFileOfOneName_IsAccepted()
    {
        var small = Samples.Small();
        var subtask = small.Operators[0].Subtasks[0];
        var keyed = (IncrementalKeyedStateHandle)subtask.ManagedKeyed!;
        var both = keyed with { PrivateFiles = keyed.SharedFiles };
        var metadata = small with
        {
            Operators = [small.Operators[0] with { Subtasks = [subtask with { ManagedKeyed = both }] }],
        };

        MetadataPaths.Of(FlinkExport.Prepare(metadata, "file:/data", "file:/data/x").Metadata).Should().HaveCount(2);
    }

    [Fact]
    public void Prepare_HandleLeavesItsFolder_IsRefused()
    {
        var prepare = () => FlinkExport.Prepare(
            Samples.WithShared(new RelativeFileStateHandle("../x", 5)), "file:/data", "file:/data/x");

        prepare.Should().Throw<ForeignPathException>();
    }

    // Sizes of the objects that Flink itself writes for these kinds.
    [Theory]
    [InlineData(CheckpointKind.Checkpoint, SavepointFormat.Canonical, 604)]
    [InlineData(CheckpointKind.FullCheckpoint, SavepointFormat.Canonical, 600)]
    [InlineData(CheckpointKind.Savepoint, SavepointFormat.Canonical, 745)]
    [InlineData(CheckpointKind.Savepoint, SavepointFormat.Native, 742)]
    public void Prepare_KindAndFormat_AreSaidInFlinksTerms(CheckpointKind kind, SavepointFormat format, int size)
    {
        var small = Samples.Small();
        var metadata = small with
        {
            Info = small.Info! with
            {
                Properties = new(kind, CheckpointRetention.OnCancellation) { Format = format },
            },
        };

        var ready = FlinkExport.Prepare(metadata, "file:/data", "file:/data/flights/chk-7").Metadata;
        var read = CheckpointMetadataSerializer.Read(
            CheckpointMetadataSerializer.Write(ready, MetadataFormat.FlinkV4), "_metadata");

        read.FlinkProperties!.Serialized.Count.Should().Be(size);
        var isSavepoint = kind == CheckpointKind.Savepoint;
        read.FlinkProperties.Values.Should().Be(new FlinkCheckpointProperties(
            Forced: isSavepoint, DiscardSubsumed: !isSavepoint, DiscardFinished: !isSavepoint, DiscardCancelled: false,
            DiscardFailed: false, DiscardSuspended: false, IsUnclaimed: false,
            (kind, format) switch
            {
                (CheckpointKind.Checkpoint, _) => new FlinkCheckpointKind("Checkpoint", "FORWARD_BACKWARD"),
                (CheckpointKind.FullCheckpoint, _) => new FlinkCheckpointKind("Full Checkpoint", "FORWARD"),
                (_, SavepointFormat.Native) => new FlinkSavepointKind("Savepoint", "NATIVE", "NONE"),
                _ => new FlinkSavepointKind("Savepoint", "CANONICAL", "NONE"),
            }));
        foreach (var version in new[] { MetadataFormat.FlinkV2, MetadataFormat.FlinkV4 })
        {
            var losses = MetadataLosses.Of(ready, version);
            losses.Select(static loss => loss.Kind).Should().NotContain(
                MetadataLossKind.FlinkProperties, "they were made of the origin, which is named");
            losses[0].Sentence.Contains("retention", StringComparison.Ordinal).Should()
                .Be(version == MetadataFormat.FlinkV2);
        }
    }
}
