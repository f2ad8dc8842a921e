using Checkpointing.Coordination;
using Checkpointing.Hosting.Control;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Execution;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;
using Checkpointing.Storage;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Hosting.Tests.Control;

/// <summary>Requests to jobs by name: what a cluster's client asks of a job manager, and each thing that can be in the
/// way.</summary>
public sealed class JobControlTests
{
    [Fact]
    public async Task RequestCheckpointAsync_JobRuns_AnswersJobIdPathAndTime()
    {
        await using var fixture = new JobFixture();
        await using var run = await StartAsync(fixture);
        var before = DateTimeOffset.UtcNow;

        var answer = await fixture.Host.Control.RequestCheckpointAsync(
            "orders", CheckpointRequest.Checkpoint, new() { Epoch = run.Epoch }, fixture.Deadline);

        answer.Job.Should().Be(new JobId("orders"));
        answer.CheckpointId.Should().Be(new CheckpointId(1));
        answer.Path.Should().Be("orders/chk-1").And.Be(run.LatestCheckpoint!.Path);
        answer.TriggeredAt.Should().BeOnOrAfter(before.AddMilliseconds(-1)).And.BeOnOrBefore(DateTimeOffset.UtcNow);
        var savepoint = await fixture.Host.Control.RequestCheckpointAsync(
            "orders", CheckpointRequest.SavepointTo("savepoints"), cancellationToken: fixture.Deadline);
        savepoint.Path.Should().StartWith("savepoints/savepoint-");
    }

    [Fact]
    public async Task Requests_NoSuchJob_AreUnknownJob()
    {
        await using var fixture = new JobFixture();
        await using var run = await StartAsync(fixture);

        await ExpectAsync(
            JobRequestFailure.UnknownJob,
            () => fixture.Host.Control.RequestCheckpointAsync("other", CheckpointRequest.Checkpoint));
        var asked = await ExpectAsync(JobRequestFailure.UnknownJob, () => fixture.Host.Control.CancelAsync("other"));
        var looking = () => fixture.Host.Jobs["other"];

        asked.Should().BeOfType<UnknownJobException>().Which.Known.Should().Equal("orders");
        asked.Message.Should().Be(looking.Should().Throw<UnknownJobException>().Which.Message, "it is one thing");
    }

    [Fact]
    public async Task RequestCheckpointAsync_CheckpointsAreSwitchedOff_SaysSoUnlessForced()
    {
        await using var fixture = new JobFixture();
        await using var run = await StartAsync(fixture, new() { Checkpoints = { IsEnabled = false } });

        var refused = await ExpectAsync(
            JobRequestFailure.CheckpointingDisabled,
            () => fixture.Host.Control.RequestCheckpointAsync("orders", CheckpointRequest.Checkpoint));

        refused.Reason.Should().Be(CheckpointFailureReason.CheckpointingDisabled);
        var answer = await fixture.Host.Control.RequestCheckpointAsync(
            "orders", CheckpointRequest.Checkpoint with { IsForced = true }, null, fixture.Deadline);
        answer.CheckpointId.Should().Be(new CheckpointId(1));
    }

