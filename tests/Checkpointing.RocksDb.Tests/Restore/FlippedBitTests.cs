using System.Globalization;
using Checkpointing.State;
using Checkpointing.State.Heap;
using static Checkpointing.RocksDb.Tests.Restore.StoredCheckpoint;

namespace Checkpointing.RocksDb.Tests.Restore;

/// <summary>One flipped bit in any stored file is reported at restore with the file's name, before any row is
/// believed.</summary>
public sealed class FlippedBitTests(ITestOutputHelper output) : IDisposable
{
    private const string CountVariable = "CHECKPOINTING_FLIPS";
    private const string SeedVariable = "CHECKPOINTING_FLIP_SEED";

    private readonly RocksDbTestBed _bed = new(writeBufferSizeBytes: 64 << 10);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Restore_OneFlippedBitAnywhere_NamesTheFileAndBelievesNothing()
    {
        var checkpoint = await MakeAsync(_bed);
        foreach (var kind in Enum.GetValues<FileKind>())
        {
            checkpoint.Files.Should().Contain(file => file.Kind == kind);
        }

        foreach (var way in Enum.GetValues<Way>())
        {
            await ShouldRestoreAsync(checkpoint, way);
        }

        var seed = Read(SeedVariable, 1);
        var random = new Random(seed);
        var flips = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < Read(CountVariable, 150); i++)
        {
            // Small files would hardly ever be met by choosing among all bytes.
            var (path, kind, length) = checkpoint.Files[random.Next(checkpoint.Files.Count)];
            var (offset, bit) = (random.NextInt64(length), random.Next(8));
            var way = (Way)random.Next(Enum.GetValues<Way>().Length);
            checkpoint.FlipBit(path, offset, bit);
            await ShouldFailAsync(checkpoint, path, kind, way, $"seed {seed}, flip {i}: bit {bit} of byte {offset}");
            checkpoint.FlipBit(path, offset, bit);
            var what = kind is FileKind.Sst or FileKind.Catalogue ? $"{kind}, {way}" : $"{kind}";
            flips[what] = flips.GetValueOrDefault(what) + 1;
        }

        foreach (var way in Enum.GetValues<Way>())
        {
            await ShouldRestoreAsync(checkpoint, way);
        }

        output.WriteLine(
            $"{flips.Values.Sum()} flips over {checkpoint.Files.Count} files of "
            + $"{checkpoint.Files.Sum(file => file.LengthBytes)} bytes, all reported: "
            + string.Join("; ", flips.Select(flip => $"{flip.Key}: {flip.Value}")));
    }

    private async Task ShouldRestoreAsync(StoredCheckpoint checkpoint, Way way)
    {
        foreach (var kind in Enum.GetValues<FileKind>())
        {
            await checkpoint.RestoreAsync(kind, way, NewFactory(way, out _));
        }

        await checkpoint.RestoreAsync(FileKind.Canonical, way, new HeapBackendFactory());
    }

    private async Task ShouldFailAsync(StoredCheckpoint checkpoint, string path, FileKind kind, Way way, string what)
    {
        var factory = NewFactory(way, out var options);
        var restore = async () => await checkpoint.RestoreAsync(kind, way, factory);

        var thrown = (await restore.Should().ThrowAsync<CheckpointingException>($"{what} of '{path}' ({kind}, {way})"))
            .Which;

        // A file that does not even say that it is metadata of ours may be somebody else's.
        var named = kind == FileKind.Metadata && thrown is UnsupportedFormatException unsupported
            ? unsupported.Path
            : thrown.Should().BeOfType<CheckpointCorruptException>(what).Which.Path;
        named.Should().Be(path, what);
        thrown.Message.Should().Contain(path);
        var counts = options.Counts;
        var isOtherHalfGood = way == Way.SameRange && kind is FileKind.Sst or FileKind.Catalogue;
        counts.SameRange.Should().BeLessThanOrEqualTo(isOtherHalfGood ? 1 : 0, what);
        (counts.ByRows + counts.Whole + counts.Patched + counts.Rewritten).Should().Be(0, what);
        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty(what);
    }

    private RocksDbBackendFactory NewFactory(Way way, out RocksDbBackendOptions options)
    {
        options = new()
        {
            WorkingDirectory = _bed.WorkingDirectory,
            WriteBufferSizeBytes = _bed.Options.WriteBufferSizeBytes,
            Rescaling = new() { MayImport = way != Way.Rows },
        };
        return new(options);
    }

    private static int Read(string variable, int otherwise) => int.TryParse(
        Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        ? value
        : otherwise;
}
