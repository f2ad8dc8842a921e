using Checkpointing.Embedded;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Tests.Embedded;

public sealed class EmbeddedCheckpointsTests
{
    private static readonly ValueStateDescriptor<long> s_total = new("total");
    private static readonly OperatorListStateDescriptor<long> s_position = new("position");
    private readonly InMemoryCheckpointStorage _storage = new();

    [Fact]
    public async Task OpenTaskAsync_AfterACheckpoint_TakesUpStateAndPosition()
    {
        await using (var first = await EmbeddedCheckpoints.OpenAsync(_storage, "flights"))
        await using (var task = await first.OpenTaskAsync(NewTask()))
        {
            task.RestoredFrom.Should().BeNull();
            Process(task, from: 0, to: 100);
            var done = await first.BeginCheckpoint().WaitAsync();
            done.Path.Should().Be("flights/chk-1");
            done.Cost.Transfers.Should().Be(TransferCounts.Streamed(done.Cost.Transfers.Bytes));
            Process(task, from: 100, to: 150);
        }

        await using var second = await EmbeddedCheckpoints.OpenAsync(_storage, "flights");
        await using var resumed = await second.OpenTaskAsync(NewTask());

        resumed.RestoredFrom.Should().Be("flights/chk-1");
        resumed.Operator.GetState(s_position).Items.Should().Equal(100);
        Process(resumed, from: 100, to: 200);
        ReadTotals(resumed).Should().Equal(Enumerable.Range(0, 7).ToDictionary(
            static key => $"key-{key}", static key => (long)Enumerable.Range(0, 200).Where(i => i % 7 == key).Sum()));
    }

    [Fact]
    public async Task BeginCheckpoint_LoopGoesOn_TheCutIsThatOfTheCall()
    {
        await using (var checkpoints = await EmbeddedCheckpoints.OpenAsync(_storage, "job"))
        await using (var task = await checkpoints.OpenTaskAsync(NewTask()))
        {
            Process(task, 0, 50);
            var pending = checkpoints.BeginCheckpoint();
            Process(task, 50, 500);
            await pending.WaitAsync();
        }

        await using var again = await EmbeddedCheckpoints.OpenAsync(_storage, "job");
        await using var resumed = await again.OpenTaskAsync(NewTask());
        ReadTotals(resumed).Values.Sum().Should().Be(Enumerable.Range(0, 50).Sum());
    }

    [Fact]
    public async Task BeginCheckpoint_AnotherProcessHasTakenOver_ThrowsFencedAndLosesNothing()
    {
        await using var older = await EmbeddedCheckpoints.OpenAsync(_storage, "job");
        await using var olderTask = await older.OpenTaskAsync(NewTask());
        Process(olderTask, 0, 10);
        await older.BeginCheckpoint().WaitAsync();

        await using var newer = await EmbeddedCheckpoints.OpenAsync(_storage, "job");
        await using var newerTask = await newer.OpenTaskAsync(NewTask());
        Process(olderTask, 10, 20);

        var checkpoint = async () => await older.BeginCheckpoint().WaitAsync();
        await checkpoint.Should().ThrowAsync<CoordinatorFencedException>();
        ((Action)(() => older.BeginCheckpoint())).Should().Throw<CoordinatorFencedException>("it stays fenced");
        newerTask.RestoredFrom.Should().Be("job/chk-1");
        (await newer.BeginCheckpoint().WaitAsync()).Id.Value.Should().BeGreaterThan(1);
    }

    [Fact]
    public async Task BeginCheckpoint_InsideAKeyScope_ThrowsAndTheNextOneWorks()
    {
        await using var checkpoints = await EmbeddedCheckpoints.OpenAsync(_storage, "job");
        await using var task = await checkpoints.OpenTaskAsync(NewTask());
        Exception? thrown = null;
        using (task.Keyed.EnterKey("a"))
        {
            try
            {
                checkpoints.BeginCheckpoint();
            }
            catch (InvalidOperationException e)
            {
                thrown = e;
            }
        }

        thrown.Should().NotBeNull();
        Process(task, 0, 5);
        (await checkpoints.BeginCheckpoint().WaitAsync()).Path.Should().StartWith("job/chk-");
    }

    [Fact]
    public async Task BeginCheckpoint_FailureNobodyWaitedFor_ComesWithTheNextCall()
    {
        var failing = new FailingStorage(_storage);
        await using var checkpoints = await EmbeddedCheckpoints.OpenAsync(failing, "job");
        await using var task = await checkpoints.OpenTaskAsync(NewTask());
        Process(task, 0, 5);
        failing.FailCreates = true;
        var lost = checkpoints.BeginCheckpoint();
        await Until(() => lost.IsEnded);
        failing.FailCreates = false;

        ((Action)(() => checkpoints.BeginCheckpoint())).Should().Throw<CheckpointDeclinedException>()
            .WithMessage("*disk is full*");
        (await checkpoints.BeginCheckpoint().WaitAsync()).Id.Value.Should().BeGreaterThan(1);
    }

    [Fact]
    public async Task OpenTaskAsync_StateDeclaredWithAnotherType_SaysWhatToDo()
    {
        await using (var first = await EmbeddedCheckpoints.OpenAsync(_storage, "job"))
        await using (var task = await first.OpenTaskAsync(NewTask()))
        {
            Process(task, 0, 5);
            await first.BeginCheckpoint().WaitAsync();
        }

        await using var second = await EmbeddedCheckpoints.OpenAsync(_storage, "job");
        var open = async () => await second.OpenTaskAsync(new EmbeddedTask<string>("totals")
        {
            KeyGroups = KeyGroupRange.All(32),
            States = [new ValueStateDescriptor<string>("total"), s_position],
        });

        (await open.Should().ThrowAsync<StateMigrationException>()).Which.State.Should().Be("total");
    }

    private static EmbeddedTask<string> NewTask() =>
        new("totals") { KeyGroups = KeyGroupRange.All(32), States = [s_total, s_position] };

    private static void Process(EmbeddedTaskState<string> task, int from, int to)
    {
        var total = task.Keyed.GetState(s_total);
        for (var i = from; i < to; i++)
        {
            using (task.Keyed.EnterKey($"key-{i % 7}"))
            {
                total.Set(total.GetOrDefault() + i);
            }
        }

        task.Operator.GetState(s_position).Replace([to]);
    }

    private static Dictionary<string, long> ReadTotals(EmbeddedTaskState<string> task) =>
        task.Keyed.ReadAll(s_total).OrderBy(static e => e.Key, StringComparer.Ordinal)
            .ToDictionary(static e => e.Key, static e => e.Value);

    private static async Task Until(Func<bool> holds)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            TimeProvider.System.GetElapsedTime(deadline).Should().BeLessThan(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }
    }

    /// <summary>A storage whose medium is full when told so.</summary>
    private sealed class FailingStorage(ICheckpointStorage inner) : ForwardingStorage(inner)
    {
        public bool FailCreates { get; set; }

        public override ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
            FailCreates
                ? throw new CheckpointStorageUnavailableException(path, "could not be written: the disk is full.")
                : base.CreateAsync(path, cancellationToken);
    }
}
