using System.Diagnostics;
using System.Globalization;
using Checkpointing.Metadata;
using MessagePack;

namespace Checkpointing.Benchmarks.Metadata;

/// <summary>Ratios to MessagePack, for a machine that is never quiet: the candidates take turns, so all have the same
/// neighbours, and the fastest turn of each counts.</summary>
internal static class MetadataRatios
{
    /// <summary>Measures and prints.</summary>
    /// <param name="fileCount">Files of the checkpoint.</param>
    internal static void Run(int fileCount)
    {
        var turns = fileCount > 100_000 ? 12 : 1_000;
        var metadata = MetadataContent.OfFiles(fileCount);
        var packed = PackedMetadata.Of(metadata);
        var native = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);
        var flink = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV6);
        var messagePack = MessagePackSerializer.Serialize(packed);
        Compare($"write {fileCount} files", turns,
        [
            ("MessagePack", () => MessagePackSerializer.Serialize(packed)),
            ("ours", () => CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1)),
            ("Flink 6", () => CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV6)),
        ]);
        Compare($"read {fileCount} files", turns,
        [
            ("MessagePack", () => MessagePackSerializer.Deserialize<PackedMetadata>(messagePack)),
            ("ours", () => CheckpointMetadataSerializer.Read(native, "_metadata")),
            ("Flink 6", () => CheckpointMetadataSerializer.Read(flink, "_metadata")),
        ]);
    }

    private static void Compare(string what, int turns, (string Name, Func<object> Act)[] candidates)
    {
        var best = new double[candidates.Length];
        Array.Fill(best, double.MaxValue);
        for (var turn = 0; turn < turns; turn++)
        {
            for (var i = 0; i < candidates.Length; i++)
            {
                var started = Stopwatch.GetTimestamp();
                GC.KeepAlive(candidates[i].Act());
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        for (var i = 0; i < candidates.Length; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{what}, {candidates[i].Name}: {best[i]:F2} ms, {best[i] / best[0]:F2} of MessagePack"));
        }
    }
}
