using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.StateHandles;

public sealed class SharedStateKeyTests
{
    private static readonly Guid s_backend = Guid.Parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8");

    [Fact]
    public void TryParse_PathOfOurs_GivesTheKeyThatItEndsWith()
    {
        const string Path = "flights/shared/6ba7b810-9dad-41d1-80b4-00c04fd430c8/0-63/1-0-a1";

        SharedStateKey.TryParse(Path, out var key).Should().BeTrue();
        key.Should().Be(new SharedStateKey(s_backend, new(0, 63), new("1-0-a1")));
        Path.Should().EndWith(key.ToString());
    }

    // .NET reads all of these as the numbers meant; were they keys, two files would have one.
    [Theory]
    [InlineData("flights/shared/6BA7B810-9dad-41d1-80b4-00c04fd430c8/0-63/1-0-a1")]
    [InlineData("flights/shared/+ba7b810-9dad-41d1-80b4-00c04fd430c8/0-63/1-0-a1")]
    [InlineData("flights/shared/0xa7b810-9dad-41d1-80b4-00c04fd430c8/0-63/1-0-a1")]
    [InlineData("flights/shared/6ba7b810-9dad-41d1-80b4-00c04fd430c8/00-63/1-0-a1")]
    [InlineData("flights/shared/6ba7b810-9dad-41d1-80b4-00c04fd430c8/0-063/1-0-a1")]
    public void TryParse_OtherSpellings_AreNoKeys(string path)
    {
        SharedStateKey.TryParse(path, out _).Should().BeFalse();
        SharedStateKey.Of(path, s_backend, new KeyGroupRange(0, 63)).Id.Value.Should().Be(path);
    }
}
