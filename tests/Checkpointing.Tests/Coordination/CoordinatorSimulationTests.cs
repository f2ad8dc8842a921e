using Checkpointing.Coordination;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

/// <summary>Whole lives of a job from a seed: work, checkpoints, declines, timeouts, restarts, crashes,
/// take-overs.</summary>
public sealed class CoordinatorSimulationTests
{
    private const int SeedCount = 150;

    [Fact]
    public void SameSeed_GivesTheSameTrace()
    {
        var distinct = new HashSet<string>();
        for (var seed = 0; seed < 25; seed++)
        {
            var first = RunLife(seed);

            RunLife(seed).Should().Equal(first, "seed {0}", seed);
            distinct.Add(string.Join('\n', first));
        }

        distinct.Count.Should().BeGreaterThan(20, "other seeds do other things");
    }

    [Fact]
    public void AnySeed_NothingNeededIsDeletedAndNothingUnneededStays()
    {
        for (var seed = 1_000; seed < 1_000 + SeedCount; seed++)
        {
            try
            {
                RunLife(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} fails: RunLife({seed}) replays it. {e.Message}", e);
            }
        }
    }

    private static List<string> RunLife(int seed)
    {
        var random = new Random(seed);
        var storage = new InMemoryCheckpointStorage();
        var register = new InMemoryCheckpointRegister();
        var trace = new List<string>();
        var epochs = 1 + random.Next(4);
        var lastCompleted = 0L;
        SimulatedCluster? zombie = null;
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            var options = new CheckpointCoordinatorOptions
            {
                Timeout = TimeSpan.FromSeconds(10),
                MaxConcurrent = 1 + random.Next(3),
                MaxRetainedCheckpoints = 1 + random.Next(3),
            };
            var cluster = new SimulatedCluster(storage, register, "job", random.Next(), 1 + random.Next(4), options)
            {
                DeclinePercent = random.Next(3) == 0 ? 20 : 0,
            };
            cluster.AfterStep = () => AssertNothingNeededIsMissing(storage, register);
            var restored = cluster.Start();
            (restored?.Checkpoint.Id.Value ?? 0).Should()
                .Be(lastCompleted, "the newest completed checkpoint is restored");
            RunEpoch(cluster, zombie, random);
            trace.AddRange(cluster.Trace);
            lastCompleted = cluster.Coordinator.LatestCompleted?.Id.Value ?? 0;
            zombie = cluster;
        }

        // The last one takes over, sweeps, and lets everybody finish: what is left is what the list needs.
        zombie!.AfterStep = null;
        zombie.RunUntilQuiet();
        var last = new SimulatedCluster(storage, register, "job", seed);
        last.Start();
        last.Work();
        last.Checkpoint();
        last.RunUntilQuiet();
        StoredState.MissingFiles(storage, register, "job").Should().BeEmpty();
        StoredState.Orphans(storage, register, "job").Should().BeEmpty();
        return trace;
    }

    private static void RunEpoch(SimulatedCluster cluster, SimulatedCluster? zombie, Random random)
    {
        var acts = random.Next(20, 80);
        for (var act = 0; act < acts; act++)
        {
            switch (random.Next(12))
            {
                case 0 or 1:
                    cluster.Work();
                    break;
                case 2 or 3:
                    Forget(cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint));
                    break;
                case 4 when random.Next(8) == 0:
                    Forget(cluster.Coordinator.TriggerAsync(CheckpointRequest.FullCheckpoint));
                    break;
                case 5 when random.Next(4) == 0:
                    cluster.Advance(TimeSpan.FromSeconds(random.Next(1, 8)));
                    break;
                case 6 when random.Next(10) == 0:
                    cluster.Start();
                    break;
                case 7:
                    zombie?.Step();
                    break;
                default:
                    cluster.Step();
                    break;
            }
        }
    }

    private static void AssertNothingNeededIsMissing(
        InMemoryCheckpointStorage storage, InMemoryCheckpointRegister register) =>
        StoredState.MissingFiles(storage, register, "job").Should().BeEmpty();

    private static void Forget(Task<CompletedCheckpoint> trigger) =>
        _ = trigger.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
}
