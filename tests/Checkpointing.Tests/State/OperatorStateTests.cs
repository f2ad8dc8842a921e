using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.State;

public sealed class OperatorStateTests
{
    private static readonly OperatorListStateDescriptor<string> Files = new("files");
    private static readonly OperatorListStateDescriptor<long> Offsets = new("offsets")
    {
        Redistribution = StateRedistribution.Union,
    };

    private readonly StateFixture _fixture = new();

    [Fact]
    public async Task WriteAsync_SmallState_IsInlineInOneStream()
    {
        var snapshot = await WriteAsync(["a", ""], [7]);

        snapshot.Operator!.Stream.Should().BeOfType<ByteStreamStateHandle>();
        snapshot.Operator.Partitions.Items.Select(
            static partition => (partition.Name, partition.Mode, partition.Offsets.Count))
            .Should().Equal(("files", OperatorStateMode.Split, 2), ("offsets", OperatorStateMode.Union, 1));
        snapshot.Keyed.Should().BeNull();
    }

    [Theory]
    [InlineData(OperatorStateSnapshot.MaxInlineSize - 1000, true)]
    [InlineData(OperatorStateSnapshot.MaxInlineSize, false)]
    public async Task WriteAsync_AroundTheLimit_IsInlineOrAFile(int length, bool isInline)
    {
        var snapshot = await WriteAsync([new string('x', length)], []);

        (snapshot.Operator!.Stream is ByteStreamStateHandle).Should().Be(isInline);
        snapshot.Cost.NewFiles.Should().Be(isInline ? 0 : 1);
        snapshot.Cost.NewBytes.Should().Be(snapshot.Operator.SizeBytes);
        await using var restored = await OpenAsync(snapshot.Operator);
        restored.Operator.GetState(Files).Items.Single().Length.Should().Be(length);
    }

    [Fact]
    public async Task OpenAsync_CutPartitions_RestoresTheseItemsOnly()
    {
        var snapshot = await WriteAsync(["a", "b", "c"], [1, 2]);
        var assigned = OperatorStateAssignment.Assign([snapshot.Operator], 2);

        await using var first = await OpenAsync([.. assigned[0]]);
        await using var second = await OpenAsync([.. assigned[1]]);

        first.Operator.GetState(Files).Items.Should().Equal("a", "c");
        second.Operator.GetState(Files).Items.Should().Equal("b");
        second.Operator.GetState(Offsets).Items.Should().Equal(1, 2);
    }

    [Fact]
    public async Task OpenAsync_AnyFlippedByte_IsFoundOrHarmless()
    {
        var snapshot = await WriteAsync(["abc"], [1]);
        var bytes = ((ByteStreamStateHandle)snapshot.Operator!.Stream).Data.Items.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[i] ^= 0x10;
            await ExpectRefusedAsync(
                snapshot.Operator with { Stream = new ByteStreamStateHandle("stream", [.. damaged]) });
            await ExpectRefusedAsync(
                snapshot.Operator with { Stream = new ByteStreamStateHandle("stream", [.. bytes[..i]]) });
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(long.MaxValue)]
    public async Task OpenAsync_OffsetOutside_IsCorrupt(long offset)
    {
        var snapshot = await WriteAsync(["abc"], []);
        OperatorStateHandle handle = new(
            [new("files", OperatorStateMode.Split, [offset])], snapshot.Operator!.Stream);

        var act = async () => await OpenAsync(handle);

        await act.Should().ThrowAsync<CheckpointCorruptException>();
    }

    [Fact]
    public async Task GetState_NotDeclared_NamesState()
    {
        await using var state = await OpenAsync();

        var act = () => state.Operator.GetState(new OperatorListStateDescriptor<int>("other"));

        act.Should().Throw<InvalidOperationException>().WithMessage("*'op'*'other'*");
    }

    [Fact]
    public async Task DisposeAsync_PlanWhoseKeyedPartFailed_DeletesTheOperatorFile()
    {
        var storage = new RefusingStorage();
        var fixture = new StateFixture { Storage = storage };
        ValueStateDescriptor<int> value = new("value");
        await using var state = await fixture.OpenAsync(value, Files);
        state.Operator.GetState(Files).Replace([new string('x', 100_000)]);
        using (state.Keyed.EnterKey("a"))
        {
            state.Keyed.GetState(value).Set(1);
        }

        storage.CreationsUntilRefusal = 1;
        await using (var plan = state.PrepareSnapshot(fixture.NextRequest()))
        {
            var act = async () => await plan.WriteAsync(CancellationToken.None);
            await act.Should().ThrowAsync<CheckpointStorageUnavailableException>();
        }

        (await storage.ListAsync("", CancellationToken.None).ToListAsync()).Should().BeEmpty();
    }

    private async Task ExpectRefusedAsync(OperatorStateHandle handle)
    {
        var act = async () => await OpenAsync(handle);
        var error = (await act.Should().ThrowAsync<CheckpointingException>()).Which;
        (error is CheckpointCorruptException or UnsupportedFormatException).Should().BeTrue(error.Message);
    }

    private async Task<SubtaskSnapshot> WriteAsync(string[] files, long[] offsets)
    {
        await using var state = await OpenAsync();
        state.Operator.GetState(Files).Replace(files);
        state.Operator.GetState(Offsets).Replace(offsets);
        return await _fixture.SnapshotAsync(state);
    }

    private ValueTask<SubtaskState> OpenAsync(params OperatorStateHandle[] handles) => SubtaskState.OpenAsync(
        _fixture.Context(Files, Offsets) with { Restore = new(new(1), false, [], handles) }, CancellationToken.None);
}
