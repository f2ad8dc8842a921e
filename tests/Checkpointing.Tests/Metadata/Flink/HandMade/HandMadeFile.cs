using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>A file worked out by hand from the layouts of Flink's formats: our writer has no part in it.</summary>
internal static class HandMadeFile
{
    /// <summary>01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18.</summary>
    internal static OperatorId Id { get; } = new(new(0x0102030405060708, 0x1112131415161718));

    /// <summary>6ba7b810-9dad-41d1-80b4-00c04fd430c8.</summary>
    internal static Guid BackendId { get; } = Guid.Parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8");

    /// <summary>Checks that the file is read as this content, is written from it again, and is corrupt when
    /// cut.</summary>
    internal static void Check(string hex, MetadataFormat format, CheckpointMetadata expected)
    {
        var bytes = Hex.Parse(hex);

        CheckpointMetadataSerializer.Read(bytes, "p", out var found).Should().Be(expected);

        found.Should().Be(format);
        Convert.ToHexString(CheckpointMetadataSerializer.Write(expected, format)).Should()
            .Be(Convert.ToHexString(bytes));
        CheckCut(bytes);
    }

    /// <summary>Checks that the file is corrupt wherever it is cut.</summary>
    internal static void CheckCut(byte[] bytes)
    {
        for (var length = 0; length < bytes.Length; length++)
        {
            var read = () => CheckpointMetadataSerializer.Read(bytes.AsSpan(0, length), "p");

            read.Should().Throw<CheckpointCorruptException>($"it ends after {length} bytes")
                .Which.Offset.Should().BeInRange(0, length);
        }
    }

    /// <summary>One operator with the id <see cref="Id"/>, parallelism 2 and max parallelism 128.</summary>
    internal static CheckpointMetadata WithSubtasks(params ReadOnlySpan<SubtaskCheckpoint> subtasks) =>
        new(new(42), [], [new OperatorCheckpoint(Id, 2, 128, ValueList.Create(subtasks))]);
}
