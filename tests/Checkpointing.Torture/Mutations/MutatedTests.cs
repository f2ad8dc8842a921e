using System.Diagnostics;

namespace Checkpointing.Torture.Mutations;

/// <summary>A process of the tests' program, with the mutated core beside it, that serves as
/// <see cref="MutantServer"/>.</summary>
internal sealed class MutatedTests : IDisposable
{
    /// <summary>Assemblies that .NET starts before a program.</summary>
    internal const string HooksVariable = "DOTNET_STARTUP_HOOKS";

    private const string InMemory = "/dev/shm";

    // A mutant may ask for memory for ever.
    private const string MostMemory = "0x60000000";

    private readonly Process _process;

    private MutatedTests(Process process) => _process = process;

    /// <summary>Starts one.</summary>
    /// <param name="program">The tests' assembly.</param>
    internal static MutatedTests Start(string program)
    {
        var start = StartInfo(program);
        start.RedirectStandardInput = true;
        start.RedirectStandardError = true;
        start.Environment[HooksVariable] = typeof(MutatedTests).Assembly.Location;
        var process = Process.Start(start)!;
        process.BeginErrorReadLine(); // A stack that overflows is written there, and nobody wants to read it.
        return new(process);
    }

    /// <summary>How the program is started.</summary>
    internal static ProcessStartInfo StartInfo(string program, params IEnumerable<string> arguments) =>
        new("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetDirectoryName(program),
            Environment =
            {
                ["DOTNET_GCHeapHardLimit"] = MostMemory,
                ["DOTNET_TieredPGO"] = "0",
                ["CHECKPOINTING_HISTORIES"] = "4",

                // Half of the time is waiting for a disk otherwise.
                ["TMPDIR"] = Directory.Exists(InMemory) ? InMemory : Path.GetTempPath(),
            },
        };

    /// <summary>Runs the tests of some classes with one mutant switched on, up to the first that fails.</summary>
    /// <returns>Whether all passed, or what failed; null when there was no answer in time. The process is of no more
    /// use then, nor when it ended.</returns>
    internal async Task<(bool Passed, string Failed)?> RunAsync(
        int mutant, IReadOnlyCollection<string> classes, TimeSpan timeout)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(MutantServer.Request(mutant, classes));
            await _process.StandardInput.FlushAsync();
            var answer = await _process.StandardOutput.ReadLineAsync().WaitAsync(timeout);
            return answer is null ? (false, "the process ended") : (answer == MutantServer.Passed, answer);
        }
        catch (TimeoutException)
        {
            return null;
        }
        catch (IOException)
        {
            return (false, "the process ended");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
