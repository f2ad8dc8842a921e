using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class StorageCheckpointRegisterTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly CheckpointStorageUnavailableException LostAnswer = new("f", "did not answer.");

    private readonly CommitHookStorage _storage = new();
    private readonly StorageCheckpointRegister _register;

    public StorageCheckpointRegisterTests() => _register = new(_storage);

    [Fact]
    public async Task Replace_ManyTimes_KeepsTheNewestSixteenFiles()
    {
        await ReplaceOftenAsync(from: 0, count: 40);

        var newest = Enumerable.Range(25, 16).Select(static version => $"job/register/{version:D19}");
        (await FilesAsync()).Should().Equal(newest);
        (await _register.ReadAsync("job", None))!.Version.Should().Be(40);
    }

    [Fact]
    public async Task Read_ForeignFilesInTheFolder_IgnoresThem()
    {
        await ReplaceOftenAsync(from: 0, count: 2);
        string[] names = ["9999", "notes.txt", "00000000000000000x9", "9999999999999999999", "sub/0000000000000000009"];
        foreach (var name in names)
        {
            await _storage.WriteAllAsync($"job/register/{name}", new byte[] { 77 }, None);
        }

        (await _register.ReadAsync("job", None))!.Version.Should().Be(2);
        (await _register.TryReplaceAsync("job", 2, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Replaced);
        (await _register.ReadAsync("job", None))!.Version.Should().Be(3);
    }

    [Fact]
    public async Task Read_NewestFileTooLong_IsCorrupt()
    {
        await _storage.WriteAllAsync($"job/register/{1:D19}", new byte[600_000], None);

        var read = async () => await _register.ReadAsync("job", None);

        (await read.Should().ThrowAsync<CheckpointCorruptException>()).Which.Path.Should().EndWith("0001");
    }

    [Fact]
    public async Task Replace_AnswerLostAfterTheWrite_IsReplaced()
    {
        _storage.OnCommit = static async commit =>
        {
            await commit();
            throw LostAnswer;
        };

        (await _register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Replaced);
        (await _register.ReadAsync("job", None))!.Record.ToArray().Should().Equal(1);
    }

    [Fact]
    public async Task Replace_CreationSentTwice_IsReplaced()
    {
        _storage.OnCommit = static async commit =>
        {
            await commit();
            throw new StoredFileExistsException("f");
        };

        (await _register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Replaced);
    }

    [Fact]
    public async Task Replace_AnswerLostBeforeTheWrite_IsUnknown()
    {
        _storage.OnCommit = static _ => throw LostAnswer;

        (await _register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Unknown);
        (await _register.ReadAsync("job", None)).Should().BeNull();
    }

    [Fact]
    public async Task Replace_CertainlyNotWritten_Throws()
    {
        _storage.OnCommit = static _ =>
            throw new CheckpointStorageUnavailableException("f", "is full.") { ChangedNothing = true };

        var replace = async () => await _register.TryReplaceAsync("job", 0, new byte[] { 1 }, None);

        await replace.Should().ThrowAsync<CheckpointStorageUnavailableException>();
    }

    [Fact]
    public async Task Replace_AnswerLostAndSomebodyElseWasFirst_IsLost()
    {
        _storage.OnCommit = async _ =>
        {
            await new StorageCheckpointRegister(_storage).TryReplaceAsync("job", 0, new byte[] { 2 }, None);
            throw LostAnswer;
        };

        (await _register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Lost);
        (await _register.ReadAsync("job", None))!.Record.ToArray().Should().Equal(2);
    }

    [Fact]
    public async Task Replace_AnswerLostAndItsPlaceHoldsALongerFile_IsLost()
    {
        _storage.OnCommit = async _ =>
        {
            await _storage.WriteAllAsync($"job/register/{1:D19}", new byte[600_000], None);
            throw LostAnswer;
        };

        (await _register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Lost);
    }

    [Theory]
    [InlineData(FaultKind.Denied)]
    [InlineData(FaultKind.NotFound)]
    public async Task Replace_AnswerLostAndItCannotBeReadBack_IsUnknown(FaultKind fault)
    {
        var register = new StorageCheckpointRegister(new FaultyStorage(_storage, new(
            at => at.Kind == StorageOperationKind.OpenRead ? fault : FaultKind.None)));
        _storage.OnCommit = static async commit =>
        {
            await commit();
            throw LostAnswer;
        };

        (await register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Unknown);
    }

    [Fact]
    public async Task Replace_GoneBeforeItIsConfirmed_IsUnknown()
    {
        var path = $"job/register/{1:D19}";
        var register = new StorageCheckpointRegister(new FaultyStorage(_storage, new()
        {
            Gate = async at =>
            {
                if (at.Kind == StorageOperationKind.GetLength)
                {
                    await _storage.DeleteAsync(path, None);
                }
            },
        }));

        (await register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Unknown);
    }

    [Fact]
    public async Task Read_GivesWayToNewerOnesAgainAndAgain_EndsAndSaysSo()
    {
        await ReplaceOftenAsync(from: 0, count: 1);
        var plan = new FaultPlan(
            static at => at.Kind == StorageOperationKind.OpenRead ? FaultKind.NotFound : FaultKind.None);
        var read = async () => await new StorageCheckpointRegister(new FaultyStorage(_storage, plan))
            .ReadAsync("job", None);

        (await read.Should().ThrowAsync<CheckpointStorageUnavailableException>()).WithMessage("*100 times*");
    }

    [Fact]
    public async Task Replace_SyncFails_IsUnknownForItMayBeReadByOthers()
    {
        _storage.IsSyncBroken = true;

        (await _register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Unknown);
    }

    // Others may build on our version before we have looked again: it was the record all the same.
    [Fact]
    public async Task Replace_OthersBuildOnItAtOnce_IsReplaced()
    {
        _storage.OnCommit = async commit =>
        {
            var digest = await commit();
            await ReplaceOftenAsync(from: 1, count: 15);
            return digest;
        };

        (await _register.TryReplaceAsync("job", 0, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Replaced);
    }

    // Our place is free again because it was pruned: the file must not count, nor stay.
    [Fact]
    public async Task Replace_SleptUntilItsPlaceWasPruned_IsNotReplaced()
    {
        await ReplaceOftenAsync(from: 0, count: 3);
        _storage.OnCommit = async commit =>
        {
            await ReplaceOftenAsync(from: 3, count: 40);
            return await commit();
        };

        (await _register.TryReplaceAsync("job", 3, new byte[] { 1 }, None)).Should().Be(RegisterReplacement.Unknown);

        (await _register.ReadAsync("job", None))!.Version.Should().Be(43);
        (await FilesAsync()).Should().HaveCount(16);
    }

    private async Task ReplaceOftenAsync(int from, int count)
    {
        var register = new StorageCheckpointRegister(_storage);
        for (var version = from; version < from + count; version++)
        {
            (await register.TryReplaceAsync("job", version, new byte[] { (byte)version, 9 }, None))
                .Should().Be(RegisterReplacement.Replaced);
        }
    }

    private async Task<List<string>> FilesAsync()
    {
        var paths = new List<string>();
        await foreach (var file in _storage.ListAsync("job/register", None))
        {
            paths.Add(file.Path);
        }

        return paths;
    }
}
