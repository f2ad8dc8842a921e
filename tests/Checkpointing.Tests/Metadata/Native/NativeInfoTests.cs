using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using static Checkpointing.Tests.Metadata.NativeFile;

namespace Checkpointing.Tests.Metadata.Native;

/// <summary>The origin in version 1001, put together by hand from the documentation.</summary>
public sealed class NativeInfoTests
{
    private const byte Savepoint = 2;

    private static readonly string s_golden = Path.Combine(
        SharedData.RepositoryRoot, "tests", "Checkpointing.Tests", "Metadata", "GoldenFiles",
        "native-v1-savepoint.metadata");

    [Fact]
    public void Write_NativeSavepoint_GivesTheBytesPutTogetherByHand()
    {
        var file = FileOf(Savepoint, Record(0x8081), Record(0x7001, [5]));
        var read = CheckpointMetadataSerializer.Read(file, "p");

        read.Info!.Properties.Should().Be(
            new CheckpointProperties(CheckpointKind.Savepoint, CheckpointRetention.OnCancellation)
            {
                Format = SavepointFormat.Native,
            });
        read.Info.UnknownRecords.Should().Equal(new OpaqueRecord(0x7001, [5]));
        CheckpointMetadataSerializer.Write(read, MetadataFormat.NativeV1).Should().Equal(file);
        File.ReadAllBytes(s_golden).Should().Equal(file, "a released layout never changes");
    }

    [Fact]
    public void Write_CanonicalSavepoint_HasNoRecordOfIt()
    {
        var file = FileOf(Savepoint);
        var read = CheckpointMetadataSerializer.Read(file, "p");

        read.Info!.Properties.Format.Should().Be(SavepointFormat.Canonical);
        CheckpointMetadataSerializer.Write(read, MetadataFormat.NativeV1).Should().Equal(file);
    }

    [Fact]
    public void Read_WrongMarks_IsCorruption()
    {
        byte[][] wrong =
        [
            FileOf(Savepoint, Record(0x8081), Record(0x8081)), FileOf(Savepoint, Record(0x8081, [0])),
            FileOf(0, Record(0x8081)), FileOf(1, Record(0x8081)),
        ];
        foreach (var file in wrong)
        {
            FluentActions.Invoking(() => CheckpointMetadataSerializer.Read(file, "p"))
                .Should().Throw<CheckpointCorruptException>();
        }
    }

    [Fact]
    public void Read_UnknownRequiredRecord_IsRefused() =>
        FluentActions.Invoking(() => CheckpointMetadataSerializer.Read(FileOf(Savepoint, Record(0x8082)), "p"))
            .Should().Throw<UnsupportedFormatException>().WithMessage("*0x8082*origin*");

    [Fact]
    public void Write_NativeCheckpoint_IsRefused()
    {
        var read = CheckpointMetadataSerializer.Read(FileOf(0), "p");
        var wrong = read with
        {
            Info = read.Info! with { Properties = read.Info.Properties with { Format = SavepointFormat.Native } },
        };

        FluentActions.Invoking(() => CheckpointMetadataSerializer.Write(wrong, MetadataFormat.NativeV1))
            .Should().Throw<UnsupportedFormatException>().WithMessage("*Checkpoint in the format Native*");
    }

    private static byte[] FileOf(byte kind, params byte[][] records) => Seal(
        CheckpointId(7),
        Record(0x8002,
        [
            Text("job"), new byte[16], new byte[16], Int64(1), [kind, 1], Int64(0), Int64(0), Int32(0), .. records,
        ]));
}
