using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Checkpointing.Tool.Demo;
using Checkpointing.Tool.Tests.Demo;

namespace Checkpointing.Tool.Tests.Packages;

/// <summary>What is in the packages, and that the tool can be installed from them.</summary>
public sealed class PackageTests(PackedSources packed) : IClassFixture<PackedSources>, IDisposable
{
    private static readonly Guid s_sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
    private static readonly Guid s_embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Packages_OfEveryProject_AreThereWithSymbols() =>
        Directory.EnumerateFiles(packed.Packages).Select(Path.GetFileName).Should().BeEquivalentTo(
            PackedSources.NameOfProject.Values.SelectMany(static name => new[]
            {
                $"{name}.{PackedSources.Version}.nupkg", $"{name}.{PackedSources.Version}.snupkg",
            }));

    [Fact]
    public void Packages_All_SayWhatTheyAreUnderWhichLicenceAndWhereFrom()
    {
        foreach (var (project, name) in PackedSources.NameOfProject)
        {
            using var package = packed.Open(name);
            var metadata = PackedSources.MetadataOf(package);
            string? Value(string element) =>
                metadata.Elements().SingleOrDefault(one => one.Name.LocalName == element)?.Value;

            Value("id").Should().Be(name);
            Value("license").Should().Be("Apache-2.0", name);
            Value("description").Should().NotBeNullOrWhiteSpace(name).And.NotBe("Package Description");
            Value("readme").Should().Be("README.md", name);
            TextOf(package, "README.md").Should().StartWith("# ", name);
            var repository = metadata.Elements().Single(static one => one.Name.LocalName == "repository");
            repository.Attribute("url")!.Value.Should().Be(SourceCopy.Remote, name);
            repository.Attribute("commit")!.Value.Should().Be(SourceCopy.Commit, name);
            package.Entries.Select(static one => one.FullName).Should().OnlyHaveUniqueItems(name)
                .And.NotContain(static one => one.StartsWith("content"), "nothing is put into a user's project");
            File.Exists(Path.Combine(SourceCopy.Original, "src", project, "PublicAPI.Shipped.txt")).Should()
                .BeTrue(name);
        }
    }

    // It drives what the host runs, and that is not public.
    [Fact]
    public void TestingPackage_DependsOnTheOthers_InItsOwnVersionOnly()
    {
        using var package = packed.Open("Checkpointing.Testing");

        var versions = PackedSources.MetadataOf(package).Descendants()
            .Where(static one => one.Name.LocalName == "dependency")
            .ToDictionary(static one => one.Attribute("id")!.Value, static one => one.Attribute("version")!.Value);

        versions["Checkpointing"].Should().Be($"[{PackedSources.Version}]");
        versions["Checkpointing.Hosting"].Should().Be($"[{PackedSources.Version}]");
    }

    [Fact]
    public void Assemblies_All_HaveDocumentationAndSymbolsThatFindEverySource()
    {
        foreach (var (project, name) in PackedSources.NameOfProject)
        {
            using var package = packed.Open(name);
            using var symbols = packed.Open(name, "snupkg");
            var isTool = name == "checkpoints";
            var assembly = isTool ? "tools/net10.0/any/checkpoints" : $"lib/net10.0/{project}";

            var documentation = XDocument.Parse(TextOf(package, assembly + ".xml"));
            documentation.Descendants("member").Should().NotBeEmpty(name);
            using var dll = new PEReader(new MemoryStream(BytesOf(package, assembly + ".dll")));
            using var provider = MetadataReaderProvider.FromPortablePdbStream(
                new MemoryStream(BytesOf(symbols, assembly + ".pdb")));
            var pdb = provider.GetMetadataReader();
            var entry = dll.ReadDebugDirectory().Single(static one => one.Type == DebugDirectoryEntryType.CodeView);
            dll.ReadCodeViewDebugDirectoryData(entry).Guid.Should()
                .Be(new BlobContentId(pdb.DebugMetadataHeader!.Id).Guid, "{0}: they are of one build", name);
            ExpectSources(pdb, name);
        }
    }

    [Fact]
    public async Task Assemblies_BuiltAgainInAnotherFolder_AreTheSameBytes()
    {
        var again = new SourceCopy(_folder["another/and-deeper"]).Make();

        var built = await again.DotnetAsync(
            "build", "src/Checkpointing.RocksDb/Checkpointing.RocksDb.csproj", "-c", "Release", "-v", "q",
            "-p:RunAnalyzers=false");

        built.ExitCode.Should().Be(0, "dotnet build says: {0} {1}", built.Output, built.Error);
        foreach (var project in new[] { "Checkpointing", "Checkpointing.RocksDb" })
        {
            using var package = packed.Open(project);
            var (first, second) = (
                BytesOf(package, $"lib/net10.0/{project}.dll"),
                await File.ReadAllBytesAsync(BuiltIn(again, project)));
            Convert.ToHexString(SHA256.HashData(second)).Should()
                .Be(Convert.ToHexString(SHA256.HashData(first)), project);
            Encoding.UTF8.GetString(first).Should().NotContain(packed.Sources.Root, "no path of a machine is in it");
        }

        await ExpectAnswersOfTheBuildAsync(again);
    }

