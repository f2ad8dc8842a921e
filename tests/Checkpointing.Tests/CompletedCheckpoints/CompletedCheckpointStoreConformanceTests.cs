using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage.InMemory;
using Checkpointing.Storage.Local;
using Checkpointing.Testing;
using Checkpointing.Testing.CompletedCheckpoints;
using Checkpointing.Tests.Storage;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class CompletedCheckpointStoreConformanceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names =>
        [.. CompletedCheckpointStoreConformance.Cases.Select(static test => test.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public Task InMemory_Case_Holds(string name) => Case(name).RunAsync(
        static () => new CompletedCheckpointStoreSetup(
            new InMemoryCheckpointRegister(), new InMemoryCheckpointStorage()),
        TestContext.Current.CancellationToken);

    [Theory]
    [MemberData(nameof(Names))]
    public Task OnLocalStorage_Case_Holds(string name)
    {
        var storage = new LocalCheckpointStorage(_folder.File("root"));
        return Case(name).RunAsync(
            () => new CompletedCheckpointStoreSetup(new StorageCheckpointRegister(storage), storage),
            TestContext.Current.CancellationToken);
    }

    private static ConformanceCase<CompletedCheckpointStoreSetup> Case(string name) =>
        CompletedCheckpointStoreConformance.Cases.Single(test => test.Name == name);
}
