using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Execution;
using Checkpointing.Hosting.Runtime;
using Checkpointing.State;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>One attempt of a <see cref="JobSimulation"/>: all subtasks of a job, what is under way between them, and
/// operators that finish.</summary>
internal sealed class SimulatedAttempt : IAsyncDisposable
{
    private readonly Random _random;
    private readonly CheckpointCoordinator _coordinator;
    private readonly FinishingOrder _finishing;
    private readonly List<Member> _members = [];
    private readonly List<(SubtaskAddress Subtask, ISnapshotPlan Plan)> _plans = [];

    private SimulatedAttempt(
        JobPlan plan, CheckpointCoordinator coordinator, RestoredCheckpoint? restored, Random random)
    {
        (_random, _coordinator) = (random, coordinator);
        var first = coordinator.Subtasks.DistinctBy(static subtask => subtask.Operator)
            .ToDictionary(static subtask => subtask.Operator);
        _finishing = new(
            plan, vertex => restored?.StateOf(first[vertex.Name]).IsFinished == true, mayFinish: true);
        Parallelism = plan.Topology.Operators.Max(static o => o.Parallelism);
        HadFinished = plan.Job.Vertices.Count(_finishing.HasFinished);
    }

    public int Parallelism { get; }

    /// <summary>Operators that had finished before the checkpoint it started from.</summary>
    public int HadFinished { get; }

    public bool HasEnded => Running.All(static member => member.Runtime!.HasEnded);

    public bool AllHaveFinished => _finishing.AllHaveFinished;

    public bool HasMail => Running.Any(static member => member.Mail.Count > 0);

    private IEnumerable<Member> Running => _members.Where(static member => member.IsRunning);

    public static async Task<SimulatedAttempt> OpenAsync(
        JobPlan plan, CheckpointCoordinator coordinator, RestoredCheckpoint? restored,
        InMemoryCheckpointStorage storage, IdSource ids, TimeProvider time, Random random)
    {
        var attempt = new SimulatedAttempt(plan, coordinator, restored, random);
        var batchSize = random.Next(1, 20);
        foreach (var (planned, address) in plan.Subtasks.Zip(coordinator.Subtasks))
        {
            var runs = !attempt._finishing.HasFinished(planned.Vertex);
            var member = new Member(
                planned.Vertex, address, runs ? plan.CreateSubtask(planned, address, batchSize) : null,
                [.. Enumerable.Range(0, planned.InputCount).Select(_ => new Queue<StreamElement>())]);
            attempt._members.Add(member);
            if (runs)
            {
                var restore = restored?.StateOf(address) ?? SubtaskRestore.None;
                await member.Runtime!.Logic.OpenAsync(
                    ContextOf(plan, planned, address, coordinator.LineageId, restore, storage, ids, time),
                    CancellationToken.None);
            }
        }

        foreach (var member in attempt.Running)
        {
            member.Runtime!.Logic.Begin();
        }

        foreach (var member in attempt.Running)
        {
            attempt.End(member, plan.InputsFrom(member.Vertex, attempt._finishing.HasFinished));
        }

        return attempt;
    }

    public void Post(SubtaskAddress target, object message) =>
        _members.Find(member => member.Address == target)?.Mail.Enqueue(message);

    /// <summary>Notices that arrive after the crash, at subtasks that nobody looks at any more.</summary>
    public IEnumerable<Action> UndeliveredNotices() => Running
        .Where(static member => member.Address.Operator.EndsWith("-committer", StringComparison.Ordinal))
        .SelectMany(static member => member.Mail.OfType<CheckpointCompleted>()
            .Select(notice => (Action)(() => member.Runtime!.NotifyCompleted(notice.CheckpointId))));

