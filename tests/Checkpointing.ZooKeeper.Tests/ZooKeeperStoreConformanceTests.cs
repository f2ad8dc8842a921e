using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.CompletedCheckpoints;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

public sealed class ZooKeeperStoreConformanceTests(ZooKeeperServerFixture fixture)
    : IClassFixture<ZooKeeperServerFixture>
{
    public static TheoryData<string> Names =>
        [.. CompletedCheckpointStoreConformance.Cases.Select(static conformanceCase => conformanceCase.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Store_Passes(string name) =>
        CompletedCheckpointStoreConformance.Cases.Single(conformanceCase => conformanceCase.Name == name).RunAsync(
            () => new CompletedCheckpointStoreSetup(
                new ZooKeeperCheckpointRegister(new() { ConnectionString = fixture.NewRoot() }),
                new InMemoryCheckpointStorage()),
            TestContext.Current.CancellationToken);
}
