using Checkpointing.SharedState;
using CsCheck;

namespace Checkpointing.Tests.SharedState;

public sealed class OwnerBitsTests
{
    // Three words and a little: the first has a place of its own.
    private const int Most = 200;

    [Fact]
    public void AnySteps_EqualASet() =>
        Gen.Select(Gen.Bool, Gen.Int[0, Most]).Array[0, 100].Sample(static steps =>
        {
            var (bits, expected) = (default(OwnerBits), new HashSet<int>());
            foreach (var (adds, bit) in steps)
            {
                bits.Contains(bit).Should().Be(expected.Contains(bit));
                (adds ? bits.Add(bit) : bits.Remove(bit)).Should()
                    .Be(adds ? expected.Add(bit) : expected.Remove(bit));
                bits.Contains(bit).Should().Be(adds);
                bits.Count.Should().Be(expected.Count);
            }

            Enumerable.Range(0, Most + 100).Where(bit => bits.Contains(bit)).Should().BeEquivalentTo(expected);
        }, iter: 200);

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(127)]
    [InlineData(128)]
    public void Add_EdgeOfAWord_IsInAloneUntilItIsRemoved(int bit)
    {
        var bits = default(OwnerBits);

        bits.Remove(bit).Should().BeFalse("it is not in yet");
        bits.Add(bit).Should().BeTrue();
        bits.Add(bit).Should().BeFalse();
        Enumerable.Range(0, 300).Where(other => bits.Contains(other)).Should().Equal(bit);
        bits.Count.Should().Be(1);
        bits.Remove(bit).Should().BeTrue();
        bits.Count.Should().Be(0);
        Enumerable.Range(0, 300).Where(other => bits.Contains(other)).Should().BeEmpty();
    }
}
