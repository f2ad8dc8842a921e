using Checkpointing.Torture.Broken;

namespace Checkpointing.Torture.Tests.Broken;

/// <summary>Each bug takes a build of the core, so they are run by hand (<c>broken</c>); here only that all of them can
/// still be put into the source.</summary>
public sealed class SeededBugTests
{
    public static TheoryData<string> Names => [.. SeededBug.All.Select(static bug => bug.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Right_InTheSource_StandsThereExactlyOnce(string name)
    {
        var bug = SeededBug.All.Single(one => one.Name == name);
        var text = File.ReadAllText(Path.Combine(BrokenRun.FindRoot()!, "src", "Checkpointing", bug.File));

        text.Split(bug.Right).Should().HaveCount(2);
        bug.Wrong.Should().NotBe(bug.Right);
    }
}
