using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Checkpointing.Torture.Broken;

/// <summary>Puts each bug into a copy of the core, builds that, and has it tortured until a layer catches it.</summary>
internal static class BrokenRun
{
    private static readonly TimeSpan s_buildTime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_layerTime = TimeSpan.FromMinutes(10);

    /// <summary>Cheap layers first; each stops at its first failure.</summary>
    private static readonly (string Name, string[] Arguments)[] s_layers =
    [
        ("simulate", ["simulate", "--seeds", "0..999", "--first"]),
        ("crash-points", ["crash-points", "--stride", "6", "--seed", "3"]),
        ("faults", ["faults", "--stride", "12", "--seed", "1"]),
    ];

    /// <summary>Runs the bugs whose names contain a word.</summary>
    internal static TortureReport Run(string root, string? word)
    {
        var report = new TortureReport("broken", 0);
        var folder = Directory.CreateTempSubdirectory("checkpointing-broken-").FullName;
        try
        {
            foreach (var bug in SeededBug.All.Where(bug => word is null || bug.Name.Contains(word)))
            {
                var caught = Catch(bug, root, folder);
                report.Set(bug.Name, caught ?? "not caught");
                if (caught is null)
                {
                    report.Add(new($"Nothing caught '{bug.Name}'.", $"{Replays.Command} broken --bug \"{bug.Name}\""));
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return report;
    }

    /// <summary>The repository that this program was built in; null if it was moved away.</summary>
    internal static string? FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Checkpointing.sln")))
            {
                return at.FullName;
            }
        }

        return null;
    }

    /// <returns>By which layer; null: by none.</returns>
    private static string? Catch(SeededBug bug, string root, string folder)
    {
        var source = Path.Combine(folder, "source");
        Copy(Path.Combine(root, "src", "Checkpointing"), Path.Combine(source, "src", "Checkpointing"));
        Copy(Path.Combine(root, "src", "Build"), Path.Combine(source, "src", "Build"));
        foreach (var file in Directory.GetFiles(root, "Directory.*").Append(Path.Combine(root, ".editorconfig")))
        {
            File.Copy(file, Path.Combine(source, Path.GetFileName(file)), overwrite: true);
        }

        Patch(bug, Path.Combine(source, "src", "Checkpointing", bug.File));
        Start(
            source, s_buildTime, "build", "src/Checkpointing/Checkpointing.csproj", "-c", "Release", "-v", "q",
            "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false", "-p:TreatWarningsAsErrors=false");
        var program = Path.Combine(folder, "program");
        Copy(AppContext.BaseDirectory, program);
        File.Copy(
            Path.Combine(source, "src", "Checkpointing", "bin", "Release", "net10.0", "Checkpointing.dll"),
            Path.Combine(program, "Checkpointing.dll"), overwrite: true);
        Directory.Delete(source, recursive: true);
        foreach (var (name, arguments) in s_layers)
        {
            var output = Start(program, s_layerTime, ["Checkpointing.Torture.dll", .. arguments, "--json"]);
            using var json = JsonDocument.Parse(output.Split('\n').First(static line => line.StartsWith('{')));
            var result = json.RootElement;
            if (!result.GetProperty("passed").GetBoolean())
            {
                return string.Create(CultureInfo.InvariantCulture, $"{name}, {Describe(name, result)}");
            }
        }

        return null;
    }

    private static string Describe(string layer, JsonElement result)
    {
        var counters = result.GetProperty("counters");
        var failures = result.GetProperty("failures").GetArrayLength();
        return layer switch
        {
            "simulate" => $"after {counters.GetProperty("seeds")} seeds",
            "crash-points" => $"{failures} of {counters.GetProperty("crash points")} crash points",
            _ => $"{failures} of {counters.GetProperty("cases")} faults",
        };
    }

    private static void Patch(SeededBug bug, string path)
    {
        var text = File.ReadAllText(path);
        var at = text.IndexOf(bug.Right, StringComparison.Ordinal);
        if (at < 0 || text.IndexOf(bug.Right, at + 1, StringComparison.Ordinal) >= 0)
        {
            throw new InvalidOperationException($"'{bug.Right.Trim()}' is not exactly once in {bug.File}.");
        }

        File.WriteAllText(path, text.Replace(bug.Right, bug.Wrong, StringComparison.Ordinal));
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }

        foreach (var folder in Directory.GetDirectories(from))
        {
            if (Path.GetFileName(folder) is var name and not ("bin" or "obj"))
            {
                Copy(folder, Path.Combine(to, name));
            }
        }
    }

    private static string Start(string folder, TimeSpan longest, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardInput = true,
        };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // nothing stays behind
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(longest))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dotnet {string.Join(' ', arguments)} did not end within {longest}.");
        }

        return process.ExitCode is 0 or 1 && (process.ExitCode == 0 || arguments[0] != "build")
            ? output.GetAwaiter().GetResult()
            : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)}: {output.Result}");
    }
}
