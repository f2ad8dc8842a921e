using Checkpointing.Storage;
using Checkpointing.Testing.Simulation;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Torture.Tests.Simulation;

public sealed class SimulatedStorageTests
{
    private readonly SimulatedStorage _storage = new();

    public static TheoryData<string> Names => [.. CheckpointStorageConformance.Cases.Select(static test => test.Name)];

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Case_Holds(string name) =>
        CheckpointStorageConformance.Cases.Single(test => test.Name == name)
            .RunAsync(() => new SimulatedStorage(), Ended);

    [Fact]
    public async Task CutPower_UnsyncedLost_KeepsWhatWasSynced()
    {
        await CreateAsync("a/1", "a/2");
        await _storage.SyncFoldersAsync(["a"], Ended);
        await CreateAsync("a/3");
        await _storage.DeleteAsync("a/1", Ended);

        _storage.IsDurable("a/2").Should().BeTrue();
        _storage.IsDurable("a/3").Should().BeFalse();
        _storage.CutPower(CrashAftermath.UnsyncedLost, new Random(1));

        _storage.Files.Should().Equal("a/1", "a/2");
    }

    [Fact]
    public async Task CutPower_FolderBesideSynced_IsLost()
    {
        await CreateAsync("a/1", "a/b/1");
        await _storage.SyncFoldersAsync(["a/b"], Ended);

        _storage.CutPower(CrashAftermath.UnsyncedLost, new Random(1));

        _storage.Files.Should().Equal("a/b/1");
    }

    [Fact]
    public async Task CutPower_NothingLost_KeepsAllNames()
    {
        await CreateAsync("a/1", "a/2");
        await _storage.DeleteAsync("a/1", Ended);

        _storage.CutPower(CrashAftermath.NothingLost, new Random(1));

        _storage.Files.Should().Equal("a/2");
    }

    [Fact]
    public async Task CutPower_TornPrefix_KeepsTheFirstOnes()
    {
        var seen = new HashSet<string>();
        for (var seed = 0; seed < 60; seed++)
        {
            var storage = new SimulatedStorage();
            foreach (var path in new[] { "1", "2", "3" })
            {
                await storage.CreateAllAsync(path, new byte[1], Ended);
            }

            storage.CutPower(CrashAftermath.TornPrefix, new Random(seed));
            seen.Add(string.Concat(storage.Files));
        }

        seen.Should().BeEquivalentTo("", "1", "12", "123");
    }

    [Fact]
    public async Task CutPower_Reordered_KeepsAnyOfThem()
    {
        var seen = new HashSet<string>();
        for (var seed = 0; seed < 200; seed++)
        {
            var storage = new SimulatedStorage();
            foreach (var path in new[] { "1", "2", "3" })
            {
                await storage.CreateAllAsync(path, new byte[1], Ended);
            }

            storage.CutPower(CrashAftermath.UnsyncedReordered, new Random(seed));
            seen.Add(string.Concat(storage.Files));
        }

        seen.Should().BeEquivalentTo("", "1", "2", "3", "12", "13", "23", "123");
    }

    [Fact]
    public async Task CutPower_OpenWriter_IsOfNoUseAfterwards()
    {
        await using var writer = await _storage.CreateAsync("a", Ended);
        await writer.WriteAsync(new byte[3], Ended);
        _storage.CutPower(CrashAftermath.NothingLost, new Random(1));
        var commit = () => writer.CommitAsync(Ended).AsTask();

        await commit.Should().ThrowAsync<CheckpointStorageUnavailableException>();
        _storage.Files.Should().BeEmpty();
    }

    private async Task CreateAsync(params string[] paths)
    {
        foreach (var path in paths)
        {
            await _storage.CreateAllAsync(path, new byte[1], Ended);
        }
    }
}
