using Checkpointing.CompletedCheckpoints;
using Checkpointing.Testing;
using Checkpointing.Testing.CompletedCheckpoints;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

public sealed class ZooKeeperRegisterConformanceTests(ZooKeeperServerFixture fixture)
    : IClassFixture<ZooKeeperServerFixture>
{
    public static TheoryData<string> Names =>
        [.. CheckpointRegisterConformance.Cases.Select(static conformanceCase => conformanceCase.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Register_Passes(string name)
    {
        await using var register = new ZooKeeperCheckpointRegister(new() { ConnectionString = fixture.NewRoot() });
        await CheckpointRegisterConformance.Cases.Single(conformanceCase => conformanceCase.Name == name)
            .RunAsync(() => register, TestContext.Current.CancellationToken);
    }
}
