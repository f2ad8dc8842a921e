using Checkpointing.Storage;
using Xunit;

namespace Checkpointing.Mutants;

// Of a mutant at least, but of none that is asked for: Stryker then knows that no test comes by those, and does not run
// it again for each.
public sealed class AnyTest
{
    [Fact]
    public void Combine_TwoParts_IsAPath() => Assert.Equal("a/b", StoragePath.Combine("a", "b"));
}
