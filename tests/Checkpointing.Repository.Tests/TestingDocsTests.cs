using System.Text.RegularExpressions;

namespace Checkpointing.Repository.Tests;

/// <summary>The examples of docs/testing.md are tests that run.</summary>
public sealed partial class TestingDocsTests
{
    // In the order of the page; a part may stand in front of the one before it.
    private static readonly (string Test, int Parts)[] s_examples =
    [
        ("tests/Checkpointing.Hosting.Tests/Operators/OperatorExampleTests.cs", 2),
        ("tests/Checkpointing.Torture.Tests/Simulation/TorturingAProcessTests.cs", 1),
    ];

    [Fact]
    public void Examples_Lines_AreThoseOfTheTestsInTheirOrder()
    {
        var parts = new Queue<string>(CSharpBlock().Matches(RepositoryFiles.Read("docs/testing.md"))
            .Select(static block => block.Groups["code"].Value));
        parts.Should().HaveCount(s_examples.Sum(static example => example.Parts));
        foreach (var (path, count) in s_examples)
        {
            var test = Lines(RepositoryFiles.Read(path));
            var lineCount = 0;
            for (var part = 0; part < count; part++)
            {
                var at = 0;
                foreach (var line in Lines(parts.Dequeue()))
                {
                    lineCount++;
                    at = test.IndexOf(line, at) + 1;
                    at.Should().BePositive("'{0}' of docs/testing.md stands in {1}, behind those before", line, path);
                }
            }

            lineCount.Should().BeGreaterThan(30, path);
        }
    }

    private static List<string> Lines(string text) =>
        [.. text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0)];

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();
}
