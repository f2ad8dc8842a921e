using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.CompletedCheckpoints;
using Checkpointing.Testing.Faults;
using Checkpointing.Testing.Simulation;
using Checkpointing.Testing.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Torture.Tests.Faults;

public sealed class FaultyStorageTests
{
    private static readonly byte[] s_content = Encoding.ASCII.GetBytes("twelve bytes");

    private readonly InMemoryCheckpointStorage _inner = new();

    public static TheoryData<string> Names => [.. CheckpointStorageConformance.Cases.Select(static test => test.Name)];

    public static TheoryData<string> StoreNames =>
        [.. CompletedCheckpointStoreConformance.Cases.Select(static test => test.Name)];

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Names))]
    public Task WithoutFaults_StorageCase_Holds(string name) =>
        CheckpointStorageConformance.Cases.Single(test => test.Name == name)
            .RunAsync(() => new FaultyStorage(new SimulatedStorage(), new FaultPlan()), Ended);

    [Theory]
    [MemberData(nameof(StoreNames))]
    public Task WithoutFaults_StoreCase_Holds(string name) =>
        CompletedCheckpointStoreConformance.Cases.Single(test => test.Name == name).RunAsync(
            () =>
            {
                var plan = new FaultPlan();
                return new CompletedCheckpointStoreSetup(
                    new FaultyRegister(new InMemoryCheckpointRegister(), plan),
                    new FaultyStorage(new SimulatedStorage(), plan));
            },
            Ended);

    [Fact]
    public async Task Plan_WithoutFaults_NumbersEveryCall()
    {
        var plan = new FaultPlan();
        var storage = new FaultyStorage(_inner, plan);
        await storage.WriteAllAsync("a/b", s_content, Ended);
        await storage.ReadAllAsync("a/b", 100, Ended);
        await storage.DeleteAsync("a/b", Ended);

        string.Join(", ", plan.Log).Should().Be(
            "1 Create a/b, 2 Write a/b, 3 Commit a/b, 4 SyncFolders a, 5 OpenRead a/b, 6 Read a/b, 7 Read a/b, "
            + "8 Delete a/b");
        plan.InjectedCount.Should().Be(0);
    }

    [Fact]
    public async Task Commit_AppliedButFailed_IsThereAllTheSame()
    {
        var write = () => Write(FaultPlan.At(new PlannedFault(3, FaultKind.AppliedButFailed)));

        (await write.Should().ThrowAsync<CheckpointStorageUnavailableException>())
            .Which.ChangedNothing.Should().BeFalse();
        (await _inner.GetLengthAsync("a/b", Ended)).Should().Be(s_content.Length);
    }

    [Fact]
    public async Task Commit_AppliedLate_ComesAFewOperationsLater()
    {
        var plan = FaultPlan.At(new PlannedFault(3, FaultKind.AppliedLate));
        var write = () => Write(plan);

        await write.Should().ThrowAsync<CheckpointStorageUnavailableException>();
        var storage = new FaultyStorage(_inner, plan);
        (await _inner.GetLengthAsync("a/b", Ended)).Should().BeNull();
        for (var later = 0; later < 8; later++)
        {
            await storage.GetLengthAsync("c", Ended);
        }

        (await _inner.GetLengthAsync("a/b", Ended)).Should().Be(s_content.Length);
    }

    [Theory]
    [InlineData(FaultKind.Denied, true, false)]
    [InlineData(FaultKind.NoSpace, true, true)]
    [InlineData(FaultKind.TimedOut, false, true)]
    [InlineData(FaultKind.DeviceError, false, true)]
    public async Task Commit_Refused_LeavesNothing(FaultKind fault, bool changedNothing, bool isTransient)
    {
        var write = () => Write(FaultPlan.At(new PlannedFault(3, fault)));

        var error = (await write.Should().ThrowAsync<CheckpointStorageUnavailableException>()).Which;
        error.Path.Should().Be("a/b");
        error.ChangedNothing.Should().Be(changedNothing);
        error.IsTransient.Should().Be(isTransient);
        (await _inner.GetLengthAsync("a/b", Ended)).Should().BeNull();
    }

    [Fact]
    public async Task Write_Short_FailsAndNothingIsVisible()
    {
        var write = () => Write(FaultPlan.At(new PlannedFault(2, FaultKind.ShortWrite)));

        await write.Should().ThrowAsync<CheckpointStorageUnavailableException>();
        (await _inner.GetLengthAsync("a/b", Ended)).Should().BeNull();
    }

    [Fact]
    public async Task Read_BitFlip_ChangesExactlyOneBit()
    {
        await _inner.WriteAllAsync("a/b", s_content, Ended);
        var plan = FaultPlan.At(new PlannedFault(2, FaultKind.BitFlip));

        var read = await new FaultyStorage(_inner, plan).ReadAllAsync("a/b", 100, Ended);

        read.Zip(s_content).Sum(static pair => byte.PopCount((byte)(pair.First ^ pair.Second))).Should().Be(1);
    }

    [Fact]
    public async Task Read_ShortForEver_GivesTheSameBytes()
    {
        await _inner.WriteAllAsync("a/b", s_content, Ended);
        var plan = FaultPlan.At(new PlannedFault(1, FaultKind.ShortRead, IsForEver: true));

        (await new FaultyStorage(_inner, plan).ReadAllAsync("a/b", 100, Ended)).Should().Equal(s_content);
        plan.Count.Should().BeGreaterThan(s_content.Length);
    }

    [Fact]
    public async Task Read_Cut_EndsEarly()
    {
        await _inner.WriteAllAsync("a/b", s_content, Ended);
        var plan = FaultPlan.At(new PlannedFault(2, FaultKind.CutRead));

        (await new FaultyStorage(_inner, plan).ReadAllAsync("a/b", 100, Ended)).Should().BeEmpty();
    }

    [Fact]
    public async Task Delete_Delayed_IsDoneAfterVirtualTime()
    {
        await _inner.WriteAllAsync("a/b", s_content, Ended);
        var time = new FakeTimeProvider();
        var plan = new FaultPlan(FaultPlan.Decide(new PlannedFault(1, FaultKind.Delayed))) { Time = time };

        var deleting = new FaultyStorage(_inner, plan).DeleteAsync("a/b", Ended).AsTask();
        deleting.IsCompleted.Should().BeFalse();
        time.Advance(plan.Delay);
        await deleting;

        (await _inner.GetLengthAsync("a/b", Ended)).Should().BeNull();
    }

    [Fact]
    public async Task Crash_AtAnOperation_NothingEndsAnyMore()
    {
        await _inner.WriteAllAsync("a/b", s_content, Ended);
        var plan = FaultPlan.At(new PlannedFault(2, FaultKind.Crash));
        var storage = new FaultyStorage(_inner, plan);
        await storage.GetLengthAsync("a/b", Ended);

        var deleting = storage.DeleteAsync("a/b", Ended).AsTask();
        var asking = storage.GetLengthAsync("a/b", Ended).AsTask();
        await plan.WhenCrashed;

        deleting.IsCompleted.Should().BeFalse();
        asking.IsCompleted.Should().BeFalse();
        (await _inner.GetLengthAsync("a/b", Ended)).Should().Be(s_content.Length, "it died before it was done");
    }

    [Theory]
    [InlineData(FaultKind.TimedOut, false)]
    [InlineData(FaultKind.AppliedButFailed, true)]
    public async Task ReplaceRegister_AnswerLost_IsUnknown(FaultKind fault, bool isApplied)
    {
        var inner = new InMemoryCheckpointRegister();
        var register = new FaultyRegister(inner, FaultPlan.At(new PlannedFault(1, fault)));

        (await register.TryReplaceAsync("job", 0, s_content, Ended)).Should().Be(RegisterReplacement.Unknown);
        ((await inner.ReadAsync("job", Ended)) is not null).Should().Be(isApplied);
    }

    [Fact]
    public async Task ReplaceRegister_Denied_IsCertainlyNotDone()
    {
        var inner = new InMemoryCheckpointRegister();
        var register = new FaultyRegister(inner, FaultPlan.At(new PlannedFault(1, FaultKind.Denied)));
        var replace = () => register.TryReplaceAsync("job", 0, s_content, Ended).AsTask();

        (await replace.Should().ThrowAsync<CheckpointStorageUnavailableException>())
            .Which.ChangedNothing.Should().BeTrue();
        (await inner.ReadAsync("job", Ended)).Should().BeNull();
    }

    private Task<ContentDigest> Write(FaultPlan plan) =>
        new FaultyStorage(_inner, plan).WriteAllAsync("a/b", s_content, Ended).AsTask();
}
