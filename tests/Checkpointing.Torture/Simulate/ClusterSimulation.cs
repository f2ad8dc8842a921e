using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Testing.Faults;
using Checkpointing.Testing.Simulation;
using Checkpointing.Torture.Cluster;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Torture.Simulate;

/// <summary>The life of a job from a seed, on this thread: coordinators with subtasks, take-overs, zombies, crashes,
/// power cuts, faults, lost messages, clocks that are a day off, heirs that claim it or not. What must hold is checked
/// at every change and after every step.</summary>
internal sealed partial class ClusterSimulation
{
    private static readonly string[] s_jobs = ["job", "heir", "heir-2"];

    private readonly Random _random;
    private readonly SimulationSettings _settings;
    private readonly ClusterWorld _world;
    private readonly FakeTimeProvider _planTime = new();
    private readonly List<SimulationMember> _members = [];
    private readonly Action<string>? _log;
    private SimulationMember? _newest;
    private int _job;
    private int _nextNumber;
    private ulong _trace = 14_695_981_039_346_656_037;
    private bool _isQuiet;

    internal ClusterSimulation(int seed, Action<string>? log = null)
    {
        (_random, _log) = (new(seed), log);
        _settings = new(_random);
        _world = new(_settings.KeepsRegisterInMemory, [.. s_jobs.Select(static job => new JobId(job))])
        {
            Traced = Trace,
        };
    }

    /// <summary>What happened.</summary>
    internal SimulationCounts Counts { get; } = new();

    /// <summary>Hash of all that happened, in its order.</summary>
    internal ulong TraceHash => _trace;

    private string Job => s_jobs[_job];

    /// <summary>Lives the whole life.</summary>
    /// <exception cref="Testing.ConformanceException">A promise does not hold.</exception>
    internal void Run()
    {
        StartProcess();
        for (var step = 0; step < _settings.Steps; step++)
        {
            Act();
            Observe();
            if (step % 40 == 39)
            {
                Check();
            }
        }

        EndInPeace();
        Counts.Add("steps", _settings.Steps);
    }

    private void Act()
    {
        var ready = _members.Where(static m => !m.IsPaused && m.Work.Count > 0).ToList();
        var dice = _random.Next(100);
        switch (dice)
        {
            case < 8:
                Pick(static m => m.Process.IsRunning)?.Process.Change(_random);
                break;
            case < 14:
                Trigger(_random.Next(12) switch
                {
                    0 => CheckpointRequest.SavepointTo("saved"),
                    1 => CheckpointRequest.SavepointTo("saved", SavepointFormat.Native),
                    2 => CheckpointRequest.FullCheckpoint,
                    _ => CheckpointRequest.Checkpoint,
                });
                break;
            case < 18:
                Advance(TimeSpan.FromSeconds(1 + _random.Next(_random.Next(4) == 0 ? 900 : 40)));
                break;
            case < 20 when _settings.Pauses:
                Pause();
                break;
            case 20 when _random.Next(3) == 0 || _members.Count == 0:
                StartProcess();
                break;
            case 21 when _settings.Crashes && _random.Next(3) == 0:
                Kill(Pick(static _ => true));
                break;
            case 22 when _settings.CutsPower && _random.Next(3) == 0:
                CutPower();
                break;
            case 23 when _random.Next(3) == 0:
                Restart(Pick(static m => m.Process.IsRunning && m.Starting is null));
                break;
            case 24 when _settings.HasHeirs && _random.Next(3) == 0:
                StartHeir();
                break;
            default:
                if (ready.Count > 0)
                {
                    var member = ready[_random.Next(ready.Count)];
                    for (var left = 1 + _random.Next(6); left > 0 && member.Work.Count > 0; left--)
                    {
                        member.Work.RunOne(_random.Next(member.Work.Count));
                    }
                }
                else if (_members.Count == 0)
                {
                    StartProcess();
                }

                break;
        }
    }

    private SimulationMember? Pick(Func<SimulationMember, bool> isWanted)
    {
        var candidates = _members.Where(m => !m.IsPaused && isWanted(m)).ToList();
        return candidates.Count == 0 ? null : candidates[_random.Next(candidates.Count)];
    }

    private void Trigger(CheckpointRequest request)
    {
        const int MostWaiting = 6;
        if (Pick(static m => m.Process.IsRunning && m.Triggers.Count < MostWaiting) is { } member)
        {
            member.Triggers.Add(member.Process.Coordinator.TriggerAsync(request));
        }
    }

