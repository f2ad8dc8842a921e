using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;
using Checkpointing.Tests.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class CheckpointScrubTests : IDisposable
{
    private const int FileBytes = 200_000;

    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();
    private readonly LocalCheckpointStorage _storage;
    private readonly FakeTimeProvider _time = new();
    private readonly List<CompletedCheckpoint> _retained = [];
    private readonly Guid _backend = Guid.NewGuid();

    public CheckpointScrubTests() => _storage = new(_folder.File("root"));

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task RunPassAsync_GoodFiles_ReadsEachOnceAtTheRate()
    {
        var (_, _, shared) = await StoreAsync();
        var began = _time.GetUtcNow();

        var report = await PassAsync(NewScrub());

        report.Problems.Should().BeEmpty();
        report.Files.Should().Be(5, "one is shared by both checkpoints, each has one of its own and its metadata");
        report.Bytes.Should().BeGreaterThan(3 * FileBytes).And.BeLessThan(3 * FileBytes + 10_000);
        (_time.GetUtcNow() - began).Should().BeGreaterThanOrEqualTo(
            TimeSpan.FromSeconds((3 * FileBytes - 70_000) / 100_000.0), "it reads 100 kB a second");
        shared.Should().NotBeEmpty();
    }

    [Fact]
    public async Task RunPassAsync_DamagedFiles_ReportsEachWithItsCheckpointsAndDeletesNothing()
    {
        var (first, second, shared) = await StoreAsync();
        Change(shared, stream => stream.WriteByte(7));
        Change(first, stream => stream.SetLength(FileBytes - 1));
        File.Delete(FullPath(second));
        Change(_retained[1].MetadataPath, stream =>
        {
            stream.Position = stream.Length / 2;
            var value = stream.ReadByte();
            stream.Position--;
            stream.WriteByte((byte)(value ^ 1));
        });
        var seen = new List<ScrubProblem>();

        var report = await PassAsync(NewScrub(), seen.Add);

        seen.Should().Equal(report.Problems);
        report.Problems.ToDictionary(problem => problem.Path, problem => (problem.Kind, problem.Checkpoints.Count))
            .Should().BeEquivalentTo(new Dictionary<string, (ScrubProblemKind, int)>
            {
                [shared] = (ScrubProblemKind.WrongContent, 2),
                [first] = (ScrubProblemKind.WrongLength, 1),
                [second] = (ScrubProblemKind.Missing, 1),
                [_retained[1].MetadataPath] = (ScrubProblemKind.WrongContent, 1),
            });
        report.Problems.Single(problem => problem.Path == shared).Checkpoints
            .Should().Equal(new CheckpointId(1), new CheckpointId(2));
        File.Exists(FullPath(shared)).Should().BeTrue("a scrub deletes nothing");
    }

    [Fact]
    public async Task RunPassAsync_CheckpointSubsumedMeanwhile_IsNoProblem()
    {
        var (first, _, _) = await StoreAsync();
        File.Delete(FullPath(first));
        File.Delete(FullPath(_retained[0].MetadataPath));
        var all = _retained.ToList();
        var calls = 0;
        var scrub = new CheckpointScrub(
            _storage, () => calls++ == 0 ? all : [all[1]], new ByteRateLimit(1L << 40, _time));

        var report = await PassAsync(scrub);

        report.Problems.Should().BeEmpty();
        report.Vanished.Should().Be(2);
        report.Files.Should().Be(3);
    }

    [Fact]
    public async Task RunPassAsync_Cancelled_TheNextPassGoesOnBehindTheLastFile()
    {
        var (_, _, shared) = await StoreAsync();
        var scrub = NewScrub();
        var paths = new[] { _retained[0].MetadataPath, _retained[1].MetadataPath, shared };
        paths.Max(StringComparer.Ordinal).Should().Be(shared, "it is read last");
        Change(_retained[0].MetadataPath, stream => stream.SetLength(3));
        Change(shared, stream => stream.WriteByte(7));
        using var cancel = new CancellationTokenSource();
        var cutOff = () => PassAsync(scrub, _ => cancel.Cancel(), cancel.Token);
        await cutOff.Should().ThrowAsync<OperationCanceledException>();

        var report = await PassAsync(scrub);

        report.Files.Should().Be(5);
        report.Problems.Select(problem => problem.Path).Should().Equal(
            [shared, _retained[0].MetadataPath], "the file of the first problem was read before the cancellation");
    }

    private CheckpointScrub NewScrub() => new(_storage, () => _retained, new ByteRateLimit(100_000, _time));

    // Nothing is waited for by the clock: the fake one is moved on until the pass has ended.
    private async Task<ScrubReport> PassAsync(
        CheckpointScrub scrub, Action<ScrubProblem>? onProblem = null, CancellationToken cancellationToken = default)
    {
        var pass = scrub.RunPassAsync(onProblem, cancellationToken);
        var deadline = System.Diagnostics.Stopwatch.StartNew();
        while (!pass.IsCompleted && deadline.Elapsed < TimeSpan.FromSeconds(60))
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        return await pass.WaitAsync(TimeSpan.Zero, CancellationToken.None);
    }

    private string FullPath(string path) => Path.Combine(_storage.Root, path);

    private void Change(string path, Action<FileStream> change)
    {
        File.SetAttributes(FullPath(path), FileAttributes.Normal);
        using var stream = new FileStream(FullPath(path), FileMode.Open, FileAccess.ReadWrite);
        change(stream);
    }

    private async Task<(string First, string Second, string Shared)> StoreAsync()
    {
        var shared = await NewFileAsync($"job/shared/{_backend:D}/0-15/3-1-{Guid.NewGuid():N}", seed: 1);
        var first = await NewFileAsync($"job/chk-1/3-1-{Guid.NewGuid():N}", seed: 2);
        var second = await NewFileAsync($"job/chk-2/3-1-{Guid.NewGuid():N}", seed: 3);
        await AddAsync(1, shared, first);
        await AddAsync(2, shared, second);
        return (first.Path, second.Path, shared.Path);
    }

    private async Task<FileStateHandle> NewFileAsync(string path, int seed)
    {
        var content = new byte[FileBytes];
        new Random(seed).NextBytes(content);
        return new(path, FileBytes, await _storage.WriteAllAsync(path, content, None));
    }

    private async Task AddAsync(long id, FileStateHandle shared, FileStateHandle meta)
    {
        var keyed = new IncrementalKeyedStateHandle(
            _backend, new(0, 15), new(id), [new("000009.sst", shared)], [], meta, FileBytes);
        var metadata = new CheckpointMetadata(new(id), [],
            [new(OperatorId.FromName("op"), 1, 16, [new(0) { ManagedKeyed = keyed }]) { Name = "op" }])
        {
            Info = new(
                "job", Guid.NewGuid(), Guid.NewGuid(), 3, new(CheckpointKind.Checkpoint, CheckpointRetention.Always),
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, []),
        };
        var folder = $"job/chk-{id}";
        await _storage.WriteAllAsync(
            $"{folder}/_metadata", CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1), None);
        _retained.Add(await CheckpointLoader.LoadAsync(_storage, folder, None));
    }
}
