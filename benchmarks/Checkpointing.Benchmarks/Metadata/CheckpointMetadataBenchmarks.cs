using System.Globalization;
using BenchmarkDotNet.Attributes;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Benchmarks.Metadata;

/// <summary>
/// Reading and writing the metadata of a checkpoint of 10,000 files with real paths, 16 subtasks.
/// Budget: 10 ms each, allocations at most 3 times the encoded size.
/// </summary>
[MemoryDiagnoser]
public class CheckpointMetadataBenchmarks
{
    private const int FileCount = 10_000;
    private const int Parallelism = 16;
    private const int MaxParallelism = 128;

    private CheckpointMetadata _metadata = null!;
    private byte[] _encoded = [];

    /// <summary>Ours, and the one of Flink's that we write.</summary>
    [Params(MetadataFormat.NativeV1, MetadataFormat.FlinkV2)]
    public MetadataFormat Format { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var ids = IdSource.FromSeed(42);
        var subtasks = Enumerable.Range(0, Parallelism)
            .Select(index => new SubtaskCheckpoint(index) { ManagedKeyed = KeyedHandle(ids, index) }).ToValueList();
        _metadata = new(
            new(42),
            [],
            [new(OperatorId.FromName("totals"), Parallelism, MaxParallelism, subtasks) { Name = "totals" }])
        {
            Info = new(
                new("flights"), ids.NewGuid(), ids.NewGuid(), 1,
                new(CheckpointKind.Checkpoint, CheckpointRetention.OnCancellation),
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMilliseconds(250), []),
        };
        _encoded = CheckpointMetadataSerializer.Write(_metadata, Format);
        Console.WriteLine($"// encoded size: {_encoded.Length} bytes");
    }

    [Benchmark]
    public byte[] Write() => CheckpointMetadataSerializer.Write(_metadata, Format);

    [Benchmark]
    public CheckpointMetadata Read() => CheckpointMetadataSerializer.Read(_encoded, "flights/chk-42/_metadata");

    private static IncrementalKeyedStateHandle KeyedHandle(IdSource ids, int index)
    {
        var backend = ids.NewGuid();
        var range = KeyGroupAssignment.RangeOf(index, Parallelism, MaxParallelism);
        var files = Enumerable.Range(0, FileCount / Parallelism).Select(i => new StateFile(
            string.Create(CultureInfo.InvariantCulture, $"{i:D6}.sst"),
            new FileStateHandle(
                $"flights/shared/{backend:D}/{range}/1-0-{ids.NewGuid():N}",
                64 << 20,
                new((UInt128)(uint)i << 64)))).ToValueList();
        var meta = new FileStateHandle($"flights/chk-42/1-0-{ids.NewGuid():N}", 4096, new(UInt128.One));
        return new(backend, range, new(42), files, [], meta, 4096);
    }
}
