using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Checkpointing.Torture.Mutations;

/// <summary>Runs in the tests' program: reads requests line by line, runs the tests of some classes with one mutant
/// switched on, and says whether they passed. Code that is compiled already makes this many times as fast as a process
/// a mutant.</summary>
/// <remarks>By reflection: neither xunit nor the mutated core is known to the program that this belongs to.</remarks>
internal static partial class MutantServer
{
    /// <summary>No mutant is switched on.</summary>
    internal const int NoMutant = -1;

    /// <summary>Begins an answer when all tests passed.</summary>
    internal const string Passed = "passed";

    private const BindingFlags Static = BindingFlags.Static | BindingFlags.Public;

    internal static void Run()
    {
        Environment.SetEnvironmentVariable(MutatedTests.HooksVariable, null); // Not for processes that tests start.
        using var requests = new StreamReader(Console.OpenStandardInput());
        using var answers = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        Console.SetIn(TextReader.Null);
        Console.SetOut(TextWriter.Null);
        Console.SetError(TextWriter.Null);
        var tests = Assembly.GetEntryAssembly() ?? throw new InvalidOperationException("There is no entry assembly.");
        var control = Assembly.Load("Checkpointing").GetTypes()
            .SingleOrDefault(static one => one.Name == "MutantControl")
            ?? throw new InvalidOperationException("The core beside the tests has no mutants.");
        var active = control.GetField("ActiveMutant", Static)!;
        while (requests.ReadLine() is { } request)
        {
            var (mutant, classes) = Parse(request);
            active.SetValue(null, mutant);
            answers.WriteLine(RunTests(tests, classes));
            active.SetValue(null, NoMutant);
        }

        // Without the program's own entry; what a mutant left running does not keep the process.
        Environment.Exit(0);
    }

    internal static string Request(int mutant, IEnumerable<string> classes) =>
        string.Create(CultureInfo.InvariantCulture, $"{mutant} {string.Join(' ', classes)}");

    private static (int Mutant, string[] Classes) Parse(string request)
    {
        var parts = request.Split(' ');
        return (int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1..]);
    }

    private static string RunTests(Assembly tests, string[] classes)
    {
        var arguments = new List<string> { "-noLogo", "-noColor", "-stopOnFail", "-maxThreads", "1" };
        foreach (var one in classes)
        {
            arguments.AddRange(["-class", one]);
        }

        var output = new StringWriter();
        var runner = Type.GetType(
            "Xunit.Runner.InProc.SystemConsole.ConsoleRunner, xunit.v3.runner.inproc.console", throwOnError: true)!;
        using var run = (IDisposable)Activator.CreateInstance(runner, arguments.ToArray(), tests)!;
        var entry = runner.GetMethod("EntryPoint")!;
        var exitCode = ((Task<int>)entry.Invoke(run, [TextReader.Null, output])!).GetAwaiter().GetResult();
        if (exitCode == 0)
        {
            return Passed;
        }

        var failed = FailedTest().Match(output.ToString());
        return failed.Success ? failed.Groups[1].Value : "failed";
    }

    [GeneratedRegex(@"^\s+(\S+)[^\n]* \[FAIL\]", RegexOptions.Multiline)]
    private static partial Regex FailedTest();
}
