using System.Text.RegularExpressions;

namespace Checkpointing.Repository.Tests;

/// <summary>Sizes, names and forbidden texts in source files.</summary>
public sealed partial class SourceTextTests
{
    private const int MaxLines = 500;
    private const int MaxColumns = 120;
    // Extension methods that have to be found before the framework's, in a copy of the core.
    private const string InTheCoresNamespace = "tests/Checkpointing.Schedules/ControlledAwaits.cs";

    private const int MaxFolderLevels = 3;

    private static readonly string[] s_allFolders = ["src", "tests", "benchmarks"];

    private static readonly string[] s_placesOfExceptions =
    [
        "src/Checkpointing/Diagnostics/WorkScheduler.cs", // the one place of the core where background work starts
        "src/Checkpointing/Storage/Local/",
        "src/Checkpointing.RocksDb/Working/",
        "src/Checkpointing.RocksDb/Native/RocksDbLibraryFile.cs",
        "src/Checkpointing.Hosting/Execution/BackgroundWork.cs", // the one place of the host
        "src/Checkpointing.Hosting/Files/",
        "src/Checkpointing.Testing/",
        "src/Checkpointing.Tool/",
    ];

    [Fact]
    public void SourceFiles_Length_IsAtMost500Lines() =>
        Findings.ShouldBeNone(
            from path in RepositoryFiles.Under(s_allFolders, ".cs")
            let count = RepositoryFiles.Read(path).TrimEnd('\n').Count(c => c == '\n') + 1
            where count > MaxLines
            select $"{path}: {count} lines",
            $"A file has at most {MaxLines} lines: split it by duty.");

    [Fact]
    public void SourceFiles_Lines_AreAtMost120Columns() =>
        Findings.ShouldBeNone(
            from path in RepositoryFiles.Under(s_allFolders, ".cs", "/run").Append(".ci/run")
            from line in RepositoryFiles.Read(path).Split('\n').Index()
            where line.Item.Length > MaxColumns
            select $"{path}:{line.Index + 1}: {line.Item.Length} columns",
            $"A line has at most {MaxColumns} columns.");

    [Fact]
    public void Namespaces_AllFiles_AreProjectAndFolder() =>
        Findings.ShouldBeNone(
            // The runtime looks for StartupHook outside of any namespace.
            RepositoryFiles.Under(s_allFolders, ".cs")
                .Where(static path => !path.EndsWith("/StartupHook.cs", StringComparison.Ordinal))
                .Select(NamespaceFinding).OfType<string>(),
            $"The namespace is the project's name and the path of folders below it, {MaxFolderLevels} levels at most.");

    [Fact]
    public void FileAndTypeNames_AllFiles_SayWhatTheyAre() =>
        Findings.ShouldBeNone(
            RepositoryFiles.Under(s_allFolders, ".cs").SelectMany(NameFindings),
            "Helper, Manager, Util, Impl and data2 say nothing: name what it does.");

    [Theory]
    [InlineData("CheckpointManager")]
    [InlineData("IoUtils")]
    [InlineData("FileHelpers")]
    [InlineData("StoreImpl")]
    [InlineData("Data2")]
    public void IsBannedName_EmptyWord_True(string name) => IsBannedName(name).Should().BeTrue();

    [Theory]
    [InlineData("CheckpointCoordinator")]
    [InlineData("Implicit")]
    [InlineData("ManagedKeyed")]
    [InlineData("Utilization")]
    public void IsBannedName_WordThatOnlyBeginsLikeOne_False(string name) => IsBannedName(name).Should().BeFalse();

    [Fact]
    public void Source_Text_IsFinished() =>
        Findings.ShouldBeNone(
            Matches(["src"], "TODO|FIXME|HACK|" + nameof(NotImplementedException), ".cs", ".csproj", ".props", ".md"),
            "Nothing in src is left for later.");

