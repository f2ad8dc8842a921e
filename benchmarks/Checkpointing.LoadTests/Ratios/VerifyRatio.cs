using System.IO.Hashing;
using Checkpointing.Inspection;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>The verifier ÷ the slower of reading the same files and of hashing their bytes: how much of what the
/// machine
/// gives is left.</summary>
/// <remarks>The files are read once before: both sides then read what the system has cached, if it fits. So it is the
/// verifier that is measured, and not how the disk feels just then.</remarks>
internal static class VerifyRatio
{
    private const double AtLeast = 0.8;
    private const int FileCount = 16;
    private const int BlockSize = 1 << 20;

    internal static async Task<Ratio> RunAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var root = folder.NewPath("storage");
        using var storage = new LocalCheckpointStorage(root);
        var bytes = await StoreAsync(storage, folder.Settings.StateBytes, cancellationToken).ConfigureAwait(false);
        var census = await StorageCensus.TakeAsync(storage, cancellationToken: cancellationToken).ConfigureAwait(false);
        var files = Directory.GetFiles(Path.Combine(root, "savepoint"))
            .Where(static path => !path.EndsWith("_metadata", StringComparison.Ordinal)).ToArray();
        Read(files);
        var pairs = await folder.PairsAsync(
            async _ => Rate(bytes, await LoadTestFolder.TimeAsync(async () =>
            {
                var report = await CheckpointVerifier.VerifyAsync(
                    storage, census, census.Checkpoints, cancellationToken: cancellationToken).ConfigureAwait(false);
                if (!report.IsOk || report.BytesRead != bytes)
                {
                    throw new InvalidOperationException($"The verifier read {report.BytesRead} bytes of {bytes}.");
                }
            }).ConfigureAwait(false)),
            _ => Task.FromResult(Rate(bytes, Math.Max(
                LoadTestFolder.Time(() => Read(files)), LoadTestFolder.Time(() => Hash(bytes))))),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("verify", pairs, "MiB/s", atLeast: AtLeast);
    }

    private static double Rate(long bytes, double milliseconds) => bytes / 1048.576 / milliseconds;

    private static void Read(string[] files)
    {
        var buffer = new byte[BlockSize];
        foreach (var file in files)
        {
            using var handle = File.OpenHandle(file);
            for (long at = 0; RandomAccess.Read(handle, buffer, at) is var read and > 0; at += read)
            {
            }
        }
    }

    private static void Hash(long bytes)
    {
        var block = new byte[BlockSize];
        var hash = new XxHash128();
        for (long at = 0; at < bytes; at += BlockSize)
        {
            hash.Append(block);
        }
    }

    /// <summary>A savepoint of files of random bytes.</summary>
    private static async Task<long> StoreAsync(
        LocalCheckpointStorage storage, long totalBytes, CancellationToken cancellationToken)
    {
        var random = new Random(1);
        var content = new byte[Math.Max(BlockSize, totalBytes / FileCount)];
        var files = new List<StateFile>();
        for (var index = 0; index < FileCount; index++)
        {
            random.NextBytes(content);
            var name = $"{index:D6}-file";
            var digest = await storage.CreateAllAsync($"savepoint/{name}", content, cancellationToken)
                .ConfigureAwait(false);
            files.Add(new($"{index:D6}.sst", new RelativeFileStateHandle(name, content.Length, digest)));
        }

        var keyed = new IncrementalKeyedStateHandle(
            Guid.Empty, KeyGroupRange.All(128), new(1), [], files.ToValueList(), new ByteStreamStateHandle("meta",
                [1]));
        var metadata = new CheckpointMetadata(new(1), [], [
            new OperatorCheckpoint(OperatorId.FromName("rows"), 1, 128, [new(0) { ManagedKeyed = keyed }])])
        {
            Info = new(
                "job", Guid.Empty, Guid.Empty, 1, new(CheckpointKind.Savepoint, CheckpointRetention.Always),
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, []),
        };
        await storage.WriteAllAsync(
            "savepoint/_metadata", CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1),
            cancellationToken).ConfigureAwait(false);
        return (long)content.Length * FileCount;
    }
}
