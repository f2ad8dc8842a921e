using Checkpointing.Coordination;
using Checkpointing.Testing;

namespace Checkpointing.Torture.Simulate;

/// <content>What is looked at after every step, and in the end.</content>
internal sealed partial class ClusterSimulation
{
    private void Observe()
    {
        foreach (var member in _members.ToList())
        {
            foreach (var trigger in member.Triggers.Where(static t => t.IsCompleted).ToList())
            {
                member.Triggers.Remove(trigger);
                ObserveTrigger(trigger);
            }

            if (member.Starting is { IsCompleted: true } starting)
            {
                member.Starting = null;
                ObserveStart(member, starting);
            }

            if (member.Process.Coordinator.Failure is { IsFaulted: true, Exception: var failure })
            {
                Expect(failure!.InnerException!, "the coordinator");
                Remove(member);
            }
        }

        _world.ThrowIfBroken();
    }

    private void ObserveTrigger(Task<CompletedCheckpoints.CompletedCheckpoint> trigger)
    {
        if (trigger.IsCompletedSuccessfully)
        {
            Trace($"completed {trigger.Result.Path}");
            Counts.Add("checkpoints completed");
            _world.Report(trigger.Result);
        }
        else
        {
            Counts.Add("checkpoints failed");
            Expect(trigger.Exception!.InnerException!, "a checkpoint");
        }
    }

    private void ObserveStart(SimulationMember member, Task starting)
    {
        var process = member.Process;
        if (!starting.IsCompletedSuccessfully)
        {
            var failure = starting.Exception!.InnerException!;
            Trace($"start failed: {failure.GetType().Name}");
            Expect(failure, "a start");
            if (IsReigning(process) && !member.IsHeir && process.Plan.InjectedCount == 0)
            {
                _world.Fail($"I3: the newest process, without faults, did not start: {failure}");
            }

            Counts.Add("starts failed");
            Remove(member);
            return;
        }

        Counts.Add("starts");
        if (member.Claims is { } claimed)
        {
            _world.Forget(claimed);
        }

        if (process.Restored is { Skipped.Count: > 0 })
        {
            Counts.Add("starts that fell back");
            return;
        }

        var reported = _world.NewestReported(process.Job);
        var restored = process.Restored?.Checkpoint;
        if ((restored is null || restored.Job.Name == process.Job) && (restored?.Id.Value ?? 0) < reported
            && IsReigning(process) && _world.RecordOf(process.Job)?.ClaimedBy is null)
        {
            _world.Fail($"I4: checkpoint {reported} was reported, but {restored?.Path ?? "nothing"} was restored.");
        }
    }

    // Who started last need not have taken the epoch last.
    private bool IsReigning(Cluster.ClusterProcess process) =>
        _world.RecordOf(process.Job)?.Epoch == process.Coordinator.Epoch;

    private void Expect(Exception failure, string whose)
    {
        if (failure is not CheckpointingException)
        {
            _world.Fail($"I8: {whose} failed with {failure}");
        }
    }

    private void Check()
    {
        _world.Checker.CheckAsync().GetAwaiter().GetResult();
        _world.ThrowIfBroken();
    }

    /// <summary>Faults stop, whoever sleeps wakes up and goes on to its end: then a process starts and completes a
    /// checkpoint (I11), and when nothing runs any more, no file is left over (I2).</summary>
    private void EndInPeace()
    {
        _isQuiet = true;
        foreach (var member in _members)
        {
            member.IsPaused = false;
            member.Process.Plan.IsActive = false;
        }

        Settle();
        Live(isLast: false);
        Settle();
        Check();
        foreach (var member in _members.ToList())
        {
            Remove(member);
        }

        for (var job = 0; job <= _job; job++)
        {
            // A job that was claimed is its claimant's to sweep, unless it was started again since.
            if (_world.RecordOf(s_jobs[job]) is { } record && record.Holder != $"claimed by '{record.ClaimedBy}'")
            {
                (var present, _job) = (_job, job);
                Live(isLast: true);
                _job = present;
            }
        }

        Check();
        var orphans = _world.Checker.FindOrphansAsync().GetAwaiter().GetResult();
        if (orphans.Count > 0)
        {
            throw new ConformanceException($"I2: nothing leads to {string.Join(", ", orphans)}.");
        }
    }

    private void Live(bool isLast)
    {
        StartProcess();
        Settle();
        var member = _newest!;
        if (!member.Process.IsRunning)
        {
            throw new ConformanceException("I11: the faults have stopped, but no process starts.");
        }

        if (!isLast)
        {
            member.Process.Change(_random);
            var checkpoint = member.Process.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
            Settle();
            if (checkpoint.Exception?.InnerException is CheckpointDeclinedException
                {
                    Reason: CheckpointFailureReason.Subsumed,
                })
            {
                // A periodic one came between and was faster.
                checkpoint = Task.FromResult(member.Process.Coordinator.LatestCompleted!);
            }

            if (!checkpoint.IsCompletedSuccessfully)
            {
                throw new ConformanceException($"I11: the faults have stopped, but: {checkpoint.Exception}");
            }

            _world.Report(checkpoint.Result);
        }

        var ending = member.Process.Coordinator.EndAsync(JobTermination.Suspended);
        Settle();
        if (!ending.IsCompletedSuccessfully)
        {
            throw new ConformanceException($"I8: a job does not end: {ending.Exception}");
        }
    }

    /// <summary>Everybody does what is to be done, over hours of virtual time.</summary>
    private void Settle()
    {
        for (var round = 0; round < 3; round++)
        {
            while (_members.Exists(static m => m.Work.Count > 0))
            {
                foreach (var member in _members.ToList())
                {
                    for (var left = member.Work.Count; left > 0; left--)
                    {
                        member.Work.RunOne(0);
                    }

                    Observe();
                }
            }

            if (_settings.Interval is null || round == 0)
            {
                Advance(TimeSpan.FromMinutes(20));
            }
        }
    }
}
