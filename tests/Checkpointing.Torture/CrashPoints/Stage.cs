using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Testing;
using Checkpointing.Testing.Faults;
using Checkpointing.Testing.Simulation;
using Checkpointing.Torture.Cluster;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Torture.CrashPoints;

/// <summary>Plays a script with simulated processes, one call after the other, on this thread and in virtual time.
/// What fails in the way that the library promises is told to <see cref="Failed"/>, and the script goes on.</summary>
internal sealed class Stage
{
    // Longer than any timeout, delay and retry of a script together.
    private static readonly TimeSpan s_deadline = TimeSpan.FromHours(96);
    private static readonly TimeSpan s_tick = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_poolTime = TimeSpan.FromMilliseconds(20);

    private readonly List<ClusterProcess> _processes = [];
    private SimulatedWork _work;
    private readonly Random _random = new(4711);
    private int _nextNumber;

    internal Stage(ClusterWorld world, FaultPlan plan, int firstNumber = 0)
    {
        (World, Plan, _nextNumber) = (world, plan, firstNumber);
        _work = NewWork();
    }

    internal ClusterWorld World { get; }

    /// <summary>Faults of all processes of this stage.</summary>
    internal FaultPlan Plan { get; }

    /// <summary>Failures that the library reported, typed as they should be.</summary>
    internal List<CheckpointingException> Failed { get; } = [];

    /// <summary>Whether a failure of a call ends the script: without faults none is expected. Default: true.</summary>
    internal bool IsStrict { get; set; } = true;

    /// <summary>Clock of the plan; it goes with those of the processes.</summary>
    internal FakeTimeProvider? PlanTime { get; init; }

    /// <summary>Gives the token of all calls that begin before it is cancelled; null: they cannot be.</summary>
    internal CancellationTokenSource? Cancellation { get; init; }

    /// <summary>Calls that ended because their token was cancelled.</summary>
    internal int CancelledCalls { get; private set; }

    private CancellationToken Token => WasCancelled ? CancellationToken.None
        : Cancellation?.Token ?? CancellationToken.None;

    private bool WasCancelled => Cancellation is { IsCancellationRequested: true };

    /// <summary>A new process that recovers, or starts from a given checkpoint. Null: it could not.</summary>
    internal ClusterProcess? Open(
        string job = "job", int parallelism = 2, int retained = 1, int concurrent = 1, int version = 1,
        CheckpointRetention retention = CheckpointRetention.OnCancellation, string? resumeFrom = null,
        ClaimMode claimMode = ClaimMode.NoClaim)
    {
        var process = new ClusterProcess(World, new()
        {
            Job = job,
            Number = ++_nextNumber,
            Plan = Plan,
            Work = _work,
            Parallelism = parallelism,
            Version = version,
            Coordinator = new()
            {
                MaxRetainedCheckpoints = retained,
                MaxConcurrent = concurrent,
                Retention = retention,
            },
        });
        _processes.Add(process);
        if (Try(() => process.StartAsync(resumeFrom, claimMode, Token)))
        {
            return process;
        }

        _processes.Remove(process);
        return null;
    }

    /// <summary>The processes that were opened and neither ended nor died.</summary>
    internal IReadOnlyList<ClusterProcess> Processes => _processes;

    internal void Change(ClusterProcess? process) => process?.Change(_random);

    /// <summary>Changes something and takes a checkpoint. Null: it failed.</summary>
    internal CompletedCheckpoint? Checkpoint(ClusterProcess? process, CheckpointRequest? request = null)
    {
        Change(process);
        return Await(Trigger(process, request));
    }

    /// <summary>Begins a checkpoint.</summary>
    internal Task<CompletedCheckpoint>? Trigger(ClusterProcess? process, CheckpointRequest? request = null) =>
        process?.Coordinator.TriggerAsync(request ?? CheckpointRequest.Checkpoint, Token);

    /// <summary>Waits for a checkpoint.</summary>
    internal CompletedCheckpoint? Await(Task<CompletedCheckpoint>? checkpoint)
    {
        if (checkpoint is null || !Try(() => checkpoint))
        {
            return null;
        }

        var completed = checkpoint.GetAwaiter().GetResult();
        World.Report(completed);
        return completed;
    }

    /// <summary>Waits for a checkpoint that is to fail.</summary>
    internal void AwaitFailure(Task<CompletedCheckpoint>? checkpoint)
    {
        if (checkpoint is null)
        {
            return;
        }

        try
        {
            Run(checkpoint);
            World.Report(checkpoint.GetAwaiter().GetResult());
            if (IsStrict)
            {
                throw new ConformanceException("A checkpoint completed that should have failed.");
            }
        }
        catch (CheckpointingException)
        {
        }
        catch (OperationCanceledException) when (WasCancelled)
        {
            CancelledCalls++;
        }
    }

    internal void End(ClusterProcess? process, JobTermination termination = JobTermination.Suspended)
    {
        if (process is not null)
        {
            if (termination is JobTermination.Cancelled or JobTermination.Finished)
            {
                World.Forget(process.Job);
            }

            _processes.Remove(process);
            Try(() => process.Coordinator.EndAsync(termination, Token));
        }
    }

    /// <summary>Does what is to be done, until nothing is left.</summary>
    internal void RunUntilQuiet()
    {
        _work.RunAll();
        if (Plan.HasCrashed)
        {
            throw new ProcessDiedException();
        }
    }

    /// <summary>Does some of what is to be done, and no more.</summary>
    internal void RunSteps(int count)
    {
        for (; count > 0 && _work.Count > 0; count--)
        {
            _work.RunOne(0);
        }
    }

    /// <summary>All processes die; what they were doing never ends.</summary>
    internal void KillAll()
    {
        _work = NewWork();
        _processes.Clear();
    }

    internal void Advance(TimeSpan by)
    {
        PlanTime?.Advance(by);
        foreach (var process in _processes.ToList())
        {
            process.Time.Advance(by);
        }
    }

    private SimulatedWork NewWork() => new(e => World.Fail($"I8: background work failed with {e}"));

    private bool Try(Func<Task> call)
    {
        try
        {
            Run(call());
            return true;
        }
        catch (CheckpointingException e) when (!IsStrict)
        {
            Failed.Add(e);
            return false;
        }
        catch (OperationCanceledException) when (WasCancelled)
        {
            CancelledCalls++;
            return false;
        }
    }

    private void Run(Task call)
    {
        var waited = TimeSpan.Zero;
        while (!call.IsCompleted)
        {
            if (_work.Count > 0)
            {
                _work.RunOne(0);
            }
            else if (Plan.HasCrashed)
            {
                throw new ProcessDiedException();
            }
            else if (Cancellation is not null && ((IAsyncResult)call).AsyncWaitHandle.WaitOne(s_poolTime))
            {
                // The end of a wait that can be cancelled comes by way of the thread pool.
                break;
            }
            else if (waited >= s_deadline)
            {
                throw new ConformanceException($"I8: a call did not end within {s_deadline} of virtual time.");
            }
            else
            {
                waited += s_tick;
                Advance(s_tick);
            }
        }

        // A failure may have been decided while the process died: the dead tell nothing.
        if (Plan.HasCrashed)
        {
            _ = call.Exception;
            throw new ProcessDiedException();
        }

        call.GetAwaiter().GetResult();
    }
}
