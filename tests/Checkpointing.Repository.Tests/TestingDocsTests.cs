using System.Text.RegularExpressions;

namespace Checkpointing.Repository.Tests;

/// <summary>The example of docs/testing.md is a test that runs.</summary>
public sealed partial class TestingDocsTests
{
    private const string Test = "tests/Checkpointing.Torture.Tests/Simulation/TorturingAnOperatorTests.cs";

    [Fact]
    public void Example_Lines_AreThoseOfTheTestInTheirOrder()
    {
        var example = CSharpBlock().Matches(RepositoryFiles.Read("docs/testing.md")).Should().ContainSingle().Subject;
        var lines = Lines(example.Groups["code"].Value);
        var test = Lines(RepositoryFiles.Read(Test));

        lines.Count.Should().BeGreaterThan(30);
        var at = 0;
        foreach (var line in lines)
        {
            at = test.IndexOf(line, at) + 1;
            at.Should().BePositive("'{0}' of docs/testing.md stands in the test, behind the line before it", line);
        }
    }

    private static List<string> Lines(string text) =>
        [.. text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0)];

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();
}
