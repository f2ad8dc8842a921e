using Checkpointing.CompletedCheckpoints;
using Checkpointing.Embedded;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class CheckpointLoaderTests
{
    [Fact]
    public async Task LoadRetainedAsync_OtherBytesThanTheRegisterKnows_IsCorrupt()
    {
        var storage = new InMemoryCheckpointStorage();
        await using (var job = await EmbeddedCheckpoints.OpenAsync(storage, "job"))
        await using (var task = await job.OpenTaskAsync(
            new EmbeddedTask<string>("totals") { KeyGroups = KeyGroups.KeyGroupRange.All(4) }))
        {
            await job.BeginCheckpoint().WaitAsync();
        }

        var session = new RegisterSession(new StorageCheckpointRegister(storage), "job");
        var retained = (await session.ReadAsync(default))!.Retained.Single();

        (await CheckpointLoader.LoadRetainedAsync(storage, retained, default)).Id.Should().Be(retained.Id);
        foreach (var other in new[]
        {
            retained with { MetadataBytes = retained.MetadataBytes + 1 },
            retained with { MetadataDigest = ContentDigest.Of([1]) },
        })
        {
            var load = () => CheckpointLoader.LoadRetainedAsync(storage, other, default).AsTask();

            (await load.Should().ThrowAsync<CheckpointCorruptException>()).Which.Path.Should()
                .Be($"{retained.Path}/_metadata");
        }
    }
}
