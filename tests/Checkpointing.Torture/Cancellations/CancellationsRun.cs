using System.Diagnostics;
using Checkpointing.Testing.Faults;
using Checkpointing.Torture.Cluster;
using Checkpointing.Torture.CrashPoints;
using Checkpointing.Torture.SingleFaults;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Torture.Cancellations;

/// <summary>Every scenario has the token of its calls cancelled at every operation, before it and once it is done: each
/// call ends, cancelled or not, nothing is lost, and a further checkpoint completes.</summary>
internal sealed class CancellationsRun
{
    private static readonly string[] s_media = [CrashPoint.OnStorage, CrashPoint.InMemory];

    private readonly TortureReport _report = new("cancellations", 0);
    private readonly FaultCounts _counts = new();
    private long _cancelled;
    private int _unharmed;

    private CancellationsRun()
    {
    }

    /// <summary>Runs all cases of some scenarios, or every so many operations of them.</summary>
    internal static TortureReport RunAll(Func<Scenario, bool>? isWanted = null, int stride = 1, int offset = 0) =>
        new CancellationsRun().Run(
            from medium in s_media
            from scenario in Scenario.All.Where(isWanted ?? (static _ => true))
            from operation in FaultsRun.LogOf(medium, scenario)
            where operation.Number % stride == offset % stride
            from isLate in operation.IsChange ? new[] { false, true } : [false]
            select new CancellationCase(medium, scenario.Name, operation.Number, isLate));

    /// <summary>Runs one again.</summary>
    internal static TortureReport Replay(CancellationCase one) => new CancellationsRun().Run([one]);

    private TortureReport Run(IEnumerable<CancellationCase> cases)
    {
        using var unobserved = new UnobservedExceptions();
        var started = Stopwatch.GetTimestamp();
        foreach (var one in cases)
        {
            _counts.Cases++;
#pragma warning disable CA1031 // Whatever goes wrong is the finding.
            try
            {
                Run(one);
            }
            catch (Exception e)
            {
                _report.Add(new($"{one}: {e}", $"{Replays.Command} cancellations --replay {one}"));
            }
#pragma warning restore CA1031
        }

        foreach (var exception in unobserved.Collect())
        {
            _report.Add(new(
                $"I8: an exception of a task was observed by nobody: {exception}", $"{Replays.Command} cancellations"));
        }

        _report.Set("cases", _counts.Cases);
        _report.Set("calls that were cancelled", _cancelled);
        _report.Set("cases in which all calls ended as if nothing had been", _unharmed);
        _report.Set("calls that failed with a typed exception", _counts.Failed);
        _report.Set("processes that went on", _counts.WentOn);
        _report.Set("processes that had to be replaced", _counts.Replaced);
        _report.Set("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1));
        return _report;
    }

    private void Run(CancellationCase one)
    {
        var scenario = Scenario.All.First(s => s.Name == one.Scenario);
        var world = new ClusterWorld(one.Medium == CrashPoint.InMemory, "job", "heir");
        var time = new FakeTimeProvider();
        using var cancellation = new CancellationTokenSource();
        var plan = new FaultPlan
        {
            IsActive = false,
            Time = time,
            Cancellation = new(cancellation, one.Operation, one.IsLate),
        };
        var stage = new Stage(world, plan) { IsStrict = false, PlanTime = time, Cancellation = cancellation };
        var process = scenario.Prepare(stage);
        plan.IsActive = true;
        scenario.Act(stage, process);
        plan.IsActive = false;
        _cancelled += stage.CancelledCalls;
        _unharmed += stage is { CancelledCalls: 0, Failed.Count: 0 } ? 1 : 0;
        _counts.Failed += stage.Failed.Count;
        FaultsRun.GoOn(stage, _counts);
        world.ThrowIfBroken();
        RecoveryCheck.Run(world, scenario, new FaultPlan(), firstNumber: 100);
    }
}