    private void Advance(TimeSpan by)
    {
        Trace($"+{by.TotalSeconds} s");
        _planTime.Advance(by);
        foreach (var member in _members.ToList())
        {
            member.Process.Time.Advance(by);
        }
    }

    private void Pause()
    {
        if (_members.Count > 0)
        {
            var member = _members[_random.Next(_members.Count)];
            member.IsPaused = !member.IsPaused;
            Counts.Add(member.IsPaused ? "pauses" : "zombies that woke up", 1);
        }
    }

    private void StartProcess() => Start(null, default);

    /// <summary>Another job starts from the newest checkpoint of this one; what it was goes on to act.</summary>
    private void StartHeir()
    {
        if (_job + 1 < s_jobs.Length && _world.RecordOf(Job)?.Retained is [.., var newest])
        {
            var mode = _random.Next(2) == 0 ? ClaimMode.Claim : ClaimMode.NoClaim;
            _job++;
            Counts.Add($"heirs with {mode}");
            Start(newest.Path, mode);
        }
    }

    private void Start(string? resumeFrom, ClaimMode mode)
    {
        var work = new SimulatedWork(e => _world.Fail($"I8: background work failed with {e}"));
        var process = new ClusterProcess(_world, new()
        {
            Job = Job,
            Number = ++_nextNumber,
            Plan = NewPlan(work),
            Work = work,
            Parallelism = _settings.Rescales ? 1 + _random.Next(3) : 2,
            HasCounts = _settings.HasCounts,
            Skew = _settings.IsSkewed ? TimeSpan.FromHours(_random.Next(-24, 25)) : TimeSpan.Zero,
            Coordinator = new()
            {
                MaxRetainedCheckpoints = _settings.Retained,
                MaxConcurrent = _settings.Concurrent,
                Interval = _settings.Interval,
            },
        })
        {
            Loses = _ => !_isQuiet && _random.NextDouble() < _settings.LossRate,
            Declines = _ => !_isQuiet && _random.NextDouble() < _settings.DeclineRate,
        };
        var member = new SimulationMember(process, work)
        {
            IsHeir = resumeFrom is not null,
            Claims = mode == ClaimMode.Claim ? s_jobs[_job - 1] : null,
        };
        _members.Add(member);
        _newest = member;
        Trace($"process {_nextNumber} of {Job} from {resumeFrom}");
        Counts.Add("processes");
        member.Starting = process.StartAsync(resumeFrom, mode);
    }

    private FaultPlan NewPlan(SimulatedWork work) =>
        new(FaultPlan.DecideRandomly(_random, _settings.FaultRate, _settings.Faults))
        {
            IsActive = !_isQuiet,
            KeepsLog = false,
            Seed = (ulong)_random.Next(),
            Time = _planTime,
            Delay = TimeSpan.FromSeconds(1 + _random.Next(1_000)),
            Gate = operation => operation.Kind is StorageOperationKind.Read or StorageOperationKind.Write
                or StorageOperationKind.GetSpace or StorageOperationKind.SweepTemporaryFiles
                ? ValueTask.CompletedTask
                : work.Gate(),
        };

    private void Restart(SimulationMember? member)
    {
        if (member is not null)
        {
            Trace("restart");
            Counts.Add("attempts restarted");
            member.Starting = member.Process.StartAsync();
        }
    }

    private void Kill(SimulationMember? member)
    {
        if (member is not null)
        {
            Trace("kill");
            Counts.Add("processes killed");
            member.Process.Plan.Crash();
            Remove(member);
        }
    }

    private void CutPower()
    {
        var aftermath = (CrashAftermath)_random.Next(4);
        Trace($"power cut {aftermath}");
        Counts.Add("power cuts");
        foreach (var member in _members.ToList())
        {
            member.Process.Plan.Crash();
            Remove(member);
        }

        _world.Storage.CutPower(aftermath, _random);
        Check();
    }

    private void Remove(SimulationMember member)
    {
        _members.Remove(member);
        Counts.Add("faults injected", member.Process.Plan.InjectedCount);
        Counts.Add("operations", member.Process.Plan.Count);
    }

    private void Trace(string line)
    {
        foreach (var letter in line)
        {
            _trace = (_trace ^ letter) * 1_099_511_628_211;
        }

        _log?.Invoke(line);
    }
}
