using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Storage.Local;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Tests.Storage;

public sealed class CheckpointStorageConformanceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. CheckpointStorageConformance.Cases.Select(static test => test.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public Task Local_Case_Holds(string name) =>
        RunAsync(name, () => new LocalCheckpointStorage(_folder.File("root")));

    [Theory]
    [MemberData(nameof(Names))]
    public Task LocalWithoutLinks_Case_Holds(string name) =>
        RunAsync(name, () => new LocalCheckpointStorage(_folder.File("root"), new() { ForceCopy = true }));

    [Theory]
    [MemberData(nameof(Names))]
    public Task InMemory_Case_Holds(string name) =>
        RunAsync(name, () => new InMemoryCheckpointStorage());

    [Fact]
    public void Cases_Names_AreUnique() =>
        CheckpointStorageConformance.Cases.Select(static test => test.Name).Should().OnlyHaveUniqueItems();

    private static Task RunAsync(string name, Func<ICheckpointStorage> make) =>
        CheckpointStorageConformance.Cases.Single(test => test.Name == name)
            .RunAsync(make, TestContext.Current.CancellationToken);
}
