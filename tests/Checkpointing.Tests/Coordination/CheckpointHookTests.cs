using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Conversion;
using Checkpointing.Storage.InMemory;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Tests.Coordination;

/// <summary>The coordinator's hooks. Cases of Flink's CheckpointCoordinatorMasterHooksTest.</summary>
public sealed class CheckpointHookTests
{
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Fact]
    public void WithHook_NameThatIsTaken_IsRefused()
    {
        var builder = new CheckpointCoordinatorBuilder(_storage).WithHook(new Hook("positions"));

        FluentActions.Invoking(() => builder.WithHook(new Hook("positions"))).Should().Throw<ArgumentException>()
            .WithMessage("*two hooks named 'positions'*");
        builder.WithHook(new Hook("other"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a/b")]
    public void WithHook_NameThatIsNone_IsRefused(string? name) =>
        FluentActions.Invoking(() => new CheckpointCoordinatorBuilder(_storage).WithHook(new Hook(name!))).Should()
            .Throw<ArgumentException>();

    [Fact]
    public void TriggerAsync_Hooks_AreAskedInOrderBeforeAnySubtaskAndStoredWithTheirVersions()
    {
        var calls = new List<string>();
        var first = new Hook("first", calls) { State = new(3, [1, 2]) };
        var second = new Hook("second", calls);
        var third = new Hook("third", calls) { State = new(1, []) };
        var job = NewCluster(300, first, second, third);
        first.OnTrigger = () =>
        {
            job.Coordinator.PendingCount.Should().Be(1, "it is pending when hooks are asked");
            job.Trace.Should().BeEmpty("no subtask knows of it yet");
        };
        job.Start();
        calls.Clear();
        job.Work();

        var checkpoint = job.Checkpoint();

        calls.Should().Equal("first trigger 1", "second trigger 1", "third trigger 1");
        checkpoint.Metadata.MasterStates.Should().Equal(
            new MasterState("first", 3, [1, 2]), new MasterState("third", 1, []));
        Load(checkpoint).Metadata.MasterStates.Should().Equal(checkpoint.Metadata.MasterStates);
    }

    [Fact]
    public void MasterStates_WrittenForFlink_AreReadBackFromItsFormat()
    {
        var job = NewCluster(301, new Hook("positions") { State = new(7, [9]) });
        job.Start();
        job.Work();
        var exported = FlinkExport.Prepare(job.Checkpoint().Metadata, "file:/data", "file:/data/job/chk-1").Metadata;

        var read = CheckpointMetadataSerializer.Read(
            CheckpointMetadataSerializer.Write(exported, MetadataFormat.FlinkV3), "_metadata");

        read.MasterStates.Should().Equal(new MasterState("positions", 7, [9]));
    }

    [Fact]
    public void RecoverAsync_Hooks_AreResetThenGivenWhatTheyStored()
    {
        var first = NewCluster(302, new Hook("kept") { State = new(2, [5]) });
        first.Start();
        first.Work();
        first.Checkpoint();

        var calls = new List<string>();
        var second = NewCluster(303, new Hook("kept", calls), new Hook("new", calls));
        second.Start();

        calls.Should().Equal("kept reset", "new reset", "kept restore 1 2 5", "new restore 1 nothing");
    }

    [Fact]
    public void RecoverAsync_NothingToRestore_ResetsOnly()
    {
        var calls = new List<string>();
        var job = NewCluster(304, new Hook("kept", calls));

        job.Start().Should().BeNull();

        calls.Should().Equal("kept reset");
    }

    [Fact]
    public void ResumeAsync_Hooks_AreGivenWhatTheOtherJobStored()
    {
        var first = NewCluster(305, "first", null, new Hook("kept") { State = new(2, [5]) });
        first.Start();
        first.Work();
        var checkpoint = first.Checkpoint();

        var calls = new List<string>();
        var second = NewCluster(306, "second", null, new Hook("kept", calls));
        second.Start(checkpoint.Path);

        calls.Should().Equal("kept reset", "kept restore 1 2 5");
    }

    [Fact]
    public void RecoverAsync_StateOfAHookThatIsNotThere_IsRefusedUnlessAllowed()
    {
        var first = NewCluster(307, new Hook("gone") { State = new(2, [5]) });
        first.Start();
        first.Work();
        first.Checkpoint();
        var log = new RecordingLog(LogLevel.Warning);
        var second = new SimulatedCluster(_storage, _register, "job", 308, log: log);

        second.Invoking(s => s.Run(s.Coordinator.RecoverAsync())).Should().Throw<StateMigrationException>()
            .WithMessage("State 'gone' of operator '(coordinator)'*no hook of this name*");
        second.Run(second.Coordinator.RecoverAsync(allowNonRestoredState: true)).Should().NotBeNull();

        log.Texts(CheckpointingEventIds.HookStateLeftBehind).Should().ContainSingle().Which.Should().Contain("'gone'");
    }

    [Fact]
    public void ResumeAsync_StateOfAHookThatIsNotThere_IsRefusedBeforeAnythingIsChanged()
    {
        var first = NewCluster(309, "first", null, new Hook("gone") { State = new(2, [5]) });
        first.Start();
        first.Work();
        var checkpoint = first.Checkpoint();
        var second = NewCluster(310, "second", null);

        second.Invoking(s => s.Start(checkpoint.Path, ClaimMode.Claim)).Should().Throw<StateMigrationException>();

        StoredState.RegisterOf(_register, "first").Retained.Should().HaveCount(1, "nothing was claimed");
    }

    [Fact]
    public void TriggerAsync_AHookThrows_FailsThatCheckpointWithNothingPending()
    {
        var hook = new Hook("positions") { State = new(1, [1]) };
        hook.OnTrigger = () => throw new FormatException("cannot be written");
        var job = NewCluster(311, hook);
        job.Start();
        job.Work();

        var declined = job.Invoking(j => j.Checkpoint()).Should().Throw<CheckpointDeclinedException>().Which;

        declined.Reason.Should().Be(CheckpointFailureReason.HookFailed);
        declined.InnerException.Should().BeOfType<CheckpointHookException>().Which.Hook.Should().Be("positions");
        declined.Message.Should().Contain("cannot be written");
        job.Coordinator.PendingCount.Should().Be(0);
        job.RunUntilQuiet();
        job.Trace.Should().BeEmpty("no subtask ever heard of it");
        hook.OnTrigger = null;
        job.Checkpoint().Id.Should().Be(new CheckpointId(2));
    }

    [Fact]
    public void RecoverAsync_AHookThrows_FailsAndCanBeTriedAgain()
    {
        var first = NewCluster(312, new Hook("kept") { State = new(2, [5]) });
        first.Start();
        first.Work();
        first.Checkpoint();
        var hook = new Hook("kept") { OnRestore = _ => throw new FormatException("version 2 is not known") };
        var second = NewCluster(313, hook);

        second.Invoking(s => s.Start()).Should().Throw<CheckpointHookException>()
            .WithMessage("Hook 'kept' could not restore checkpoint 1: version 2 is not known.");

        hook.OnRestore = null;
        second.Start()!.Checkpoint.Id.Should().Be(new CheckpointId(1));
    }

    [Fact]
    public async Task TriggerAsync_AHookDoesNotAnswer_FailsAtTheDeadline()
    {
        var hook = new Hook("slow") { Answer = new TaskCompletionSource<HookState?>().Task };
        var gateway = new SilentGateway();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var coordinator = new CheckpointCoordinatorBuilder(_storage)
            .WithJob(new JobTopology("job", 8) { { "totals", 1 } }).WithTaskGateway(gateway).WithRegister(_register)
            .WithHook(hook).WithTimeProvider(time)
            .WithOptions(new() { HookTimeout = TimeSpan.FromSeconds(5) }).Build();
        await coordinator.RecoverAsync();
        coordinator.Start();
        var trigger = coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        await hook.Asked.Task.WaitAsync(TimeSpan.FromSeconds(60));

        time.Advance(TimeSpan.FromSeconds(6));

        var failed = await FluentActions.Awaiting(() => trigger.WaitAsync(TimeSpan.FromSeconds(60))).Should()
            .ThrowAsync<CheckpointDeclinedException>();
        failed.Which.Reason.Should().Be(CheckpointFailureReason.HookFailed);
        failed.Which.InnerException!.InnerException.Should().BeOfType<TimeoutException>();
        hook.Token.IsCancellationRequested.Should().BeTrue("the hook is told to give up");
        gateway.Triggers.Should().Be(0);
    }

    private CompletedCheckpoint Load(CompletedCheckpoint checkpoint) =>
        CheckpointLoader.LoadAsync(_storage, checkpoint.Path, default).AsTask().GetAwaiter().GetResult();

    private SimulatedCluster NewCluster(int seed, params Hook[] hooks) => NewCluster(seed, "job", null, hooks);

    private SimulatedCluster NewCluster(
        int seed, string job, CheckpointCoordinatorOptions? options, params Hook[] hooks) =>
        new(_storage, _register, job, seed, options: options, hooks: hooks);

    private sealed class Hook(string name, List<string>? calls = null) : ICheckpointHook
    {
        public string Name => name;

        public HookState? State { get; init; }

        public Task<HookState?>? Answer { get; init; }

        public Action? OnTrigger { get; set; }

        public Action<HookState?>? OnRestore { get; set; }

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken Token { get; private set; }

        public ValueTask<HookState?> TriggerAsync(
            CheckpointId checkpoint, DateTimeOffset triggeredAt, CancellationToken cancellationToken)
        {
            calls?.Add($"{name} trigger {checkpoint}");
            Token = cancellationToken;
            Asked.TrySetResult();
            OnTrigger?.Invoke();
            return Answer is { } answer ? new(answer) : ValueTask.FromResult(State);
        }

        public ValueTask ResetAsync(CancellationToken cancellationToken)
        {
            calls?.Add($"{name} reset");
            return ValueTask.CompletedTask;
        }

        public ValueTask RestoreAsync(CheckpointId checkpoint, HookState? state, CancellationToken cancellationToken)
        {
            calls?.Add($"{name} restore {checkpoint} "
                + (state is null ? "nothing" : $"{state.Version} {string.Join(' ', state.Data)}"));
            OnRestore?.Invoke(state);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class SilentGateway : ITaskGateway
    {
        public int Triggers { get; private set; }

        public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken)
        {
            Triggers++;
            return ValueTask.CompletedTask;
        }

        public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;
    }
}
