using Checkpointing.Coordination;
using Checkpointing.Hosting;
using Checkpointing.RocksDb;
using Checkpointing.Storage.Local;
using Checkpointing.Testing.Faults;
using Checkpointing.Torture.ExactlyOnce;
using Checkpointing.ZooKeeper;

namespace Checkpointing.Torture.Kills;

/// <summary>One process of a job: RocksDB, files, and the list of checkpoints in ZooKeeper.</summary>
/// <param name="plan">How it is.</param>
/// <param name="seed">Of what it reads.</param>
/// <param name="folder">Where everything of the job is.</param>
/// <param name="zooKeeper">Connection string.</param>
/// <param name="holdsAt">It reads so many records and no more; null: all, and then it ends.</param>
/// <param name="say">Writes a line for the program that started it.</param>
internal sealed class KillLife(
    KillLifePlan plan, int seed, string folder, string zooKeeper, int? holdsAt, Action<string> say)
{
    internal const FireInputKind Input = FireInputKind.Generated;

    // Some checkpoints in each life, however soon it ends.
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(15);

    private const int MaxRestarts = 1_000;
    private const int RecordsAMillisecond = 10;

    /// <summary>The job's name, in ZooKeeper and on disk.</summary>
    internal static JobId Job { get; } = "fire";

    /// <summary>Folder with the checkpoints of a job.</summary>
    internal static string StorageOf(string folder) => Path.Combine(folder, "checkpoints");

    /// <summary>Folder with the databases of a job.</summary>
    internal static string WorkOf(string folder) => Path.Combine(folder, "work");

    /// <summary>Runs until the job has ended, or the process is killed.</summary>
    internal async Task<LifeResult> RunAsync()
    {
        using var kill = new KillSwitch(plan.Moment == KillMoment.Operation ? plan.At : 0, say);
        using var log = new KillLog(say);
        using var local = new LocalCheckpointStorage(StorageOf(folder));
        var moments = new FaultPlan
        {
            KeepsLog = false,
            Gate = operation =>
            {
                kill.OnMoment(operation.ToString());
                return ValueTask.CompletedTask;
            },
        };
        await using var register = new ZooKeeperCheckpointRegister(new() { ConnectionString = zooKeeper });
        await using var host = new InProcessHostBuilder(new FaultyStorage(local, moments))
            .WithRegister(new FaultyRegister(register, moments))
            .WithBackend(new RocksDbBackendFactory(new() { WorkingDirectory = WorkOf(folder) }))
            .WithLoggerFactory(log)
            .WithOptions(new()
            {
                RestartStrategy = RestartStrategy.FixedDelay(MaxRestarts, TimeSpan.FromMilliseconds(50)),
                RecordsPerBatch = plan.RecordsPerBatch,
                BatchesPerChannel = 4,
            }).Build();
        try
        {
            await using var run = await host.StartAsync(DefineJob(kill), StartOptions()).ConfigureAwait(false);
            say(KillsLifeCommand.RunningPrefix + run.RestoredFrom);
            await run.Completion.ConfigureAwait(false);
            return new(LifeEnd.Finished);
        }
        catch (CheckpointingException e)
        {
            return new(LifeEnd.Failed, Why: $"{e.GetType().Name}: {e.Message}");
        }
    }

    private StreamJob DefineJob(KillSwitch kill) => FireJob.Define(
        FireInput.Load(Input, seed), hasEarlyInput: false, FireInput.WindowOf(Input), folder, onRecord: null,
        () => kill.OnMoment("a file operation of a sink"),
        part => new(part, holdsAt is null ? PacedSource.DefaultPace : RecordsAMillisecond, holdsAt));

    private StartOptions StartOptions()
    {
        var options = new StartOptions
        {
            Parallelism = plan.Parallelism,
            // What is left in the end is looked at.
            Retention = CheckpointRetention.Always,
        };
        options.Checkpoints.Interval = s_interval;
        options.Checkpoints.MaxConcurrent = 2;
        options.Checkpoints.MaxRetainedCheckpoints = 2;
        return options;
    }
}
