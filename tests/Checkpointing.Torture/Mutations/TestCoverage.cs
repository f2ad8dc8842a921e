using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Checkpointing.Torture.Mutations;

/// <summary>A class of tests, and the mutants that its tests come by.</summary>
/// <param name="Name">The class.</param>
/// <param name="Seconds">How long its tests take in a warm process.</param>
/// <param name="Mutants">Those come by, by number.</param>
/// <param name="InInitializers">Those of them that run once in a process, in initializers of statics: each needs a
/// process of its own.</param>
internal sealed record CoveringClass(
    string Name, double Seconds, HashSet<int> Mutants, HashSet<int> InInitializers);

/// <summary>Finds which class of tests comes by which mutants.</summary>
internal static class TestCoverage
{
    // The name that mutated code asks the environment for, by Stryker.
    private const string FileVariable = "STRYKER_COVERAGE_FILE";

    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(5);

    /// <summary>Reads it from a file, a line a class, and finds and adds what is not there yet.</summary>
    /// <param name="program">The tests' assembly, with the mutated core beside it.</param>
    /// <param name="file">The file.</param>
    /// <param name="parallel">Processes at a time.</param>
    /// <exception cref="InvalidOperationException">The tests of a class fail without any mutant.</exception>
    internal static async Task<IReadOnlyList<CoveringClass>> FindAsync(string program, string file, int parallel)
    {
        var known = Read(file).Select(static one => one.Name).ToHashSet();
        var waiting = new ConcurrentQueue<string>((await ListAsync(program)).Where(name => !known.Contains(name)));
        var writing = new Lock();
        await Task.WhenAll(Enumerable.Range(0, parallel).Select(_ => FindAsync(program, waiting, one =>
        {
            lock (writing)
            {
                File.AppendAllText(file, JsonSerializer.Serialize(one) + "\n");
            }
        })));
        return Read(file);
    }

    private static async Task FindAsync(string program, ConcurrentQueue<string> waiting, Action<CoveringClass> add)
    {
        using var warm = MutatedTests.Start(program);
        while (waiting.TryDequeue(out var name))
        {
            var seconds = 0.0;
            for (var round = 0; round < 2; round++)
            {
                var started = Stopwatch.GetTimestamp();
                if (await warm.RunAsync(MutantServer.NoMutant, [name], s_timeout) is not { Passed: true })
                {
                    throw new InvalidOperationException($"Without any mutant, tests of {name} fail.");
                }

                seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            }

            var (mutants, inInitializers) = await CoverAsync(program, name);
            add(new(name, seconds, mutants, inInitializers));
        }
    }

    private static List<CoveringClass> Read(string file) => File.Exists(file)
        ? [.. File.ReadLines(file).Select(static line => JsonSerializer.Deserialize<CoveringClass>(line)!)]
        : [];

    private static async Task<List<string>> ListAsync(string program)
    {
        using var process = Process.Start(MutatedTests.StartInfo(program, "-noColor", "-noLogo", "-list", "classes"))!;
        var output = await process.StandardOutput.ReadToEndAsync();
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(static line => line.StartsWith("Checkpointing.", StringComparison.Ordinal))];
    }

    private static async Task<(HashSet<int> Mutants, HashSet<int> InInitializers)> CoverAsync(
        string program, string name)
    {
        var folder = Directory.CreateTempSubdirectory("coverage-");
        try
        {
            var start = MutatedTests.StartInfo(program, "-noColor", "-noLogo", "-class", name);
            start.Environment["TMPDIR"] = folder.FullName;
            start.Environment[FileVariable] = "coverage.txt";
            using (var process = Process.Start(start)!)
            {
                await process.StandardOutput.ReadToEndAsync();
                await process.WaitForExitAsync();
            }

            // None is written by tests that never come to the core.
            var written = folder.EnumerateFiles("coverage-*.txt").SingleOrDefault();
            var parts = written is null ? ["", ""] : (await File.ReadAllTextAsync(written.FullName)).Split(';');
            return (Numbers(parts[0]), Numbers(parts[1]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static HashSet<int> Numbers(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(static number => int.Parse(number, CultureInfo.InvariantCulture))];
}
