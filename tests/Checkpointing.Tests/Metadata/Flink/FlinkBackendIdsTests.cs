using Checkpointing.Metadata.Flink;

namespace Checkpointing.Tests.Metadata.Flink;

public sealed class FlinkBackendIdsTests
{
    [Theory]
    [InlineData("6ba7b810-9dad-41d1-80b4-00c04fd430c8", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", true)]
    [InlineData("6BA7B810-9dad-41d1-80b4-00c04fd430c8", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", false)]
    [InlineData("92714913-b488-117f-+816-acc451c592ee", "9d6d6761-fe74-37eb-86c9-9dc3cf55fb4d", false)]
    [InlineData("0x714913-b488-117f-9816-acc451c592ee", "67b55551-ff3b-360d-b8e8-9897ee8369ad", false)]
    [InlineData("hello", "5d41402a-bc4b-3a76-b971-9d911017c592", false)]
    [InlineData("", "d41d8cd9-8f00-3204-a980-0998ecf8427e", false)]
    public void FromText_AnyText_GivesItsGuidOrJavasNameBasedOne(string text, string id, bool isUsual)
    {
        FlinkBackendIds.FromText(text, out var found).Should().Be(Guid.Parse(id));
        found.Should().Be(isUsual);
    }
}
