using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Inspection;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Inspection;

/// <summary>Damage to stored files, one place at a time. CI samples 150 flips; 1,000 are run by hand with
/// <c>CHECKPOINTING_FLIPS=1000</c>.</summary>
public sealed class CheckpointVerifierTests
{
    private const int FileCount = 6;
    private readonly InMemoryCheckpointStorage _storage = new();

    private static int FlipCount => int.Parse(
        Environment.GetEnvironmentVariable("CHECKPOINTING_FLIPS") ?? "150", CultureInfo.InvariantCulture);

    [Fact]
    public async Task VerifyAsync_Intact_ReadsEveryFileOnce()
    {
        var paths = await StoreAsync();

        var report = await VerifyAsync();

        report.IsOk.Should().BeTrue();
        report.Checkpoints.Select(static one => one.Checkpoint).Should().Equal("job/chk-1", "job/chk-2", "job/chk-3");
        report.Checkpoints.Should().OnlyContain(static one => one.NewestGood == "job/chk-3");
        (report.Files, report.FilesRead).Should().Be((paths.Count, paths.Count));
    }

    [Fact]
    public async Task VerifyAsync_AnyFlippedBit_IsFoundNamedAndTheNewestGoodIsSaid()
    {
        var paths = await StoreAsync();
        paths.AddRange(["job/chk-1/_metadata", "job/chk-2/_metadata", "job/chk-3/_metadata"]);
        var random = new Random(1);
        for (var flip = 0; flip < FlipCount; flip++)
        {
            var path = paths[random.Next(paths.Count)];
            var intact = await _storage.ReadAllAsync(path, 1 << 20, CancellationToken.None);
            var damaged = intact.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            await ReplaceAsync(path, damaged);

            await ExpectAsync(path, ScrubProblemKind.WrongContent);

            await ReplaceAsync(path, intact);
        }

        (await VerifyAsync()).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task VerifyAsync_EveryMissingOrCutFile_IsFoundNamedAndTheNewestGoodIsSaid()
    {
        foreach (var path in await StoreAsync())
        {
            var intact = await _storage.ReadAllAsync(path, 1 << 20, CancellationToken.None);
            await _storage.DeleteAsync(path, CancellationToken.None);
            await ExpectAsync(path, ScrubProblemKind.Missing);

            await _storage.WriteAllAsync(path, intact.AsMemory(0, intact.Length - 1), CancellationToken.None);
            await ExpectAsync(path, ScrubProblemKind.WrongLength);

            await ReplaceAsync(path, [.. intact, 0]);
            await ExpectAsync(path, ScrubProblemKind.WrongLength);

            await ReplaceAsync(path, intact);
        }

        await _storage.DeleteAsync("job/chk-3/_metadata", CancellationToken.None);
        await ExpectAsync("job/chk-3/_metadata", ScrubProblemKind.Missing);
    }

    [Fact]
    public async Task VerifyAsync_OneCheckpointDamaged_LooksAtTheOthersForTheNewestGood()
    {
        await StoreAsync();
        await ReplaceAsync(FileOf(3), [1, 2, 3]);
        var census = await StorageCensus.TakeAsync(_storage);

        var report = await CheckpointVerifier.VerifyAsync(_storage, census, [census.Find("job/chk-3")!]);

        report.Checkpoints.Should().ContainSingle().Which.NewestGood.Should().Be("job/chk-2");
    }

    [Theory]
    [InlineData(0.5, FileCount / 2)]
    [InlineData(0.01, 1)]
    public async Task VerifyAsync_Sample_ReadsThatShareAndLooksForAll(double sample, int read)
    {
        await StoreAsync();
        await ReplaceAsync(FileOf(1), [1]);

        var report = await VerifyAsync(new() { Sample = sample, SampleSeed = 5 });

        report.Files.Should().Be(FileCount);
        report.FilesRead.Should().BeInRange(read - 1, read, "a file of another length need not be read");
        report.IsOk.Should().BeFalse("the length is looked at in any case");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public async Task VerifyAsync_SampleOutOfRange_IsRefused(double sample)
    {
        await StoreAsync();

        var verify = () => VerifyAsync(new() { Sample = sample });

        await verify.Should().ThrowAsync<ArgumentOutOfRangeException>();
    }

    private static string FileOf(int index) => string.Create(
        CultureInfo.InvariantCulture,
        $"job/shared/{new Guid(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]):D}/0-127/1-0-{index:x32}");

    /// <summary>Checkpoints 1 to 3: files 1 to 4, 2 to 5 and 3 to 6, but the last has its file 3 for itself.</summary>
    private async Task<List<string>> StoreAsync()
    {
        var random = new Random(3);
        var handles = new List<FileStateHandle>();
        for (var index = 1; index <= FileCount; index++)
        {
            var bytes = new byte[random.Next(1, 5_000)];
            random.NextBytes(bytes);
            var digest = await _storage.CreateAllAsync(FileOf(index), bytes, CancellationToken.None);
            handles.Add(new(FileOf(index), bytes.Length, digest));
        }

        int[][] checkpoints = [[1, 2], [2, 4, 5], [2, 3, 5, 6]];
        var retained = new List<RetainedCheckpoint>();
        foreach (var (i, files) in checkpoints.Index())
        {
            var metadata = MetadataOf(i + 1, files.Select(file => handles[file - 1]));
            var bytes = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);
            var digest = await _storage.WriteAllAsync($"job/chk-{i + 1}/_metadata", bytes, CancellationToken.None);
            retained.Add(new(new(i + 1), $"job/chk-{i + 1}", CheckpointKind.Checkpoint, bytes.Length, digest));
        }

        await new RegisterSession(new StorageCheckpointRegister(_storage), "job").TryReplaceAsync(
            new()
            {
                Job = "job", JobUid = Guid.Empty, LineageId = Guid.Empty, Epoch = 1, Holder = "test", NextId = 17,
                FirstIdOfEpoch = 1, Retained = retained.ToValueList(), Token = new(1, 0, 0, new byte[8]),
            },
            CancellationToken.None);
        return [.. handles.Select(static handle => handle.Path)];
    }

    private static CheckpointMetadata MetadataOf(int id, IEnumerable<FileStateHandle> files)
    {
        var keyed = new IncrementalKeyedStateHandle(
            new(7, 0, 0, new byte[8]), KeyGroupRange.All(128), new(id),
            files.Select((file, i) => new StateFile($"{i:D6}.sst", file)).ToValueList(), [],
            new ByteStreamStateHandle("meta", [1, 2, 3]), 10);
        return new(new(id), [], [
            new OperatorCheckpoint(OperatorId.FromName("totals"), 1, 128, [new(0) { ManagedKeyed = keyed }])
            {
                Name = "totals",
            }])
        {
            Info = new(
                "job", Guid.Empty, Guid.Empty, 1, new(CheckpointKind.Checkpoint, CheckpointRetention.Always),
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, []),
        };
    }

    private async Task ReplaceAsync(string path, byte[] bytes)
    {
        await _storage.DeleteAsync(path, CancellationToken.None);
        await _storage.WriteAllAsync(path, bytes, CancellationToken.None);
    }

    private async Task<VerificationReport> VerifyAsync(VerifyOptions? options = null)
    {
        var census = await StorageCensus.TakeAsync(_storage);
        return await CheckpointVerifier.VerifyAsync(_storage, census, census.RetainedOf("job"), options);
    }

    private async Task ExpectAsync(string path, ScrubProblemKind kind)
    {
        var report = await VerifyAsync();
        int[][] needs = [[], [1], [1, 2, 3], [3], [2], [2, 3], [3]];
        var index = path.EndsWith("_metadata") ? 0 : int.Parse(path[^1..]);
        var concerned = index == 0 ? [path[.."job/chk-1".Length]]
            : needs[index].Select(id => $"job/chk-{id}").ToArray();
        var good = new[] { "job/chk-3", "job/chk-2", "job/chk-1" }.FirstOrDefault(one => !concerned.Contains(one));

        report.Checkpoints.Where(static one => !one.IsOk).Select(static one => one.Checkpoint).Should()
            .BeEquivalentTo(concerned, "of '{0}'", path);
        foreach (var one in report.Checkpoints)
        {
            one.NewestGood.Should().Be(good, "of '{0}'", path);
            one.Problems.Should().NotContain(problem => problem.File != path || problem.Problem != kind);
        }
    }
}