    [Fact]
    public async Task StartAsync_CheckpointsAreSwitchedOff_StillCommitsAtTheEndOfTheInput()
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(500, seed: 3);
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(new ListSource<Order>(orders), fixture.Windows, fixture.Totals),
            new() { Checkpoints = { IsEnabled = false } }, fixture.Deadline);

        (await run.Completion.WaitAsync(fixture.Deadline)).Termination.Should().Be(JobTermination.Finished);

        fixture.OutputsShouldBeThoseOf(orders, "the one at the end is the job's own");
    }

    [Fact]
    public async Task RequestCheckpointAsync_TasksAreRestarting_WaitsAndTriesAgain()
    {
        await using var fixture = new JobFixture(
            new() { RestartStrategy = RestartStrategy.FixedDelay(1, TimeSpan.FromMilliseconds(300)) });
        var failing = new FailOnce();
        await using var run = await StartAsync(fixture, onElement: failing.Check);
        await failing.Failed.Task.WaitAsync(fixture.Deadline);

        // Before, the attempt that fails might take the request with it.
        await Eventually.HoldsAsync(() => run.RestartCount == 1, fixture.Deadline);

        var answer = await fixture.Host.Control.RequestCheckpointAsync(
            "orders", CheckpointRequest.Checkpoint, new() { Deadline = TimeSpan.FromMinutes(1) }, fixture.Deadline);

        answer.Path.Should().Be(run.LatestCheckpoint!.Path);
        run.RestartCount.Should().Be(1);
    }

    [Fact]
    public async Task RequestCheckpointAsync_TasksDoNotRunBeforeTheDeadline_SaysSo()
    {
        await using var fixture = new JobFixture(
            new() { RestartStrategy = RestartStrategy.FixedDelay(1, TimeSpan.FromHours(1)) });
        var failing = new FailOnce();
        await using var run = await StartAsync(fixture, onElement: failing.Check);
        await failing.Failed.Task.WaitAsync(fixture.Deadline);
        while (run.RestartCount == 0)
        {
            fixture.Deadline.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        var refused = await ExpectAsync(
            JobRequestFailure.TasksNotReady,
            () => fixture.Host.Control.RequestCheckpointAsync(
                "orders", CheckpointRequest.Checkpoint, new() { Deadline = TimeSpan.FromMilliseconds(50) }));

        refused.IsTransient.Should().BeTrue();
        refused.Message.Should().Contain("not all of its tasks were running within 00:00:00.05");
    }

    [Fact]
    public async Task RequestCheckpointAsync_NoSuchKind_IsUnknownCheckpointType()
    {
        await using var fixture = new JobFixture();
        await using var run = await StartAsync(fixture);

        await ExpectAsync(
            JobRequestFailure.UnknownCheckpointType,
            () => fixture.Host.Control.RequestCheckpointAsync("orders", new((CheckpointKind)9)));
        await ExpectAsync(
            JobRequestFailure.UnknownCheckpointType,
            () => fixture.Host.Control.RequestCheckpointAsync(
                "orders", CheckpointRequest.SavepointTo("savepoints", (SavepointFormat)9)));
    }

    [Fact]
    public async Task RequestCheckpointAsync_NoneCanBegin_IsTriggerFailedWithTheReason()
    {
        await using var fixture = new JobFixture();
        using var gate = new ManualResetEventSlim();
        await using var run = await StartAsync(
            fixture, new() { Checkpoints = { MaxWaitingRequests = 1 } }, _ => gate.Wait(fixture.Deadline));
        var running = run.TriggerCheckpointAsync(fixture.Deadline);
        var waiting = run.TriggerCheckpointAsync(fixture.Deadline);

        var refused = await ExpectAsync(
            JobRequestFailure.TriggerFailed,
            () => fixture.Host.Control.RequestCheckpointAsync("orders", CheckpointRequest.Checkpoint));

        refused.Reason.Should().Be(CheckpointFailureReason.TooManyRequests);
        gate.Set();
        await Task.WhenAll(running, waiting).WaitAsync(fixture.Deadline);
    }

    [Fact]
    public async Task RequestCheckpointAsync_SavepointsMetadataCannotBeWritten_IsNotPersisted()
    {
        await using var fixture = new JobFixture();
        await using var host = HostOn(new RefusingStorage(fixture.Storage, static path =>
            path.StartsWith("savepoints/", StringComparison.Ordinal)
            && path.EndsWith("/_metadata", StringComparison.Ordinal)));
        await using var run = await StartAsync(fixture, host: host);

        var refused = await ExpectAsync(
            JobRequestFailure.SavepointNotPersisted,
            () => host.Control.RequestCheckpointAsync("orders", CheckpointRequest.SavepointTo("savepoints")));

        refused.Reason.Should().Be(CheckpointFailureReason.MetadataWriteFailed);
        refused.Message.Should().Contain("is refused by the test");
    }

    [Fact]
    public async Task RequestCheckpointAsync_CheckpointCannotBeStored_IsCompletionFailedWithItsCause()
    {
        await using var fixture = new JobFixture();
        await using var host = HostOn(new RefusingStorage(
            fixture.Storage, static path => path.Contains("/chk-", StringComparison.Ordinal)));
        await using var run = await StartAsync(fixture, host: host);

        var refused = await ExpectAsync(
            JobRequestFailure.CompletionFailed,
            () => host.Control.RequestCheckpointAsync("orders", CheckpointRequest.Checkpoint));

        refused.InnerException.Should().BeOfType<CheckpointDeclinedException>().Which.CheckpointId.Should()
            .Be(new CheckpointId(1));
        refused.Message.Should().Contain("is refused by the test");
    }

    [Fact]
    public async Task Requests_JobHasEnded_AreJobNotRunning()
    {
        await using var fixture = new JobFixture();
        await using var run = await StartAsync(fixture);
        await fixture.Host.Control.CancelAsync("orders", cancellationToken: fixture.Deadline);
        (await run.Completion).Termination.Should().Be(JobTermination.Cancelled);

        await ExpectAsync(JobRequestFailure.JobNotRunning, () => fixture.Host.Control.CancelAsync("orders"));
        await ExpectAsync(
            JobRequestFailure.JobNotRunning,
            () => fixture.Host.Control.RequestCheckpointAsync("orders", CheckpointRequest.Checkpoint));
    }

    [Fact]
    public async Task CancelAsync_ASinkCannotCommit_IsCancellationFailedWithItsCause()
    {
        await using var fixture = new JobFixture();
        var sink = new StuckSink(fixture.Deadline);
        var job = new StreamJobBuilder("orders", 8);
        job.AddSource("numbers", new ListSource<int>([1, 2, 3]).PausingAfter(2)).AddSink("sink", sink);
        await using var run = await fixture.Host.StartAsync(job.Build(), new(), fixture.Deadline);
        await run.WaitForSourceIdleAsync(fixture.Deadline);
        await run.TriggerCheckpointAsync(fixture.Deadline);
        await sink.IsCommitting.Task.WaitAsync(fixture.Deadline);

        var cancelling = fixture.Host.Control.CancelAsync("orders", cancellationToken: fixture.Deadline);
        sink.MayFail.Set();

        var refused = await ExpectAsync(
            JobRequestFailure.CancellationFailed,
            () => cancelling);

        refused.InnerException.Should().BeOfType<JobFailedException>().Which.Message.Should()
            .Contain("cannot commit");
    }

    [Fact]
    public async Task Requests_ForAnotherEpoch_AreStale()
    {
        await using var fixture = new JobFixture();
        await using (await StartAsync(fixture))
        {
        }

        await using var second = await StartAsync(fixture);
        second.Epoch.Should().Be(2);

        await ExpectAsync(
            JobRequestFailure.StaleEpoch,
            () => fixture.Host.Control.RequestCheckpointAsync(
                "orders", CheckpointRequest.Checkpoint, new() { Epoch = 1 }));
        await ExpectAsync(
            JobRequestFailure.StaleEpoch, () => fixture.Host.Control.CancelAsync("orders", new() { Epoch = 1 }));
        second.Completion.IsCompleted.Should().BeFalse("a stale request changes nothing");
    }

    [Fact]
    public async Task RequestCheckpointAsync_AnotherProcessHasTakenOver_IsStale()
    {
        await using var fixture = new JobFixture();
        await using var other = HostOn(fixture.Storage);
        await using var older = await StartAsync(fixture);
        await using var newer = await StartAsync(fixture, host: other);

        var refused = await ExpectAsync(
            JobRequestFailure.StaleEpoch,
            () => fixture.Host.Control.RequestCheckpointAsync("orders", CheckpointRequest.Checkpoint));

        refused.InnerException.Should().BeOfType<CoordinatorFencedException>().Which.CurrentEpoch.Should().Be(2);
    }

    private static async Task<JobRequestException> ExpectAsync(JobRequestFailure failure, Func<Task> request)
    {
        var thrown = (await request.Should().ThrowAsync<JobRequestException>()).Which;
        thrown.Failure.Should().Be(failure, thrown.Message);
        return thrown;
    }

    private static InProcessHost HostOn(ICheckpointStorage storage) => new InProcessHostBuilder(storage).Build();

    private static Task<RunningJob> StartAsync(
        JobFixture fixture, StartOptions? options = null, Action<Order>? onElement = null, InProcessHost? host = null)
    {
        var source = new ListSource<Order>(Orders.Generate(200, seed: 1)).PausingAfter(100);
        return (host ?? fixture.Host).StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals, onElement), options ?? new(), fixture.Deadline);
    }

    private sealed class FailOnce
    {
        private int _calls;

        public TaskCompletionSource Failed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Check(Order order)
        {
            if (Interlocked.Increment(ref _calls) == 1)
            {
                Failed.SetResult();
                throw new InvalidOperationException("fails once");
            }
        }
    }

    /// <summary>Refuses to create some files.</summary>
    private sealed class RefusingStorage(ICheckpointStorage inner, Func<string, bool> refuses)
        : ForwardingStorage(inner)
    {
        public override ILocalFileTransfer? LocalFiles => null;

        public override ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
            refuses(path)
                ? throw new CheckpointStorageUnavailableException(path, "is refused by the test.")
                : base.CreateAsync(path, cancellationToken);
    }

    /// <summary>Its committer waits for the test, then fails.</summary>
    private sealed class StuckSink(CancellationToken deadline) : ITwoPhaseSink<int, int>
    {
        public TaskCompletionSource IsCommitting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim MayFail { get; } = new();

        public StateSerializer<int> CommittableSerializer => StateSerializer.Int32;

        public TwoPhaseWriter<int, int> CreateWriter() => new Writer();

        public SinkCommitter<int> CreateCommitter() => new Committer(this, deadline);

        private sealed class Writer : TwoPhaseWriter<int, int>
        {
            public override void Write(int value, Timestamp time)
            {
            }

            public override IReadOnlyList<int> Prepare(CheckpointId checkpoint) => [1];
        }

        private sealed class Committer(StuckSink sink, CancellationToken deadline) : SinkCommitter<int>
        {
            public override void Open(SinkContext context, IReadOnlyList<int> pending)
            {
            }

            public override void Commit(IReadOnlyList<int> committables)
            {
                sink.IsCommitting.TrySetResult();
                sink.MayFail.Wait(deadline);
                throw new InvalidOperationException("cannot commit");
            }
        }
    }
}