    [Fact]
    public void BannedSymbols_Exceptions_AreWhereTheyBelong() =>
        Findings.ShouldBeNone(
            Matches(["src"], @"#pragma warning disable RS0030|SuppressMessage\([^)]*RS0030", ".cs")
                .Where(finding => !Array.Exists(s_placesOfExceptions, finding.StartsWith)),
            "Clocks, random ids, files and background work are used in few places; see docs/decisions.");

    [Fact]
    public void Tests_Attributes_SkipNothing() =>
        Findings.ShouldBeNone(
            Matches(["tests"], @"\bSkip\s*=", ".cs"),
            "A test that cannot run says so while it runs: Assert.Skip with the reason.");

    [Fact]
    public void Tests_Code_WaitsForConditionsOnly() =>
        Findings.ShouldBeNone(
            Matches(["tests"], @"\b(Thread\.Slee" + @"p|Task\.Dela" + @"y)\b", ".cs"),
            "A test waits for a condition with a deadline, or moves virtual time.");

    [Fact]
    public void AllTexts_Paths_AreOfNoMachine() =>
        Findings.ShouldBeNone(
            from path in RepositoryFiles.All.Where(IsText)
            from match in MachinePath().Matches(RepositoryFiles.Read(path))
            select $"{path}:{Findings.LineOf(RepositoryFiles.Read(path), match.Index)}: {match.Value}",
            "Nothing depends on where a machine keeps its files.");

    private static string? NamespaceFinding(string path)
    {
        var parts = path.Split('/')[1..^1];
        var expected = string.Join('.', parts);
        var text = CSharpText.WithoutCommentsAndStrings(RepositoryFiles.Read(path));
        var found = NamespaceDeclaration().Matches(text).Select(m => m.Groups[1].Value).Distinct().ToList();
        if (parts.Length > MaxFolderLevels + 1)
        {
            return $"{path}: more than {MaxFolderLevels} folders below the project";
        }

        // Program.cs and files of global usings or assembly attributes declare no type and need none.
        return found.Count == 0 && !TypeDeclaration().IsMatch(text)
            || found is [var only] && (only == expected || path == InTheCoresNamespace)
                ? null
                : $"{path}: {(found.Count == 0 ? "no namespace" : string.Join(", ", found))}, not {expected}";
    }

    private static IEnumerable<string> NameFindings(string path)
    {
        foreach (var part in path.Split('/')[1..])
        {
            if (part.Split('.').Any(IsBannedName))
            {
                yield return $"{path}: '{part}'";
            }
        }

        var text = CSharpText.WithoutCommentsAndStrings(RepositoryFiles.Read(path));
        foreach (Match match in TypeDeclaration().Matches(text))
        {
            if (IsBannedName(match.Groups["name"].Value))
            {
                yield return $"{path}: type '{match.Groups["name"].Value}'";
            }
        }
    }

    private static bool IsBannedName(string name) => BannedName().IsMatch(name);

    private static IEnumerable<string> Matches(string[] folders, string pattern, params string[] endings) =>
        from path in RepositoryFiles.Under(folders, endings)
        where !path.EndsWith('/' + nameof(SourceTextTests) + ".cs", StringComparison.Ordinal)
        let text = RepositoryFiles.Read(path)
        from match in Regex.Matches(text, pattern)
        select $"{path}:{Findings.LineOf(text, match.Index)}: {match.Value}";

    private static bool IsText(string path) => Path.GetFileName(path) != nameof(SourceTextTests) + ".cs"
        && Path.GetExtension(path) is ".cs" or ".md" or ".csproj" or ".props" or ".sln" or ".txt" or ".json" or "";

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();

    [GeneratedRegex(@"\b(class|struct|interface|enum|record|delegate\s+\S+)\s+(?<name>[A-Z]\w*)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"(?<=[a-z0-9]|^)((Helper|Manager|Util|Utilitie|Impl)s?|Utility|[dD]ata2)(?=[A-Z0-9_]|$)")]
    private static partial Regex BannedName();

    [GeneratedRegex(@"(?<![\w.~}>])/(work|home|Users|root)/[\w.-]+|\b[A-Z]:\\\\?(Users|work)\b")]
    private static partial Regex MachinePath();
}