    public void Step(Timestamp now)
    {
        if (_plans.Count > 0 && _random.Next(4) == 0)
        {
            WriteOne();
            return;
        }

        List<Member> running = [.. Running];
        if (running.Count > 0)
        {
            var member = running[_random.Next(running.Count)];
            StepAt(member, now);
            CarryOut(member);
        }

        foreach (var group in _members.GroupBy(static member => member.Vertex))
        {
            TryReport(group.Key, [.. group]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Running)
        {
            await member.Runtime!.Logic.DisposeAsync();
        }
    }

    private static SubtaskContext ContextOf(
        JobPlan plan, PlannedSubtask planned, SubtaskAddress address, Guid lineageId, SubtaskRestore restore,
        InMemoryCheckpointStorage storage, IdSource ids, TimeProvider time)
    {
        var context = SubtaskContexts.Of(
            planned.Vertex.Name, planned.Index, address.Epoch, address.Attempt, address.Job);
        return context with
        {
            Parallelism = planned.Parallelism,
            LineageId = lineageId,
            KeyGroups = plan.KeyGroupsOf(planned),
            State = context.State with
            {
                Job = address.Job,
                MaxParallelism = plan.Job.MaxParallelism,
                Storage = storage,
                Ids = ids,
                Time = time,
                Restore = restore,
            },
        };
    }

    private void StepAt(Member member, Timestamp now)
    {
        var runtime = member.Runtime!;
        if (runtime.HasMore)
        {
            runtime.Continue();
        }
        else if (runtime.NextProcessingTime <= now)
        {
            runtime.AdvanceProcessingTime(now);
        }
        else if (member.Mail.Count > 0 && _random.Next(2) == 0)
        {
            Deliver(member, member.Mail.Dequeue());
        }
        else if (runtime is SourceRuntime source)
        {
            if (source.Step() == SourceStep.Waiting)
            {
                source.EndInput();
            }
        }
        else
        {
            HandleOne(member);
        }
    }

    private void End(Member member, IReadOnlyList<int> inputs)
    {
        foreach (var (input, element) in inputs.SelectMany(
            static input => FinishedElement.WholeEnd, static (input, element) => (input, element)))
        {
            member.Runtime!.Handle(input, element);
            while (member.Runtime.HasMore)
            {
                member.Runtime.Continue();
            }
        }

        CarryOut(member);
    }

    private void Deliver(Member member, object message)
    {
        if (message is FinishSubtask)
        {
            member.Runtime!.Finish();
            member.HasFinished = true;
            return;
        }

        member.Runtime!.Deliver(message);
        if (member.Runtime.IsDone && !member.IsDoneReported)
        {
            member.IsDoneReported = true;
            TellToFinish(_finishing.TakeDone(member.Vertex));
        }
    }

    private void TellToFinish(IReadOnlyList<Vertex> vertices)
    {
        foreach (var member in _members.Where(member => vertices.Contains(member.Vertex)))
        {
            member.Mail.Enqueue(FinishSubtask.Instance);
        }
    }

    /// <summary>As the host does: when none of an operator's subtasks answers any more.</summary>
    private void TryReport(Vertex vertex, List<Member> members)
    {
        if (_finishing.HasFinished(vertex) || !members.TrueForAll(static member => member.HasFinished)
            || _plans.Exists(plan => plan.Subtask.Operator == vertex.Name))
        {
            return;
        }

        foreach (var member in members)
        {
            member.Runtime!.Logic.DisposeAsync().IsCompletedSuccessfully.Should().BeTrue();
            _coordinator.ReportFinishedAsync(new(member.Address), CancellationToken.None)
                .IsCompletedSuccessfully.Should().BeTrue();
        }

        TellToFinish(_finishing.TakeFinished(vertex));
    }

    private void HandleOne(Member member)
    {
        var runtime = member.Runtime!;
        var input = _random.Next(runtime.InputCount);
        if (runtime.IsBlocked(input))
        {
            return;
        }

        if (member.Inputs[input].TryDequeue(out var element))
        {
            runtime.Handle(input, element);
        }
        else
        {
            runtime.FlushOutputs();
        }
    }

    private void CarryOut(Member member)
    {
        var outbox = member.Runtime!.Outbox;
        foreach (var (route, element) in outbox.Elements)
        {
            _members[route.Subtask].IsRunning.Should().BeTrue("{0} feeds what has finished", member.Address);
            _members[route.Subtask].Inputs[route.Input].Enqueue(element);
        }

        _plans.AddRange(outbox.Snapshots.Select(plan => (member.Address, plan)));

        // A checkpoint that was aborted, since an operator finished under it, may be overtaken by the next one.
        foreach (var (checkpoint, cause) in outbox.Declines)
        {
            cause.Should().BeOfType<CheckpointDeclinedException>().Which.Reason.Should()
                .Be(CheckpointFailureReason.Subsumed);
            _coordinator.DeclineAsync(new(member.Address, checkpoint, cause), CancellationToken.None)
                .IsCompletedSuccessfully.Should().BeTrue();
        }

        outbox.Elements.Clear();
        outbox.Snapshots.Clear();
        outbox.Declines.Clear();
    }

    private void WriteOne()
    {
        var index = _random.Next(_plans.Count);
        var (subtask, plan) = _plans[index];
        _plans.RemoveAt(index);
        var writing = plan.WriteAsync(CancellationToken.None);
        writing.IsCompletedSuccessfully.Should().BeTrue("the storage is in memory");
        _coordinator.AcknowledgeAsync(new(subtask, plan.CheckpointId, writing.Result), CancellationToken.None);
    }

    private sealed class Member(
        Vertex vertex, SubtaskAddress address, SubtaskRuntime? runtime, Queue<StreamElement>[] inputs)
    {
        public Vertex Vertex => vertex;

        public SubtaskAddress Address => address;

        /// <summary>Null: its operator had finished before.</summary>
        public SubtaskRuntime? Runtime => runtime;

        public Queue<StreamElement>[] Inputs => inputs;

        public Queue<object> Mail { get; } = new();

        public bool IsDoneReported { get; set; }

        public bool HasFinished { get; set; }

        public bool IsRunning => runtime is not null && !HasFinished;
    }
}
