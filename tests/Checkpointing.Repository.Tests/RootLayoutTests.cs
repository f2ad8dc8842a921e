namespace Checkpointing.Repository.Tests;

/// <summary>What lies at the top of the repository.</summary>
public sealed class RootLayoutTests
{
    [Fact]
    public void Root_VisibleEntries_AreExactlyThese()
    {
        var names = new DirectoryInfo(RepositoryFiles.Root).EnumerateFileSystemInfos().Select(entry => entry.Name)
            .Where(name => !name.StartsWith('.') && !RepositoryFiles.IsGenerated(name));

        names.Should().BeEquivalentTo(
            "src", "tests", "benchmarks", "docs", "README.md", "LICENSE",
            "Checkpointing.sln", "Directory.Build.props", "Directory.Packages.props");
    }

    [Theory]
    [InlineData("tests/run")]
    [InlineData(".ci/run")]
    [InlineData("src/Build/public-api")]
    public void Scripts_All_AreExecutableBash(string path)
    {
        RepositoryFiles.Read(path).Should().StartWith("#!/usr/bin/env bash\n");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(RepositoryFiles.Root, path)).Should().HaveFlag(UnixFileMode.UserExecute);
        }
    }
}
