using System.Globalization;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Benchmarks.Metadata;

/// <summary>The metadata of a checkpoint as it is in practice: incremental handles of several subtasks, with real
/// paths and digests.</summary>
internal static class MetadataContent
{
    private const int Parallelism = 16;
    private const int MaxParallelism = 128;

    /// <summary>So many files, a multiple of 16, evenly over 16 subtasks. Each has a GUID in its path.</summary>
    internal static CheckpointMetadata OfFiles(int fileCount)
    {
        var ids = IdSource.FromSeed(42);
        var subtasks = Enumerable.Range(0, Parallelism)
            .Select(index => new SubtaskCheckpoint(index) { ManagedKeyed = KeyedHandle(ids, index, fileCount) })
            .ToValueList();
        return new(
            new(42),
            [],
            [new(OperatorId.FromName("totals"), Parallelism, MaxParallelism, subtasks) { Name = "totals" }])
        {
            Info = new(
                new("flights"), ids.NewGuid(), ids.NewGuid(), 1,
                new(CheckpointKind.Checkpoint, CheckpointRetention.OnCancellation),
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMilliseconds(250), []),
        };
    }

    private static IncrementalKeyedStateHandle KeyedHandle(IdSource ids, int index, int fileCount)
    {
        var backend = ids.NewGuid();
        var range = KeyGroupAssignment.RangeOf(index, Parallelism, MaxParallelism);
        var files = Enumerable.Range(0, fileCount / Parallelism).Select(i => new StateFile(
            string.Create(CultureInfo.InvariantCulture, $"{i:D6}.sst"),
            new FileStateHandle(
                $"flights/shared/{backend:D}/{range}/1-0-{ids.NewGuid():N}",
                64 << 20,
                ContentDigest.Of(BitConverter.GetBytes(i))))).ToValueList();
        var meta = new FileStateHandle($"flights/chk-42/1-0-{ids.NewGuid():N}", 4096, new(UInt128.One));
        return new(backend, range, new(42), files, [], meta, 4096);
    }
}
