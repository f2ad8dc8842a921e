using Checkpointing.CompletedCheckpoints;
using Checkpointing.Embedded;
using Checkpointing.State;
using Checkpointing.Storage;
using Checkpointing.Testing;
using Checkpointing.Testing.Simulation;

namespace Checkpointing.Torture.Tests.Simulation;

public sealed class InvariantCheckerTests
{
    private readonly SimulatedStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();
    private readonly InvariantChecker _checker;

    public InvariantCheckerTests() => _checker = new(_storage, _register, "job");

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check_AfterRealCheckpoints_HoldsWithoutOrphans()
    {
        await CheckpointAsync();
        await CheckpointAsync();

        await _checker.CheckAsync(Ended);
        (await _checker.FindOrphansAsync(Ended)).Should().BeEmpty();
    }

    [Fact]
    public async Task Find_FileOfTheListDeleted_IsABreachOfI1()
    {
        await CheckpointAsync();
        var file = _storage.Files.First(static path => !path.EndsWith("_metadata", StringComparison.Ordinal));
        await _storage.DeleteAsync(file, Ended);

        (await _checker.FindBreachesAsync(Ended)).Should().ContainSingle()
            .Which.Should().Match<InvariantBreach>(b => b.Promise == "I1" && b.What.Contains(file));
    }

    [Fact]
    public async Task Find_FileAltered_IsABreachOfI3()
    {
        await CheckpointAsync();
        var file = _storage.Files.First(static path => !path.EndsWith("_metadata", StringComparison.Ordinal));
        await _storage.DeleteAsync(file, Ended);
        await _storage.CreateAllAsync(file, new byte[7], Ended);

        (await _checker.FindBreachesAsync(Ended)).Should().Contain(b => b.Promise == "I3" && b.What.Contains(file));
    }

    [Fact]
    public async Task Find_ReportedIsNotInTheList_IsABreachOfI4()
    {
        var reported = await CheckpointAsync();
        _checker.ReportCompleted(reported with { Id = new(reported.Id.Value + 1) });

        (await _checker.FindBreachesAsync(Ended)).Should().ContainSingle().Which.Promise.Should().Be("I4");
    }

    [Fact]
    public async Task Find_EpochFell_IsABreachOfI5()
    {
        await CheckpointAsync();
        await CheckpointAsync();
        await _checker.CheckAsync(Ended);
        await RewriteAsync(static record => record with { Epoch = 1 });

        (await _checker.FindBreachesAsync(Ended)).Should().ContainSingle().Which.Promise.Should().Be("I5");
    }

    [Fact]
    public async Task Find_TwoHoldersOfOneEpoch_IsABreachOfI5()
    {
        await CheckpointAsync();
        await _checker.CheckAsync(Ended);
        await RewriteAsync(static record => record with { Holder = "somebody else" });

        (await _checker.FindBreachesAsync(Ended)).Should().ContainSingle().Which.Promise.Should().Be("I5");
    }

    [Fact]
    public async Task Find_IdsFell_IsABreachOfI6()
    {
        await CheckpointAsync();
        await _checker.CheckAsync(Ended);
        await RewriteAsync(static record => record with { NextId = 1 });

        (await _checker.FindBreachesAsync(Ended)).Should().ContainSingle().Which.Promise.Should().Be("I6");
    }

    [Fact]
    public async Task FindOrphans_FileThatNothingNames_IsFound()
    {
        await CheckpointAsync();
        await _storage.CreateAllAsync("job/chk-1/1-0-0123456789abcdef0123456789abcdef", new byte[1], Ended);

        (await _checker.FindOrphansAsync(Ended)).Should().Equal("job/chk-1/1-0-0123456789abcdef0123456789abcdef");
    }

    [Fact]
    public async Task Check_WithABreach_ThrowsAndNamesIt()
    {
        await CheckpointAsync();
        await _storage.DeleteAsync("job/chk-1/_metadata", Ended);
        var check = () => _checker.CheckAsync(Ended);

        await check.Should().ThrowAsync<ConformanceException>().WithMessage("I1: *chk-1*");
    }

    private async Task<CompletedCheckpoint> CheckpointAsync()
    {
        var count = new ValueStateDescriptor<long>("count");
        await using var checkpoints = await EmbeddedCheckpoints.OpenAsync(
            _storage, "job", new() { Register = _register }, Ended);
        await using var task = await checkpoints.OpenTaskAsync(
            new EmbeddedTask<int>("counts") { States = [count] }, Ended);
        using (task.Keyed.EnterKey(1))
        {
            task.Keyed.GetState(count).Update(static value => value + 1);
        }

        return await checkpoints.BeginCheckpoint().WaitAsync(Ended);
    }

    private async Task RewriteAsync(Func<RegisterRecord, RegisterRecord> change)
    {
        var entry = await _register.ReadAsync("job", Ended);
        var record = RegisterRecordSerializer.Read(entry!.Record, "register");
        await _register.TryReplaceAsync("job", entry.Version, RegisterRecordSerializer.Write(change(record)), Ended);
    }
}
