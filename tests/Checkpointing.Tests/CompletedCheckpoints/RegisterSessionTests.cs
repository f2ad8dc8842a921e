using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class RegisterSessionTests
{
    private readonly InMemoryCheckpointRegister _register = new();

    [Fact]
    public async Task TryReplaceAsync_LostAndTheRecordCannotBeRead_IsUnknown()
    {
        var plan = FaultPlan.At(new PlannedFault(3, FaultKind.Denied));
        var session = new RegisterSession(new FaultyRegister(_register, plan), "job");
        await session.ReadAsync(default);
        await AmendAsync();

        var replace = () => session.TryReplaceAsync(TestRecord.Of("job"), default).AsTask();

        (await replace.Should().ThrowAsync<CheckpointOutcomeUnknownException>()).Which.InnerException.Should()
            .BeOfType<CheckpointStorageUnavailableException>();
        plan.Log.Select(static at => at.Kind).Should().Equal(
            StorageOperationKind.ReadRegister, StorageOperationKind.ReplaceRegister, StorageOperationKind.ReadRegister);
    }

    [Fact]
    public async Task UpdateAsync_OthersAreFasterEachTime_GivesUpAndSaysSo()
    {
        var rounds = 0;
        var session = new RegisterSession(_register, "job");

        var update = () => session.UpdateAsync(
            async present =>
            {
                rounds++;
                await AmendAsync();
                return (present ?? TestRecord.Of("job")) with { Token = Guid.NewGuid() };
            },
            default).AsTask();

        (await update.Should().ThrowAsync<CheckpointStorageUnavailableException>()).WithMessage("*16 times*");
        rounds.Should().Be(16);
    }

    [Fact]
    public async Task ReplaceAsync_AmendedEachTimeWithoutTakingTheEpoch_GivesUpAndNothingHasChanged()
    {
        var isBusy = false;
        var plan = new FaultPlan
        {
            Gate = async at =>
            {
                if (isBusy && at.Kind == StorageOperationKind.ReplaceRegister)
                {
                    await AmendAsync();
                }
            },
        };
        var store = new StandaloneCompletedCheckpointStore(
            new FaultyRegister(_register, plan), new InMemoryCheckpointStorage(), "job", IdSource.FromSeed(1), "test");
        var record = await store.TakeEpochAsync(default);
        isBusy = true;

        var replace = () => store.ReplaceAsync(record with { Token = Guid.NewGuid() }, default).AsTask();

        (await replace.Should().ThrowAsync<CheckpointStorageUnavailableException>())
            .Which.ChangedNothing.Should().BeTrue();
    }

    /// <summary>As a label or forgetting does: another token, the same epoch.</summary>
    private async Task AmendAsync() =>
        await new RegisterSession(_register, "job").UpdateAsync(
            static present => (present ?? TestRecord.Of("job")) with { Token = Guid.NewGuid() }, default);
}
