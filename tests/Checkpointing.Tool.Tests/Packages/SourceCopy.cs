using System.Diagnostics;

namespace Checkpointing.Tool.Tests.Packages;

/// <summary>The sources of all packages in a folder of their own, as a clone of a public repository.</summary>
/// <param name="root">The folder; made here.</param>
internal sealed class SourceCopy(string root)
{
    /// <summary>Commit that the clone says it is at.</summary>
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    /// <summary>Where the clone says it comes from.</summary>
    public const string Remote = "https://github.com/example/checkpointing.git";

    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(10);
    private static readonly string[] s_files =
        ["README.md", "LICENSE", "Directory.Build.props", "Directory.Packages.props", ".editorconfig", ".gitignore"];

    /// <summary>The folder of <c>Checkpointing.sln</c>.</summary>
    public static string Original { get; } = FindOriginal();

    public string Root => root;

    /// <summary>Copies what packages are made of, and makes the little of a clone that a build looks at.</summary>
    public SourceCopy Make()
    {
        CopyFolder(Path.Combine(Original, "src"), Path.Combine(root, "src"));
        foreach (var file in s_files)
        {
            File.Copy(Path.Combine(Original, file), Path.Combine(root, file));
        }

        Directory.CreateDirectory(Path.Combine(root, ".git", "objects"));
        Directory.CreateDirectory(Path.Combine(root, ".git", "refs", "heads"));
        File.WriteAllText(Path.Combine(root, ".git", "HEAD"), "ref: refs/heads/main\n");
        File.WriteAllText(Path.Combine(root, ".git", "refs", "heads", "main"), Commit + "\n");
        SetRemote(Remote);
        return this;
    }

    /// <summary>Changes where the clone comes from; null: from nowhere.</summary>
    public void SetRemote(string? url) => File.WriteAllText(
        Path.Combine(root, ".git", "config"),
        "[core]\n\trepositoryformatversion = 0\n" + (url is null ? "" : $"[remote \"origin\"]\n\turl = {url}\n"));

    /// <summary>Runs <c>dotnet</c> in the folder, as a build server does.</summary>
    public Task<ToolResult> DotnetAsync(params IEnumerable<string> arguments) => RunAsync("dotnet", root, arguments);

    /// <summary>Runs a program that leaves no process behind; kills it at the deadline.</summary>
    public static async Task<ToolResult> RunAsync(
        string program, string folder, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var inherited in start.Environment.Keys.Where(static name =>
            name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(inherited);
        }

        foreach (var (name, value) in new[]
        {
            ("CI", "true"), ("UseSharedCompilation", "false"), ("MSBUILDDISABLENODEREUSE", "1"),
            ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"),
            ("DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "1"), ("NO_COLOR", "1"),
        })
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(s_deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{program}' did not end within {s_deadline}: {await output} {await error}");
        }

        return new(process.ExitCode, await output, await error);
    }

    private static void CopyFolder(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(source)
            .Where(static one => Path.GetFileName(one) is not ("bin" or "obj")))
        {
            CopyFolder(folder, Path.Combine(target, Path.GetFileName(folder)));
        }
    }

    private static string FindOriginal()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Checkpointing.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("No Checkpointing.sln above the test's folder.");
    }
}
