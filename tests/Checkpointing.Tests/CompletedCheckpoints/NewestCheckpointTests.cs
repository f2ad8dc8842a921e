using Checkpointing.CompletedCheckpoints;
using Checkpointing.Embedded;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.CompletedCheckpoints;

/// <summary>Looking at a job's newest checkpoint before anything is changed.</summary>
public sealed class NewestCheckpointTests
{
    private readonly InMemoryCheckpointStorage _storage = new();

    [Fact]
    public async Task PeekNewestAsync_NoRecord_IsNull() => (await PeekAsync()).Should().BeNull();

    [Fact]
    public async Task PeekNewestAsync_TheNewestThatCanBeReadAndWasNotLeftBehind()
    {
        var paths = await TakeAsync(3);
        (await PeekAsync()).Should().Be(paths[2]);

        await _storage.DeleteAsync($"{paths[2]}/_metadata", default);
        (await PeekAsync()).Should().Be(paths[1]);

        await ChangeAsync(record => record with
        {
            Retained = [.. record.Retained.Select(one => one with { IsLeftBehind = one.Path == paths[1] })],
        });
        (await PeekAsync()).Should().Be(paths[0]);

        await ChangeAsync(static record => record with { PendingClaim = "other" });
        (await PeekAsync()).Should().BeNull("the claim decides");
        await ChangeAsync(static record => record with { PendingClaim = null });
        await _storage.DeleteAsync($"{paths[0]}/_metadata", default);
        (await PeekAsync()).Should().BeNull();
    }

    private async Task<string?> PeekAsync() => (await new StandaloneCompletedCheckpointStore(
        new StorageCheckpointRegister(_storage), _storage, "job", IdSource.FromSeed(1), "test")
        .PeekNewestAsync(default))?.Path;

    private async Task ChangeAsync(Func<RegisterRecord, RegisterRecord> change) =>
        await new RegisterSession(new StorageCheckpointRegister(_storage), "job").UpdateAsync(
            present => change(present!) with { Token = Guid.NewGuid() }, default);

    private async Task<List<string>> TakeAsync(int count)
    {
        var paths = new List<string>();
        await using var job = await EmbeddedCheckpoints.OpenAsync(
            _storage, "job", new EmbeddedOptions { MaxRetainedCheckpoints = count });
        await using var task = await job.OpenTaskAsync(
            new EmbeddedTask<string>("totals") { KeyGroups = KeyGroups.KeyGroupRange.All(4) });
        for (var i = 0; i < count; i++)
        {
            paths.Add((await job.BeginCheckpoint().WaitAsync()).Path);
        }

        return paths;
    }
}
