using System.Text.Json;
using Checkpointing.Torture.Simulate;

namespace Checkpointing.Torture.Tests.Simulation;

public sealed class SimulateRunTests
{
    // 2,000 are run by tests/run in a Release build; here a sample of a Debug build, which checks its invariants.
    private const int FirstSeed = 0;
    private const int LastSeed = 79;

    /// <summary>Seeds that failed once; they stay for ever.</summary>
    public static TheoryData<int> Found =>
    [
        5, 44, 65, 86, 96, 117, 228, 230, 285, 301, 372, 401, 473, 639, 934, 1585, 5127, 8758, 10911, 11076, 17258,
        33930,
    ];

    [Fact]
    public void Run_Seeds_KeepEveryPromise()
    {
        var report = SimulateRun.Run(FirstSeed, LastSeed);

        report.Failures.Should().BeEmpty();
        var counters = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters");
        foreach (var name in new[]
        {
            "checkpoints completed", "checkpoints failed", "faults injected", "power cuts", "processes killed",
            "zombies that woke up", "heirs with Claim", "heirs with NoClaim", "attempts restarted",
        })
        {
            counters.GetProperty(name).GetInt64().Should().BeGreaterThan(2, "the seeds do this: {0}", name);
        }
    }

    [Fact]
    public void TraceOf_SameSeed_IsTheSame()
    {
        var traces = new HashSet<ulong>();
        for (var seed = 0; seed < 25; seed++)
        {
            var trace = SimulateRun.TraceOf(seed);

            SimulateRun.TraceOf(seed).Should().Be(trace, "seed {0} is one order of events", seed);
            traces.Add(trace);
        }

        traces.Count.Should().BeGreaterThan(20, "other seeds do other things");
    }

    [Theory]
    [MemberData(nameof(Found))]
    public void Run_FoundBefore_Passes(int seed) => SimulateRun.Run(seed, seed).Failures.Should().BeEmpty();

    [Fact]
    public void Simulate_Replay_PrintsTheTraceAndTheCounters()
    {
        var output = new StringWriter { NewLine = "\n" };

        TortureCommandLine.Run(["simulate", "--replay", "7"], output).Should().Be(0);

        output.ToString().Should().Contain("process 1 of job").And.Contain("simulate, seed 7: passed");
    }
}
