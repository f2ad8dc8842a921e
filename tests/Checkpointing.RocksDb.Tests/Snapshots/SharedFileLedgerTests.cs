using Checkpointing.RocksDb.Snapshots;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Tests.Snapshots;

public sealed class SharedFileLedgerTests
{
    private static readonly Guid BackendId = IdSource.FromSeed(1).NewGuid();

    private readonly SharedFileLedger _ledger = new();

    // Two snapshots upload one file at the same time; a third has chosen the first upload and is not written yet.
    [Fact]
    public void Complete_UploadReplacedByAnother_IsNotGivenUpAsLongAsARunningSnapshotMayNameIt()
    {
        var (earlier, later) = (Upload("1"), Upload("2"));
        var first = Begin(1);
        var second = Begin(2);
        var third = Begin(3);
        _ledger.AddUpload(first, "x.sst", earlier);
        _ledger.FindUpload(third, "x.sst").Should().Be(earlier);
        _ledger.AddUpload(second, "x.sst", later);
        Complete(first, earlier).Should().BeEmpty();
        _ledger.NotifyAborted(new(1));

        Complete(second, later).Should().BeEmpty("the third snapshot is about to name the first upload");
        Complete(third, earlier).Should().BeEmpty();
        _ledger.NotifyAborted(new(3));
        Complete(Begin(4), later).Should().Equal(earlier.Key);
    }

    // A snapshot's own upload, replaced before the snapshot itself is complete.
    [Fact]
    public void Complete_OwnUploadReplacedMeanwhile_IsNotGivenUp()
    {
        var (earlier, later) = (Upload("1"), Upload("2"));
        var first = Begin(1);
        var second = Begin(2);
        _ledger.AddUpload(first, "x.sst", earlier);
        _ledger.AddUpload(second, "x.sst", later);
        Complete(second, later).Should().BeEmpty("the first snapshot is still being written");
        Complete(first, earlier).Should().BeEmpty();
    }

    [Fact]
    public void Complete_AbandonedSnapshotsUpload_IsGivenUpWhenItsFileIsGone()
    {
        var upload = Upload("1");
        var abandoned = Begin(1);
        _ledger.AddUpload(abandoned, "x.sst", upload);
        _ledger.Abandon(abandoned);
        var next = Begin(2, "x.sst");
        Complete(next).Should().BeEmpty("the file is live: the next snapshot may use it");
        Complete(Begin(3, "y.sst")).Should().Equal(upload.Key);
    }

    private SharedFileLedger.Running Begin(long id, string live = "x.sst")
    {
        var running = _ledger.Begin(new(id), baseId: null);
        _ledger.SetLive(running, [live]);
        return running;
    }

    private IReadOnlyList<SharedStateKey> Complete(SharedFileLedger.Running running, params StoredSst[] files) =>
        _ledger.Complete(running, files.ToDictionary(_ => "x.sst"));

    private static StoredSst Upload(string id)
    {
        var digest = ContentDigest.Of([1]);
        var path = $"job/shared/{BackendId}/0-15/{id}";
        SharedStateKey.TryParse(path, out var key).Should().BeTrue();
        return new(key, new FileStateHandle(path, 1, digest), digest);
    }
}
