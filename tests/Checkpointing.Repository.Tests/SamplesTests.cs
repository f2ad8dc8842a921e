using System.Text.RegularExpressions;

namespace Checkpointing.Repository.Tests;

/// <summary>Code in the guides is code of the sample programs, which the solution builds.</summary>
public sealed partial class SamplesTests
{
    private static readonly string[] s_samples = ["tests/Checkpointing.WorkerSample", "tests/Checkpointing.WebSample"];

    [Theory]
    [InlineData("docs/hosting.md", 4)]
    [InlineData("README.md", 1)]
    public void Guide_EveryPieceOfCode_IsInASample(string guide, int count)
    {
        var pieces = CodeBlock().Matches(RepositoryFiles.Read(guide))
            .Select(static match => match.Groups["code"].Value).ToList();

        pieces.Should().HaveCount(count, "the samples of {0} are checked here", guide);
        Findings.ShouldBeNone(
            pieces.Where(static piece => !IsInASample(piece)),
            "Each block of code of a guide is, line by line, part of a sample program.");
    }

    [Theory]
    [InlineData("app.Run();", true)]
    [InlineData("app.Run()\n;", false)]
    public void IsInASample_SomeCode_IsFoundByWholeLines(string code, bool isThere) =>
        IsInASample(code).Should().Be(isThere);

    private static bool IsInASample(string code) => RepositoryFiles.Under(s_samples, ".cs")
        .Any(path => ('\n' + Plain(RepositoryFiles.Read(path)) + '\n').Contains('\n' + Plain(code) + '\n'));

    // Indentation depends on where a piece stands.
    private static string Plain(string code) =>
        string.Join('\n', code.Trim().Split('\n').Select(static line => line.Trim()));

    // In README.md a block marked "csharp" is the quick start, which is run.
    [GeneratedRegex(@"^```cs\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
