using System.Text.RegularExpressions;

namespace Checkpointing.Repository.Tests;

/// <summary>What docs/coordinated.md and docs/flink-tests.md show and name is in the tests.</summary>
public sealed partial class CoordinatedDocsTests
{
    [Fact]
    public void Example_Lines_AreThoseOfTheTestInTheirOrder()
    {
        var page = RepositoryFiles.Read("docs/coordinated.md");
        var example = CSharpBlock().Matches(page).Should().ContainSingle().Subject;
        var lines = Lines(example.Groups["code"].Value);
        var test = Lines(RepositoryFiles.Read("tests/Checkpointing.Coordinated.Tests/NumberTask.cs"));

        lines.Count.Should().BeGreaterThan(20);
        var at = 0;
        foreach (var line in lines)
        {
            at = test.IndexOf(line, at) + 1;
            at.Should().BePositive("'{0}' of docs/coordinated.md stands in the test, behind the line before it", line);
        }
    }

    [Fact]
    public void FlinkTests_NamesOfTests_Exist()
    {
        var tests = string.Concat(Directory.EnumerateFiles(
            Path.Combine(RepositoryFiles.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Where(static file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText));
        var names = TestName().Matches(RepositoryFiles.Read("docs/flink-tests.md"))
            .Select(static match => match.Groups["name"].Value).Distinct().ToList();

        names.Count.Should().BeGreaterThan(80);
        names.Where(name => !Regex.IsMatch(tests, $@"\b{name}\(")).Should().BeEmpty("docs/flink-tests.md names them");
    }

    private static List<string> Lines(string text) =>
        [.. text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0)];

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    // Whole names only: an ellipsis stands for a beginning that was named before.
    [GeneratedRegex(@"`(?<name>[A-Z]\w*_\w*_\w+)`")]
    private static partial Regex TestName();
}
