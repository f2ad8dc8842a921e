using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Checkpointing.Torture.Broken;

/// <summary>Puts each bug into a copy of the core, builds that, and has it tortured until a layer catches it.</summary>
internal static class BrokenRun
{
    private static readonly TimeSpan s_buildTime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_layerTime = TimeSpan.FromMinutes(10);

    private const int Seeds = 1_000;
    private const int MostReplays = 5;

    /// <summary>After so many seeds of <c>simulate</c>: cheap ones first.</summary>
    private static readonly (string Name, string[] Arguments)[] s_layers =
    [
        ("crash-points", ["crash-points", "--stride", "6", "--seed", "3"]),
        ("faults", ["faults", "--stride", "12", "--seed", "1"]),
        ("faults of scale-out", ["faults", "--scenario", "scale-out", "--medium", "files"]),
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
        return CatchBySimulation(program) ?? CatchByLayers(program);
    }

    private static string? CatchBySimulation(string program)
    {
        for (var first = 0; first < Seeds;)
        {
            var failures = Torture(
                program, "simulate", "--seeds", string.Create(CultureInfo.InvariantCulture, $"{first}..{Seeds - 1}"),
                "--first").Failures;
            if (failures.Count == 0)
            {
                return null;
            }

            var seed = int.Parse(failures[0][^1], CultureInfo.InvariantCulture);
            if (PassesWithoutBug(failures[0]))
            {
                return string.Create(CultureInfo.InvariantCulture, $"simulate, seed {seed}, after {seed + 1} seeds");
            }

            first = seed + 1;
        }

        return null;
    }

    private static string? CatchByLayers(string program)
    {
        foreach (var (name, arguments) in s_layers)
        {
            var (cases, failures) = Torture(program, arguments);
            if (failures.Take(MostReplays).FirstOrDefault(PassesWithoutBug) is { } caught)
            {
                return string.Create(
                    CultureInfo.InvariantCulture, $"{name}, {failures.Count} of {cases} cases, such as {caught[^1]}");
            }
        }

        return null;
    }

    // The bug alone has to be caught: what fails without it as well proves nothing.
    private static bool PassesWithoutBug(string[] replay) =>
        Torture(AppContext.BaseDirectory, replay).Failures.Count == 0;

    /// <returns>How many cases there were, and the arguments that replay each failure.</returns>
    private static (long Cases, IReadOnlyList<string[]> Failures) Torture(string program, params string[] arguments)
    {
        var output = Start(program, s_layerTime, ["Checkpointing.Torture.dll", .. arguments, "--json"]);
        using var json = JsonDocument.Parse(output.Split('\n').First(static line => line.StartsWith('{')));
        var counters = json.RootElement.GetProperty("counters");
        var cases = counters.TryGetProperty("crash points", out var count)
            || counters.TryGetProperty("cases", out count) ? count.GetInt64() : 0;
        var failures = json.RootElement.GetProperty("failures").EnumerateArray()
            .Select(static failure => failure.GetProperty(nameof(TortureFailure.Replay)).GetString()!)
            .Select(static replay => replay[(Replays.Command.Length + 1)..].Split(' '));
        return (cases, [.. failures]);
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