    [Fact]
    public async Task ToolInstall_IntoACleanFolder_RunsVersionHelpAndDemo()
    {
        var config = _folder["nuget.config"];
        await File.WriteAllTextAsync(
            config,
            $"""
            <configuration>
              <packageSources><clear /><add key="packed" value="{packed.Packages}" /></packageSources>
            </configuration>
            """);

        var installed = await SourceCopy.RunAsync(
            "dotnet", _folder.Path,
            ["tool", "install", "checkpoints", "--tool-path", _folder["tools"], "--configfile", config]);
        installed.ExitCode.Should().Be(0, "dotnet tool install says: {0} {1}", installed.Output, installed.Error);
        var version = await RunToolAsync("--version");
        var help = await RunToolAsync("--help");
        var demo = await RunToolAsync(
            "demo", "--dir", _folder["demo"], "--generations", "2", "--json");
        var listed = await RunToolAsync("list", _folder["demo/checkpoints"]);

        version.Output.Trim().Should().StartWith(PackedSources.Version);
        help.Output.Should().Contain("demo").And.Contain("verify");
        DemoRun.ShouldBeRight(DemoJson.Read(demo.Output), 1);
        listed.Output.Should().Contain("chk-");
    }

    /// <summary>In a folder that is built already: a build refuses what is not listed as public, and a release without
    /// a repository.</summary>
    private static async Task ExpectAnswersOfTheBuildAsync(SourceCopy sources)
    {
        const string Project = "src/Checkpointing.RocksDb/Checkpointing.RocksDb.csproj";
        sources.SetRemote(null);
        var release = await sources.DotnetAsync("pack", Project, "--no-build", "-v", "q", "-p:IsRelease=true");
        var packages = Path.Combine(sources.Root, "out");
        var unpublished = await sources.DotnetAsync("pack", Project, "--no-build", "-v", "q", "-o", packages);

        release.ExitCode.Should().NotBe(0);
        release.Output.Should().Contain("A release needs a public repository");
        unpublished.ExitCode.Should().Be(0, "dotnet pack says: {0} {1}", unpublished.Output, unpublished.Error);
        using (var package = ZipFile.OpenRead(Directory.EnumerateFiles(packages, "*.nupkg").Single()))
        {
            PackedSources.MetadataOf(package).Elements().Where(static one => one.Name.LocalName == "repository")
                .Should().OnlyContain(static one => one.Attribute("url") == null, "no address is made up");
        }

        File.AppendAllText(
            Path.Combine(sources.Root, "src/Checkpointing.RocksDb/RocksDbCompression.cs"),
            "\n/// <summary>New.</summary>\npublic static class UnlistedType;\n");
        var unlisted = await sources.DotnetAsync("build", Project, "-c", "Release", "--no-dependencies", "-v", "q");
        unlisted.ExitCode.Should().NotBe(0);
        unlisted.Output.Should().Contain("RS0016").And.Contain("UnlistedType");
    }

    private async Task<ToolResult> RunToolAsync(params IEnumerable<string> arguments)
    {
        var result = await SourceCopy.RunAsync(_folder["tools/checkpoints"], _folder.Path, arguments);
        result.ExitCode.Should().Be(0, "of {0}: {1}", string.Join(' ', arguments), result.Error);
        return result;
    }

    // Each document is either found at the commit or is in the symbols themselves.
    private static void ExpectSources(MetadataReader pdb, string name)
    {
        var link = JsonDocument.Parse(Information(pdb, EntityHandle.ModuleDefinition, s_sourceLink)!).RootElement
            .GetProperty("documents").EnumerateObject().Single();
        link.Value.GetString().Should().Be(
            $"https://raw.githubusercontent.com/example/checkpointing/{SourceCopy.Commit}/*", name);
        var prefix = link.Name.TrimEnd('*');
        foreach (var handle in pdb.Documents)
        {
            var document = pdb.GetString(pdb.GetDocument(handle).Name);
            document.Should().StartWith(prefix, "{0}: it is a path of no machine", name);
            var isEmbedded = Information(pdb, handle, s_embeddedSource) is not null;
            (isEmbedded || File.Exists(Path.Combine(SourceCopy.Original, document[prefix.Length..]))).Should()
                .BeTrue("{0}: '{1}' is found", name, document);
        }
    }

    private static byte[]? Information(MetadataReader pdb, EntityHandle of, Guid kind) =>
        pdb.GetCustomDebugInformation(of).Select(pdb.GetCustomDebugInformation)
            .Where(one => pdb.GetGuid(one.Kind) == kind).Select(one => pdb.GetBlobBytes(one.Value)).FirstOrDefault();

    private static string BuiltIn(SourceCopy sources, string project) =>
        Path.Combine(sources.Root, "src", project, "bin", "Release", "net10.0", project + ".dll");

    private static string TextOf(ZipArchive package, string path) => Encoding.UTF8.GetString(BytesOf(package, path));

    private static byte[] BytesOf(ZipArchive package, string path)
    {
        using var stream = package.GetEntry(path)!.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
