using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests;

/// <summary>How files travelled is reported for each file, each snapshot and each restore.</summary>
public sealed class TransferReportTests
{
    public enum Way
    {
        Link,
        NoLink,
        Copy,
        Stream,
    }

    [Theory]
    [InlineData(Way.Link)]
    [InlineData(Way.NoLink)]
    [InlineData(Way.Copy)]
    [InlineData(Way.Stream)]
    public async Task SnapshotAndRestore_SayHowFilesTravelled(Way way)
    {
        using var bed = new RocksDbTestBed(
            isStorageLocal: way != Way.Stream,
            storageOptions: new() { ForceCopy = way == Way.Copy, NoHardLinks = way == Way.NoLink });
        var expected = way switch
        {
            Way.Link => FileTransferKind.HardLink,
            Way.Copy => FileTransferKind.Copy,
            Way.Stream => FileTransferKind.Stream,
            _ => await ProbeAsync(bed),
        };
        await using var backend = (RocksDbKeyedStateBackend)await bed.OpenAsync();
        Put(backend, "a", "1");
        var first = await bed.TakeAsync(backend);
        Put(backend, "b", "2");
        var second = await bed.TakeAsync(backend, first.Id);

        foreach (var taken in new[] { first, second })
        {
            var transfer = taken.Result.Transfers.Should().ContainSingle("the catalogue is in the metadata").Subject;
            transfer.Kind.Should().Be(expected);
            var sent = taken.Sent.SharedFiles.Select(file => file.Handle).OfType<FileStateHandle>().Single();
            transfer.Path.Should().Be(sent.Path);
            transfer.LengthBytes.Should().Be(sent.FileSizeBytes);
            taken.Result.Cost.Transfers.Should().Be(transfer.Counts);
            Count(transfer.Counts, expected).Should().Be((1, sent.FileSizeBytes));
            SharesInode(bed, backend, sent).Should().Be(expected == FileTransferKind.HardLink);
        }

        backend.Scope.Counters.Transfers.Should().Be(
            first.Result.Cost.Transfers + second.Result.Cost.Transfers);
        await using var restored = await bed.OpenAsync([second.Handle!], restoredCheckpoint: second.Id);
        restored.RestoreTransfers.Should().Be(backend.Scope.Counters.Transfers);
        bed.Options.Counts.Transfers.Should().Be(restored.RestoreTransfers);
        backend.RestoreTransfers.Should().Be(default(TransferCounts));

        await using var rescaled = await bed.OpenAsync(
            [second.Handle!], new(0, (MaxParallelism / 2) - 1), restoredCheckpoint: second.Id);
        Count(rescaled.RestoreTransfers, expected).Files.Should().Be(rescaled.RestoreTransfers.Files);
        rescaled.RestoreTransfers.Files.Should().BeInRange(1, 2);
    }

    [Fact]
    public async Task FirstSnapshotAfterAForeignRestore_CountsCopiesWithinTheStorage()
    {
        using var bed = new RocksDbTestBed();
        await using var before = await bed.OpenAsync();
        Put(before, "a", "1");
        var taken = await bed.TakeAsync(before);
        await using var backend = await bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id, isForeign: true);

        var own = await bed.TakeAsync(backend);

        own.Result.Cost.Transfers.Should().Be(TransferCounts.Linked(own.Result.Cost.ReusedBytes));
        own.Result.Transfers.Should().ContainSingle();
    }

    [Fact]
    public async Task FullSnapshot_IsOneStreamedFile()
    {
        using var bed = new RocksDbTestBed(RocksDbSnapshotMode.Full);
        await using var backend = await bed.OpenAsync();
        Put(backend, "a", "1");

        var taken = await bed.TakeAsync(backend);

        taken.Result.Cost.Transfers.Should().Be(TransferCounts.Streamed(taken.Result.Cost.NewBytes));
        $"{taken.Result.Cost.Transfers}".Should().Be("1 file streamed");
    }

    [Fact]
    public void TransferCounts_AreSaidInWords()
    {
        $"{default(TransferCounts)}".Should().Be("no file moved");
        var sum = TransferCounts.Linked(3) + TransferCounts.Linked(4) + TransferCounts.Copied(5);
        $"{sum + TransferCounts.Reflinked(1)}".Should().Be("2 files linked, 1 reflinked, 1 copied");
    }

    private static async Task<FileTransferKind> ProbeAsync(RocksDbTestBed bed)
    {
        var local = Path.Combine(bed.Root, "probe");
        File.WriteAllText(local, "probe");
        var kind = await bed.LocalStorage.LocalFiles.StoreAsync(local, isSynced: true, "probe", default);
        kind.Should().BeOneOf(FileTransferKind.Reflink, FileTransferKind.Copy);
        return kind;
    }

    private static (int Files, long Bytes) Count(TransferCounts counts, FileTransferKind kind) => kind switch
    {
        FileTransferKind.HardLink => (counts.LinkedFiles, counts.LinkedBytes),
        FileTransferKind.Reflink => (counts.ReflinkedFiles, counts.ReflinkedBytes),
        FileTransferKind.Copy => (counts.CopiedFiles, counts.CopiedBytes),
        _ => (counts.StreamedFiles, counts.StreamedBytes),
    };

    private static bool SharesInode(RocksDbTestBed bed, RocksDbKeyedStateBackend backend, FileStateHandle file)
    {
        // A file's time is that of all its names.
        var mark = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        var stored = bed.FullPath(file);
        var before = File.GetLastWriteTimeUtc(stored);
        File.SetLastWriteTimeUtc(stored, mark);
        var isShared = Directory.GetFiles(backend.Database.Path, "*.sst")
            .Any(live => File.GetLastWriteTimeUtc(live) == mark);
        File.SetLastWriteTimeUtc(stored, before);
        return isShared;
    }
}
