using System.IO.Compression;
using System.Xml.Linq;

namespace Checkpointing.Tool.Tests.Packages;

/// <summary>All packages, made once as a release makes them: of a clone in a folder of its own.</summary>
public sealed class PackedSources : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Where the packages are.</summary>
    public string Packages => _folder["packages"];

    /// <summary>What they are made of.</summary>
    internal SourceCopy Sources { get; private set; } = null!;

    /// <summary>Name of each project, and of its package.</summary>
    public static IReadOnlyDictionary<string, string> NameOfProject { get; } =
        Directory.EnumerateFiles(Path.Combine(SourceCopy.Original, "src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(static path => Path.GetFileNameWithoutExtension(path), static path =>
                XDocument.Load(path).Descendants("PackageId").SingleOrDefault()?.Value
                    ?? Path.GetFileNameWithoutExtension(path));

    /// <summary>Version of all of them.</summary>
    public static string Version { get; } = XDocument.Load(
        Path.Combine(SourceCopy.Original, "Directory.Build.props")).Descendants("Version").Single().Value;

    public async ValueTask InitializeAsync()
    {
        Sources = new SourceCopy(_folder["clone"]).Make();

        // The analyzers have seen this code when the tests were built.
        var packed = await Sources.DotnetAsync(
            "pack", "src/Build/Packages.proj", "-o", Packages, "-v", "q", "-p:RunAnalyzers=false", "-p:IsRelease=true");
        packed.ExitCode.Should().Be(0, "dotnet pack says: {0} {1}", packed.Output, packed.Error);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens a package, or the package of its symbols.</summary>
    public ZipArchive Open(string package, string ending = "nupkg") =>
        ZipFile.OpenRead(Path.Combine(Packages, $"{package}.{Version}.{ending}"));

    /// <summary>The description in a package.</summary>
    public static XElement MetadataOf(ZipArchive package)
    {
        var entry = package.Entries.Single(static one => one.FullName.EndsWith(".nuspec", StringComparison.Ordinal));
        using var stream = entry.Open();
        return XDocument.Load(stream).Root!.Elements().Single(static one => one.Name.LocalName == "metadata");
    }
}
