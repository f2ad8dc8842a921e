// Makes the folder of the demo and locks a file in it.
#pragma warning disable RS0030
using System.Globalization;
using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Inspection;
using Checkpointing.StateHandles;
using Checkpointing.Storage.Local;
using Checkpointing.ZooKeeper;

namespace Checkpointing.Tool.Demo;

/// <summary>The folder of a run: whose it is, and how far earlier runs came in it.</summary>
/// <remarks>
/// <para>The newest process owns it. It takes the epoch of the job <c>flights</c>, which has no tasks and stands for
/// the run as a whole; the process before sees that, stops, and lets go of the lock. Only then does the new one touch
/// anything: two processes never write one output.</para>
/// <para>The generations are the jobs <c>flights-1</c>, <c>flights-2</c>, … The newest checkpoint of a run is that of
/// the highest generation that has one which counts: starting over sets, in each job's register, the floor below which
/// checkpoints do not count any more, from the highest generation down. So whatever moment a process is killed at, what
/// counts is one run's.</para>
/// </remarks>
internal sealed class DemoFolder : IAsyncDisposable
{
    private const string RunName = "flights";
    private const int ErrorTryAgainLinux = 11;
    private const int ErrorTryAgainMac = 35;
    private const int ErrorSharingWindows = 32;

    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LockDeadline = TimeSpan.FromSeconds(60);

    private readonly LocalCheckpointStorage _storage;
    private readonly ICheckpointRegister _register;
    private readonly CompletedCheckpointStore _run;
    private readonly TimeProvider _time;
    private FileStream? _lock;

    private DemoFolder(string checkpoints, string? zooKeeper, IdSource ids, TimeProvider time)
    {
        _storage = new(checkpoints);
        _register = zooKeeper is null
            ? new StorageCheckpointRegister(_storage)
            : new ZooKeeperCheckpointRegister(new()
            {
                ConnectionString = zooKeeper,

                // Jobs of one name in one namespace are one job: those of another folder are not ours.
                Namespace = $"checkpointing/demo-{ContentDigest.Of(Encoding.UTF8.GetBytes(checkpoints))}",
                TimeProvider = time,
            });
        _run = _register.OpenStore(_storage, RunName, ids, $"{Environment.MachineName}/{Environment.ProcessId}");
        _time = time;
    }

    /// <summary>Where the lists of completed checkpoints are.</summary>
    public ICheckpointRegister Register => _register;

    /// <summary>Where the checkpoints are.</summary>
    public LocalCheckpointStorage Storage => _storage;

    /// <summary>Counts the processes that have owned the folder, from 1.</summary>
    public long Epoch => _run.Epoch;

    /// <summary>Takes the folder over and waits until the process before has let go of it.</summary>
    /// <param name="folder">The folder; made if it is not there.</param>
    /// <param name="zooKeeper">Servers that keep the lists of completed checkpoints; null: the folder keeps
    /// them.</param>
    /// <param name="ids">Makes ids.</param>
    /// <param name="time">For waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CoordinatorFencedException">While waiting, a still newer process has taken over.</exception>
    /// <exception cref="ToolException">The folder cannot be written, or the process before does not end.</exception>
    public static async Task<DemoFolder> TakeAsync(
        string folder, string? zooKeeper, IdSource ids, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(
                $"The folder '{folder}' cannot be made: {exception.Message}", innerException: exception);
        }

        var taken = new DemoFolder(Path.Combine(folder, "checkpoints"), zooKeeper, ids, time);
        try
        {
            await taken._run.TakeEpochAsync(cancellationToken).ConfigureAwait(false);
            await taken.LockAsync(Path.Combine(folder, "lock"), cancellationToken).ConfigureAwait(false);
            return taken;
        }
        catch
        {
            await taken.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Name of the job of a generation.</summary>
    /// <param name="generation">From 1.</param>
    public static string JobOf(int generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{RunName}-{generation}");

    /// <summary>Makes sure that no newer process has taken over.</summary>
    /// <exception cref="CoordinatorFencedException">One has: stop.</exception>
    public async Task CheckOwnershipAsync(CancellationToken cancellationToken) =>
        await _run.CheckEpochAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>The generation that has the newest checkpoint of the last run; 0 if there is none.</summary>
    public async Task<int> FindNewestGenerationAsync(CancellationToken cancellationToken)
    {
        var generation = await CountGenerationsAsync(cancellationToken).ConfigureAwait(false);
        while (generation > 0
            && (await InspectAsync(generation, cancellationToken).ConfigureAwait(false))?.Newest is null)
        {
            generation--;
        }

        return generation;
    }

    /// <summary>From now on no earlier checkpoint counts. They stay until new ones push them out.</summary>
    public async Task StartOverAsync(CancellationToken cancellationToken)
    {
        var count = await CountGenerationsAsync(cancellationToken).ConfigureAwait(false);
        for (var generation = count; generation > 0; generation--)
        {
            await StartOverAsync(JobOf(generation), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_lock is not null)
        {
            await _lock.DisposeAsync().ConfigureAwait(false);
        }

        if (_register is IAsyncDisposable session)
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }

        _storage.Dispose();
    }

    private async Task StartOverAsync(string job, CancellationToken cancellationToken)
    {
        var coordinator = new CheckpointCoordinatorBuilder(_storage)
            .WithJob(new JobTopology(job, FlightsJob.MaxParallelism) { { FlightsJob.TotalsName, 1 } })
            .WithTaskGateway(new NoTasks())
            .WithRegister(_register)
            .Build();
        await using (coordinator.ConfigureAwait(false))
        {
            try
            {
                await coordinator.RecoverAsync(allowNonRestoredState: true, cancellationToken).ConfigureAwait(false);
            }
            catch (CheckpointingException exception) when (exception is CheckpointCorruptException
                or StoredFileMissingException or UnsupportedFormatException or StateMigrationException)
            {
                // Damaged or foreign: all the more reason to start over. It stays where it is.
            }

            await coordinator.StartOverAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Generations follow each other without a gap: each began after the one before it.</summary>
    private async Task<int> CountGenerationsAsync(CancellationToken cancellationToken)
    {
        for (var generation = 1; ; generation++)
        {
            if (await InspectAsync(generation, cancellationToken).ConfigureAwait(false) is null)
            {
                return generation - 1;
            }
        }
    }

    private ValueTask<JobInspection?> InspectAsync(int generation, CancellationToken cancellationToken) =>
        JobInspection.ReadAsync(_register, JobOf(generation), cancellationToken);

    private async Task LockAsync(string path, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            try
            {
                _lock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                break;
            }
            catch (IOException exception) when (IsInUse(exception))
            {
                if (_time.GetElapsedTime(started) > LockDeadline)
                {
                    throw new ToolException(
                        $"Another process still works in '{Path.GetDirectoryName(path)}' and does not stop; "
                        + "end it, then run again.",
                        innerException: exception);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new ToolException(
                    $"The file '{path}' cannot be written: {exception.Message}", innerException: exception);
            }

            await Task.Delay(LockPause, _time, cancellationToken).ConfigureAwait(false);
            await CheckOwnershipAsync(cancellationToken).ConfigureAwait(false);
        }

        // Whoever came in between is the owner now.
        await CheckOwnershipAsync(cancellationToken).ConfigureAwait(false);
    }

    private static bool IsInUse(IOException exception) =>
        (exception.HResult & 0xFFFF) is ErrorTryAgainLinux or ErrorTryAgainMac or ErrorSharingWindows;

    private sealed class NoTasks : ITaskGateway
    {
        public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;
    }
}
