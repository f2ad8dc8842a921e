using System.Text.RegularExpressions;

namespace Checkpointing.Repository.Tests;

/// <summary>Links and paths in Markdown files lead somewhere.</summary>
public sealed partial class MarkdownTests
{
    [Fact]
    public void Links_AllFiles_Resolve() =>
        Findings.ShouldBeNone(
            MarkdownFiles().SelectMany(path => BrokenLinks(path, RepositoryFiles.Read(path))),
            "A relative link leads to a file or folder of the repository, and to a heading of it.");

    [Fact]
    public void Paths_AllFiles_Exist() =>
        Findings.ShouldBeNone(
            MarkdownFiles().SelectMany(path => MissingPaths(path, RepositoryFiles.Read(path))),
            "A path of the repository in a text exists.");

    [Theory]
    [InlineData("See [this](nowhere.md).")]
    [InlineData("See [this](README.md#no-such-heading).")]
    [InlineData("See [this](../README.md).")]
    [InlineData("See [this](/README.md).")]
    [InlineData("![picture](docs/nowhere.png \"title\")")]
    [InlineData("See [this][1].\n\n[1]: nowhere.md")]
    public void BrokenLinks_LinkToNowhere_IsFound(string text) =>
        BrokenLinks("README.md", text).Should().ContainSingle();

    [Theory]
    [InlineData("See [this](tests/run).")]
    [InlineData("# A heading, `code` and more\n\nSee [this](#a-heading-code-and-more).")]
    [InlineData("See [this](https://example.org/nowhere.md).")]
    [InlineData("```\n[this](nowhere.md)\n```")]
    [InlineData("`[this](nowhere.md)`")]
    public void BrokenLinks_GoodLinkOrCode_None(string text) => BrokenLinks("README.md", text).Should().BeEmpty();

    [Theory]
    [InlineData("Look at `src/Nowhere/File.cs`.", 1)]
    [InlineData("Run `bash tests/nowhere`.", 1)]
    [InlineData("Run `bash tests/run`, look at `src/Checkpointing/` and `docs/decisions/NNNN-*.md`.", 0)]
    public void MissingPaths_PathInCode_IsChecked(string text, int count) =>
        MissingPaths("README.md", text).Should().HaveCount(count);

    private static IEnumerable<string> MarkdownFiles() =>
        RepositoryFiles.All.Where(path => path.EndsWith(".md", StringComparison.Ordinal));

    private static IEnumerable<string> BrokenLinks(string path, string text)
    {
        var prose = InlineCode().Replace(FencedCode().Replace(text, ""), " ");
        foreach (var target in Link().Matches(prose).Select(m => m.Groups["target"].Value))
        {
            if (target.Contains("://", StringComparison.Ordinal))
            {
                continue;
            }

            var (file, anchor) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
            var folder = Path.Combine(RepositoryFiles.Root, Path.GetDirectoryName(path)!);
            var full = file.Length == 0
                ? Path.Combine(RepositoryFiles.Root, path)
                : Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(file)));
            if (!full.StartsWith(RepositoryFiles.Root + '/', StringComparison.Ordinal) || !Path.Exists(full))
            {
                yield return $"{path}: {target}";
            }
            else if (anchor is not null && !Anchors(file.Length == 0 ? text : File.ReadAllText(full)).Contains(anchor))
            {
                yield return $"{path}: {target} (no such heading)";
            }
        }
    }

    private static IEnumerable<string> MissingPaths(string path, string text) =>
        from code in InlineCode().Matches(FencedCode().Replace(text, ""))
        from match in RepositoryPath().Matches(code.Value)
        let target = match.Value.TrimEnd('.', ',', '/')
        where !RepositoryFiles.Exists(target)
        select $"{path}: `{target}`";

    // The names that GitHub gives headings.
    private static HashSet<string> Anchors(string text) =>
    [
        .. Heading().Matches(FencedCode().Replace(text, "")).Select(m => NotInAnchor().Replace(
            m.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-')),
    ];

    [GeneratedRegex(@"^(?<fence>`{3,}|~{3,}).*?^\k<fence>\s*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FencedCode();

    [GeneratedRegex(@"(`+)(?!`).+?(?<!`)\1(?!`)")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(?<target>\S+)", RegexOptions.Multiline)]
    private static partial Regex Link();

    // Paths with a wildcard or a placeholder are no paths: the match must end at a space, quote or the code's end.
    [GeneratedRegex(@"(?<![\w/.<>-])(src|tests|docs|benchmarks|\.ci)/[\w./-]*(?=[\s`'"",;:)]|$)")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
