using System.Buffers;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.Metadata;

public sealed class CheckpointMetadataSerializerTests
{
    [Theory]
    [InlineData(MetadataFormat.FlinkV1)]
    [InlineData(MetadataFormat.FlinkV2)]
    [InlineData(MetadataFormat.FlinkV3)]
    [InlineData(MetadataFormat.FlinkV4)]
    [InlineData(MetadataFormat.FlinkV5)]
    [InlineData(MetadataFormat.FlinkV6)]
    [InlineData(MetadataFormat.NativeV1)]
    public void Read_AnythingWritten_GivesTheSameContent(MetadataFormat format) =>
        MetadataGen.For(format).Sample(
            metadata =>
            {
                var bytes = CheckpointMetadataSerializer.Write(metadata, format);

                var read = CheckpointMetadataSerializer.Read(bytes, "p", out var found);

                return found == format && read == metadata
                    && CheckpointMetadataSerializer.Write(read, format).AsSpan().SequenceEqual(bytes);
            },
            iter: 1_000);

    [Theory]
    [InlineData(MetadataFormat.FlinkV1)]
    [InlineData(MetadataFormat.FlinkV2)]
    [InlineData(MetadataFormat.FlinkV6)]
    public void Read_NativeOfFlinkContent_LosesNothing(MetadataFormat format) => MetadataGen.For(format).Sample(
        static metadata =>
        {
            var native = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);

            return CheckpointMetadataSerializer.Read(native, "p") == metadata;
        },
        iter: 300);

    [Fact]
    public void Write_Version7_IsRefused()
    {
        var write = () => CheckpointMetadataSerializer.Write(Samples.Small(), MetadataFormat.FlinkV7);

        write.Should().Throw<UnsupportedFormatException>().WithMessage("*metadata version 7 to be written*1 to 6*");
    }

    // The larger one takes several chunks of memory, with lengths that are filled in in another chunk.
    [Theory]
    [InlineData(16)]
    [InlineData(20_000)]
    public void Write_ToBufferWriter_GivesTheSameBytes(int files)
    {
        var metadata = Samples.Large(files);
        var target = new ArrayBufferWriter<byte>();

        CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1, target);

        target.WrittenSpan.SequenceEqual(CheckpointMetadataSerializer.Write(metadata,
            MetadataFormat.NativeV1)).Should().BeTrue();
        (CheckpointMetadataSerializer.Read(target.WrittenSpan, "p") == metadata).Should().BeTrue();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(1002)]
    [InlineData(-1)]
    public void Read_UnknownVersion_NamesItAndTheSupportedOnes(int version)
    {
        byte[] bytes =
        [
            0x49, 0x60, 0x67, 0x2D,
            (byte)(version >> 24), (byte)(version >> 16), (byte)(version >> 8), (byte)version,
            0, 0, 0, 0,
        ];

        var read = () => CheckpointMetadataSerializer.Read(bytes, "x/_metadata");

        read.Should().Throw<UnsupportedFormatException>().WithMessage(
            $"'x/_metadata' has metadata version {version};*1 to 7*1001*");
    }

    [Fact]
    public void Read_OtherMagic_IsCorruptAtZero()
    {
        var read = () => CheckpointMetadataSerializer.Read("PK\u0003\u0004 something else"u8, "x.zip");

        read.Should().Throw<CheckpointCorruptException>().Where(static e => e.Offset == 0 && e.Path == "x.zip");
    }

    [Theory]
    [InlineData(MetadataFormat.FlinkV2)]
    [InlineData(MetadataFormat.NativeV1)]
    public void Write_Placeholder_IsRefusedWithItsKey(MetadataFormat format)
    {
        var key = new SharedStateKey(Guid.Parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8"), new(0, 63), new("2-0-abc"));
        var metadata = Samples.WithShared(new PlaceholderStateHandle(key, 10));

        var write = () => CheckpointMetadataSerializer.Write(metadata, format);

        write.Should().Throw<UnsupportedFormatException>().WithMessage(
            "*6ba7b810-9dad-41d1-80b4-00c04fd430c8/0-63/2-0-abc*");
    }

    [Theory]
    [InlineData(0, 128, 0)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 32_769, 0)]
    [InlineData(1, 128, 1)]
    [InlineData(1, 128, -1)]
    public void Write_NumbersThatNoReaderTakes_AreRefused(int parallelism, int maxParallelism, int index)
    {
        var metadata = new CheckpointMetadata(
            new(1), [], [new OperatorCheckpoint(default, parallelism, maxParallelism, [new SubtaskCheckpoint(index)])]);

        var write = () => CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);

        write.Should().Throw<UnsupportedFormatException>();
    }

    [Fact]
    public void Write_SubtaskTwice_IsRefused()
    {
        var metadata = new CheckpointMetadata(
            new(1), [], [new OperatorCheckpoint(default, 3, 8, [new(2), new(0), new(2)])]);

        var write = () => CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV2);

        write.Should().Throw<UnsupportedFormatException>().WithMessage("*subtask 2 twice*");
    }
}
