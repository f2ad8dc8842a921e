using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.State;

namespace Checkpointing.Tests.State.Heap;

public sealed class HeapBackendTests
{
    public static TheoryData<string> CaseNames =>
        [.. KeyedStateBackendConformance.Cases.Select(static test => test.Name)];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public Task Conformance_EveryCase_Holds(string name) => KeyedStateBackendConformance.Cases
        .Single(test => test.Name == name)
        .RunAsync(static () => new(new HeapBackendFactory(), new InMemoryCheckpointStorage()));

    [Fact]
    public async Task OpenAsync_IncrementalHandle_SaysWhatToDo()
    {
        var fixture = new StateFixture();
        var handle = new IncrementalKeyedStateHandle(
            Guid.Empty, KeyGroupRange.All(StateFixture.MaxParallelism), new(1), [], [],
                new FileStateHandle("job/meta", 1));
        var context = fixture.Context(new ValueStateDescriptor<int>("s")) with
        {
            Restore = new(new(1), false, [handle], []),
        };

        var act = async () => await StateFixture.OpenAsync(context);

        (await act.Should().ThrowAsync<UnsupportedFormatException>())
            .WithMessage("'job/meta'*incremental*canonical savepoint*RocksDB*");
    }
}
