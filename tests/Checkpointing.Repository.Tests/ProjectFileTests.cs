using System.Xml.Linq;

namespace Checkpointing.Repository.Tests;

/// <summary>References between projects and to packages.</summary>
public sealed class ProjectFileTests
{
    // A project refers only to projects of a lower rank.
    private static readonly Dictionary<string, int> s_rankOfProject = new()
    {
        ["Checkpointing"] = 0,
        ["Checkpointing.RocksDb"] = 1,
        ["Checkpointing.ZooKeeper"] = 1,
        ["Checkpointing.Hosting"] = 1,
        ["Checkpointing.Testing"] = 2,
        ["Checkpointing.Tool"] = 2,
    };

    private static readonly string[] s_folders = ["src", "tests", "benchmarks"];

    [Fact]
    public void SourceProjects_AllReferences_PointToLowerLayers() =>
        Findings.ShouldBeNone(
            from path in RepositoryFiles.Under(["src"], ".csproj")
            from reference in References(path, "ProjectReference")
            let project = Path.GetFileNameWithoutExtension(path)
            let to = Path.GetFileNameWithoutExtension(reference)
            let finding = LayerFinding(project, to)
            where finding is not null
            select $"{path}: {finding}",
            "Projects refer to lower layers only: the core, then RocksDb, ZooKeeper, Hosting, then Testing, Tool.");

    [Theory]
    [InlineData("Checkpointing", "Checkpointing.RocksDb")]
    [InlineData("Checkpointing.RocksDb", "Checkpointing.Hosting")]
    [InlineData("Checkpointing.Hosting", "Checkpointing.Testing")]
    [InlineData("Checkpointing.Hosting", "Checkpointing.Tests")]
    [InlineData("Checkpointing.Extras", "Checkpointing")]
    public void LayerFinding_ReferenceThatPointsBack_NamesBoth(string from, string to) =>
        LayerFinding(from, to).Should().Contain($"'{from}'").And.Contain($"'{to}'");

    [Fact]
    public void Core_PackageReferences_AreTheTwoAllowed() =>
        References("src/Checkpointing/Checkpointing.csproj", "PackageReference").Should()
            .BeEquivalentTo("Microsoft.Extensions.Logging.Abstractions", "System.IO.Hashing");

    [Fact]
    public void Libraries_SharedPackageReferences_AreAnalyzersOnly() =>
        XDocument.Parse(RepositoryFiles.Read("src/Build/Library.props")).Descendants("PackageReference").Should()
            .OnlyContain(e => e.Attribute("PrivateAssets")!.Value == "all");

    // What the files say is the compiler's matter (RS0016, RS0017).
    [Theory]
    [InlineData("PublicAPI.Shipped.txt")]
    [InlineData("PublicAPI.Unshipped.txt")]
    public void PublicApiFiles_EveryPackage_AreThereWithoutRepetition(string name) =>
        Findings.ShouldBeNone(
            from project in RepositoryFiles.Under(["src"], ".csproj")
            let path = $"{Path.GetDirectoryName(project)}/{name}"
            let finding = PublicApiFinding(path)
            where finding is not null
            select $"{path}: {finding}",
            "Every package lists its public surface; src/Build/public-api writes the list.");

    [Fact]
    public void PackageVersions_AllProjects_AreCentral() =>
        Findings.ShouldBeNone(
            from path in BuildFiles()
            from element in XDocument.Parse(RepositoryFiles.Read(path)).Descendants("PackageReference")
            where element.Attribute("Version") is not null || element.Attribute("VersionOverride") is not null
                || element.Element("Version") is not null
            select $"{path}: {element}",
            "Versions of packages are in Directory.Packages.props and nowhere else.");

    [Fact]
    public void PackageVersions_Central_AreThoseInUse()
    {
        var used = BuildFiles().SelectMany(path => References(path, "PackageReference")).Distinct();
        var central = References("Directory.Packages.props", "PackageVersion");

        used.Should().BeEquivalentTo(central);
    }

    [Fact]
    public void Solution_Projects_AreAllThatExist()
    {
        var solution = RepositoryFiles.Read("Checkpointing.sln").Replace('\\', '/');

        Findings.ShouldBeNone(
            RepositoryFiles.Under(s_folders, ".csproj").Where(path => !solution.Contains($"\"{path}\"")),
            "Checkpointing.sln lists every project.");
    }

    private static string? LayerFinding(string from, string to)
    {
        if (!s_rankOfProject.TryGetValue(from, out var rank)
            || !s_rankOfProject.TryGetValue(to, out var rankOfReference))
        {
            return $"'{from}' refers to '{to}', and one of them has no place in the order of projects.";
        }

        return rankOfReference < rank ? null : $"'{from}' refers to '{to}', which is not of a lower layer.";
    }

    private static IEnumerable<string> BuildFiles() =>
        RepositoryFiles.Under(s_folders, ".csproj", ".props", ".targets").Append("Directory.Build.props");

    private static string? PublicApiFinding(string path)
    {
        if (!RepositoryFiles.Exists(path))
        {
            return "it is missing";
        }

        var lines = RepositoryFiles.Read(path).Split('\n');
        return lines is not ["#nullable enable", .. var listed, ""] ? "it does not begin with '#nullable enable'"
            : listed.Distinct().Count() != listed.Length ? "a line comes twice"
            : null;
    }

    private static List<string> References(string path, string element) =>
    [
        .. XDocument.Parse(RepositoryFiles.Read(path)).Descendants(element)
            .Select(e => e.Attribute("Include")!.Value.Replace('\\', '/')),
    ];
}
