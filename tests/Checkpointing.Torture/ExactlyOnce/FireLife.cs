using Checkpointing.Coordination;
using Checkpointing.Hosting;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage.Local;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>How a life ended.</summary>
internal enum LifeEnd
{
    /// <summary>The whole input is in the output.</summary>
    Finished = 0,

    /// <summary>The job could not start, or failed for good: the next life goes on.</summary>
    Failed = 10,

    /// <summary>It was stopped with a savepoint: the next life begins from it.</summary>
    Stopped = 11,

    /// <summary>The process was killed.</summary>
    Killed = 137,
}

/// <summary>What a life leaves behind, beside its files.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Savepoint">Where the next one begins, if it does not at its own newest checkpoint.</param>
/// <param name="Why">Why it failed.</param>
internal sealed record LifeResult(LifeEnd End, string? Savepoint = null, string? Why = null);

/// <summary>Runs one life of a plan.</summary>
/// <param name="plan">The plan.</param>
/// <param name="folder">Where storage, working folder and outputs are.</param>
/// <param name="log">Gets what is counted.</param>
/// <param name="report">Is told each fire, before it happens.</param>
internal sealed class FireLife(FirePlan plan, string folder, FireLog log, Action<FireKind> report)
{
    private const int MaxRestarts = 1_000;

    /// <summary>Runs it to its end.</summary>
    /// <param name="number">Number of the life, from 0.</param>
    /// <param name="savepoint">Where to begin if the job has no checkpoint of its own; null: at the beginning.</param>
    /// <param name="ignoresOwn">Whether its own checkpoints are older than the savepoint.</param>
    internal async Task<LifeResult> RunAsync(int number, string? savepoint, bool ignoresOwn)
    {
        var life = plan.LifeAt(number);
        using var switchboard = new FireSwitchboard(life, plan.Seed + number, report);
        using var local = new LocalCheckpointStorage(Path.Combine(folder, "checkpoints"));
        var faults = new FaultPlan(switchboard.OnStorageCall) { Delay = FireSwitchboard.LongWait, KeepsLog = false };
        var storage = new FireStorage(new FaultyStorage(local, faults), switchboard);
        await using var host = new InProcessHostBuilder(storage).WithBackend(Backend()).WithLoggerFactory(log)
            .WithOptions(new()
            {
                RestartStrategy = RestartStrategy.FixedDelay(MaxRestarts, TimeSpan.Zero),
                RecordsPerBatch = life.RecordsPerBatch,
                BatchesPerChannel = 4,
            }).Build();
        try
        {
            await using var run = await host.StartAsync(
                FireJob.Define(
                    FireInput.Load(plan.Input, plan.Seed), plan.HasEarlyInput, FireInput.WindowOf(plan.Input), folder,
                    switchboard.OnRecord, switchboard.OnFileStep),
                new()
                {
                    Parallelism = life.Parallelism,
                    ResumeFrom = savepoint,
                    IgnoreOwnCheckpoints = ignoresOwn,
                    Checkpoints =
                    {
                        Interval = TimeSpan.FromMilliseconds(10),
                        Timeout = FireSwitchboard.CheckpointTimeout,
                        MaxConcurrent = 2,
                        MaxRetainedCheckpoints = 2,
                    },
                }).ConfigureAwait(false);
            return await LiveAsync(run, switchboard).ConfigureAwait(false);
        }
        catch (CheckpointingException e)
        {
            return new(LifeEnd.Failed, savepoint, e.Message);
        }
    }

    private static async Task<LifeResult> LiveAsync(RunningJob run, FireSwitchboard switchboard)
    {
        await Task.WhenAny(run.Completion, switchboard.StopWanted).ConfigureAwait(false);
        if (switchboard.StopWanted.IsCompleted)
        {
            try
            {
                var savepoint = await run.StopWithSavepointAsync("savepoints").ConfigureAwait(false);
                return new(LifeEnd.Stopped, savepoint.Path);
            }
            catch (CheckpointingException)
            {
                // It failed or the job ended before: whatever the job does then has to be right.
            }
        }

        await run.Completion.ConfigureAwait(false);
        return new(LifeEnd.Finished);
    }

    private IKeyedStateBackendFactory Backend() => plan.IsOnRocksDb
        ? new RocksDbBackendFactory(new() { WorkingDirectory = Path.Combine(folder, "work") })
        : new HeapBackendFactory();
}
