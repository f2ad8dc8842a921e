using Checkpointing.Metadata;

namespace Checkpointing.Tests.Metadata;

public sealed class MetadataOutputTests
{
    [Fact]
    public void Room_MoreThanIsLeft_ComesBehindWhatWasWritten()
    {
        var output = new MetadataOutput();
        output.Take(10_000).Fill(1);

        output.Room(1_000_000)[..50_000].Fill(2);
        output.Advance(50_000);

        output.Finish().Should().Equal(
            Enumerable.Repeat((byte)1, 10_000).Concat(Enumerable.Repeat((byte)2, 50_000)));
    }

    [Fact]
    public void Write_TextsThatCrossAChunk_CanBeReadAgain()
    {
        // Three bytes a character, and lengths that end everywhere around the end of the first chunk.
        for (var length = 1000; length <= 1800; length += 7)
        {
            var metadata = Samples.Small() with
            {
                MasterStates = [.. Enumerable.Range(0, 4).Select(i => new MasterState(
                    new string('\u65e5', length + i), i, []))],
            };

            var bytes = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);

            CheckpointMetadataSerializer.Read(bytes, "p").Should().Be(metadata);
        }
    }
}
