using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Checkpointing.Repository.Tests;

/// <summary>The program in README.md is built as a user would build it, in a folder of its own, and run.</summary>
public sealed partial class QuickStartTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(120);

    private readonly string _folder =
        Path.Combine(Path.GetTempPath(), "checkpointing-quick-start-" + Guid.NewGuid().ToString("N"));

    [Fact]
    public async Task QuickStart_RunTwice_GoesOnWhereTheFirstRunStopped()
    {
        var programs = CSharpBlock().Matches(RepositoryFiles.Read("README.md"));
        programs.Should().ContainSingle("README.md has one complete program");
        WriteProject(programs[0].Groups["code"].Value);

        var first = await RunAsync("-p:BuildProjectReferences=false");
        var second = await RunAsync("--no-build");

        first.Should().Be(Expected("first"));
        second.Should().Be(Expected("second"));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    // README.md shows what the two runs print, each in a block of its own behind the program.
    private static string Expected(string run)
    {
        var outputs = TextBlock().Matches(RepositoryFiles.Read("README.md"));
        outputs.Should().HaveCount(2, "README.md shows what the two runs print");
        return outputs[run == "first" ? 0 : 1].Groups["text"].Value;
    }

    private void WriteProject(string program)
    {
        var source = Path.Combine(RepositoryFiles.Root, "src");
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, "Program.cs"), program);
        File.WriteAllText(Path.Combine(_folder, "QuickStart.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <ProjectReference Include="{source}/Checkpointing/Checkpointing.csproj" />
                <ProjectReference Include="{source}/Checkpointing.RocksDb/Checkpointing.RocksDb.csproj" />
              </ItemGroup>
            </Project>
            """);
    }

    private async Task<string> RunAsync(string option)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { "run", "--project", _folder, "-c", RepositoryFiles.Configuration, option },
            WorkingDirectory = _folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Under "dotnet test" these point to that command's own MSBuild.
        var names = start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase));
        foreach (var name in names.ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // nothing stays behind
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(s_deadline);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);

            process.ExitCode.Should().Be(
                0, "the program of README.md builds and runs:\n{0}{1}", await output, await errors);
            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"^```text\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex TextBlock();
}
