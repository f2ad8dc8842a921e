using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Checkpointing.Schedules.Harnesses;
using Microsoft.Coyote;
using Microsoft.Coyote.SystematicTesting;

namespace Checkpointing.Schedules;

/// <summary>Runs each harness under many schedules that Microsoft Coyote chooses: which task goes on after each point
/// where another could. A seed gives the same schedules again.</summary>
internal static class Program
{
    private const int MostSteps = 20_000;
    private const int SelfCheckSchedules = 200;

    private static readonly Harness[] s_harnesses =
    [
        new("registry", static () => new RegistryHarness().RunAsync()) { ChecksMemory = true },
        new("add-and-subsume", CoordinatorHarnesses.AddAndSubsumeAsync),
        new("abort-and-complete", CoordinatorHarnesses.AbortAndCompleteAsync),
        new("close-and-upload", CoordinatorHarnesses.CloseAndUploadAsync),
        new("claim-and-sweep", CoordinatorHarnesses.ClaimAndSweepAsync),
        new("take-over-and-commit", CoordinatorHarnesses.TakeOverAndCommitAsync),
    ];

    internal static int Main(string[] args)
    {
        var schedules = new Option<int>("--schedules")
        {
            Description = "Schedules of each harness.", DefaultValueFactory = static _ => 50,
        };
        var seed = new Option<uint>("--seed") { Description = "Chooses the schedules." };
        var harness = new Option<string?>("--harness") { Description = "Only this one." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var root = new RootCommand("Runs the core under schedules that Coyote chooses.")
        {
            schedules, seed, harness, json,
        };
        root.SetAction(parsed => Run(
            parsed.GetValue(schedules), parsed.GetValue(seed), parsed.GetValue(harness), parsed.GetValue(json)));
        return root.Parse(args).Invoke();
    }

    private static int Run(int schedules, uint seed, string? wanted, bool asJson)
    {
        var counters = new Dictionary<string, object>();
        var failures = new List<object>();
        var counter = new Harness("self-check", static () => new UnlockedCounter().RunAsync()) { ChecksMemory = true };
        if (Explore(counter, SelfCheckSchedules, seed, isPrioritized: false) is null)
        {
            failures.Add(new
            {
                what = "Coyote does not control this program: was it rewritten?",
                replay = "build it again",
            });
        }

        foreach (var harness in s_harnesses.Where(one => wanted is null || one.Name == wanted))
        {
            var watch = Stopwatch.StartNew();
            // Half by chance, half by changing priorities, which finds what needs few but particular turns.
            foreach (var isPrioritized in new[] { false, true })
            {
                var share = isPrioritized ? schedules / 2 : schedules - (schedules / 2);
                if (share > 0 && Explore(harness, share, seed, isPrioritized) is { } failure)
                {
                    failures.Add(new
                    {
                        what = $"{harness.Name}: {failure}",
                        replay = $"dotnet run -c Release --project tests/Checkpointing.Torture -- schedules "
                            + $"--harness {harness.Name} --schedules {schedules} --seed {seed}",
                    });
                }
            }

            counters[harness.Name] = schedules;
            counters[$"{harness.Name} seconds"] = Math.Round(watch.Elapsed.TotalSeconds, 1);
        }

        Print(counters, failures, seed, asJson);
        return failures.Count == 0 ? 0 : 1;
    }

    private static string? Explore(Harness harness, int schedules, uint seed, bool isPrioritized)
    {
        var settings = Configuration.Create().WithTestingIterations((uint)schedules).WithRandomGeneratorSeed(seed)
            .WithMaxSchedulingSteps(MostSteps).WithTelemetryEnabled(false).WithConsoleLoggingEnabled(false)
            .WithMemoryAccessRaceCheckingEnabled(harness.ChecksMemory);
        settings = isPrioritized ? settings.WithPrioritizationStrategy(false, 10) : settings.WithRandomStrategy();
        var console = Console.Out;
        Console.SetOut(TextWriter.Null); // Coyote tells of each run, and of bugs that are wanted, too.
        try
        {
            using var engine = TestingEngine.Create(settings, harness.Run);
            engine.Run();
            return ProblemOf(engine.TestReport);
        }
        finally
        {
            Console.SetOut(console);
        }
    }

    private static string? ProblemOf(TestReport found) => found switch
    {
        { NumOfFoundBugs: > 0 } => found.BugReports.First(),
        { InternalErrors.Count: > 0 } => found.InternalErrors.First(),
        _ => null,
    };

    private static void Print(
        Dictionary<string, object> counters, List<object> failures, uint seed, bool asJson)
    {
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { command = "schedules", seed, passed = failures.Count == 0, counters, failures }));
            return;
        }

        foreach (var (name, value) in counters)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name}: {value}"));
        }

        failures.ForEach(static failure => Console.WriteLine($"FAILED: {failure}"));
    }

    /// <summary>A few actors that meet at one place.</summary>
    private sealed record Harness(string Name, Func<Task> Run)
    {
        /// <summary>Whether another task may go on at each access of a field, too: for small ones.</summary>
        public bool ChecksMemory { get; init; }
    }
}
