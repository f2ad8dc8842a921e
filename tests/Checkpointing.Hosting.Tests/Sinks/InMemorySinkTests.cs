using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Sinks;

public sealed class InMemorySinkTests
{
    [Fact]
    public async Task WaitForCountAsync_RecordsOfTwoWriters_CompletesWhenTheyAreThere()
    {
        var sink = new InMemorySink<int>();
        using var first = sink.CreateWriter();
        using var second = sink.CreateWriter();
        var waiting = sink.WaitForCountAsync(2);

        first.Write(1, default);
        waiting.IsCompleted.Should().BeFalse();
        second.Write(2, default);

        await waiting;
        sink.Items.Should().Equal(1, 2);
        sink.TakeAll().Should().Equal(1, 2);
        sink.Count.Should().Be(0);
    }

    [Fact]
    public async Task TwoPhase_Commits_AppearOnlyThen()
    {
        var sink = new InMemoryTwoPhaseSink<int>();
        using var writer = sink.CreateWriter();
        using var committer = await OpenAsync(sink, committed: 0);
        writer.Write(1, default);
        writer.Write(2, default);

        var prepared = writer.Prepare(new(1));
        sink.Items.Should().BeEmpty();
        committer.Commit(prepared);

        sink.Items.Should().Equal(1, 2);
        writer.Prepare(new(2)).Should().BeEmpty();
    }

    [Fact]
    public async Task TwoPhase_FallsBack_TakesBackWhatWasCommittedSince()
    {
        var sink = new InMemoryTwoPhaseSink<int>();
        using var before = await OpenAsync(sink, committed: 0);
        before.Commit([[1, 2], [3, 4]]);

        using var after = await OpenAsync(sink, committed: 2, [3]);

        sink.Items.Should().Equal(1, 2, 3);
        before.Commit([[9]]);
        sink.Items.Should().Equal([1, 2, 3], "the committer of the former attempt commits nothing any more");
        after.Commit([[5]]);
        sink.Items.Should().Equal(1, 2, 3, 5);
        sink.FirstIndex.Should().Be(0);
    }

    [Fact]
    public async Task TwoPhase_NewProcess_KnowsHowMuchWentBefore()
    {
        var sink = new InMemoryTwoPhaseSink<int>();

        using var committer = await OpenAsync(sink, committed: 10, [7]);
        sink.Items.Should().Equal(7);
        sink.FirstIndex.Should().Be(10);

        using var startedOver = await OpenAsync(sink, committed: 0);
        sink.Items.Should().BeEmpty();
        sink.FirstIndex.Should().Be(0);
    }

    [Fact]
    public async Task TwoPhase_SnapshotState_IsWhatACommitterGoesOnFrom()
    {
        var sink = new InMemoryTwoPhaseSink<int>();
        var committer = sink.CreateCommitter();
        var context = await SubtaskContexts.SinkContextAsync(SubtaskContexts.Of("sink"), committer.States);
        committer.Open(context, []);
        committer.Commit([[1, 2, 3]]);
        committer.SnapshotState();
        committer.Commit([[4]]);
        committer.Dispose();

        using var restored = sink.CreateCommitter();
        restored.Open(context, [[4]]);

        sink.Items.Should().Equal(1, 2, 3, 4);
    }

    private static async Task<SinkCommitter<int[]>> OpenAsync(
        InMemoryTwoPhaseSink<int> sink, long committed, params int[][] pending)
    {
        var committer = sink.CreateCommitter();
        var context = await SubtaskContexts.SinkContextAsync(SubtaskContexts.Of("sink"), committer.States);
        if (committed > 0)
        {
            context.State.GetState((OperatorListStateDescriptor<long>)committer.States[0]).Replace([committed]);
        }

        committer.Open(context, pending);
        return committer;
    }

    private static Task<SinkCommitter<int[]>> OpenAsync(
        InMemoryTwoPhaseSink<int> sink, long committed, int[] pending) => OpenAsync(sink, committed, [pending]);
}
