using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Execution;

public sealed class JobSimulationTests
{
    private const int Seeds = 30;

    /// <summary>To replay one seed: set it here.</summary>
    public static TheoryData<int> FirstSeeds => [1, 11, 21];

    [Theory]
    [MemberData(nameof(FirstSeeds))]
    public async Task Run_CrashesAnywhere_OutputsEqualTheStraightRun(int firstSeed)
    {
        var (completed, restores) = (0, 0);
        for (var seed = firstSeed; seed < firstSeed + (Seeds / 3); seed++)
        {
            // Every other input has records that come too late: which ones are dropped must not change either.
            var orders = Orders.Generate(600, seed, customers: 12, maxLagMs: seed % 2 * 700);
            var (straight, _) = await RunAsync(orders, seed + 1_000, crashes: 0);
            var (crashed, simulation) = await RunAsync(orders, seed, crashes: 4);

            crashed.Should().Equal(straight, "seed {0}", seed);
            if (seed % 2 == 0)
            {
                crashed.Should().Equal(
                    [.. Orders.ExpectedWindows(orders), .. Orders.ExpectedTotals(orders)], "seed {0}", seed);
            }

            completed += simulation.CompletedCheckpoints;
            restores += simulation.Restores;
        }

        completed.Should().BeGreaterThan(Seeds, "else nothing was tried");
        restores.Should().BeGreaterThan(Seeds / 3, "else nothing was tried");
    }

    private static async Task<(List<string> Rows, JobSimulation Simulation)> RunAsync(
        List<Order> orders, int seed, int crashes)
    {
        using var folder = new TemporaryFolder();
        var (windows, totals) = (folder.File("windows.csv"), folder.File("totals.csv"));
        var simulation = new JobSimulation(
            seed, () => Orders.Define(new ListSource<Order>(orders), windows, totals, recordsPerWatermark: 8));
        await simulation.RunAsync(crashes);
        return ([.. Orders.Sorted(windows), .. Orders.Sorted(totals, headerLines: 1)], simulation);
    }
}
