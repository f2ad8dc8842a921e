using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Checkpointing.Metadata;
using MessagePack;

namespace Checkpointing.Benchmarks.Metadata;

/// <summary>
/// Reading and writing the metadata of a checkpoint of many files with real paths and digests, in our format, in
/// Flink's newest that is written, and with MessagePack as the measure.
/// Budget: 10 ms each at 10,000 files, allocations at most 3 times the encoded size, and faster than MessagePack.
/// </summary>
[MemoryDiagnoser]
[CategoriesColumn]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
public class CheckpointMetadataBenchmarks
{
    private const MetadataFormat FlinkFormat = MetadataFormat.FlinkV6;
    private const string Path = "flights/chk-42/_metadata";

    private CheckpointMetadata? _metadata;
    private PackedMetadata? _packed;
    private byte[] _encoded = [];

    /// <summary>Files of the checkpoint: many, and more than anyone has.</summary>
    [Params(10_000, 1_000_000)]
    public int FileCount { get; set; }

    [GlobalSetup(Targets = [nameof(WriteNative), nameof(WriteFlink)])]
    public void SetupWrite() => _metadata = MetadataContent.OfFiles(FileCount);

    [GlobalSetup(Target = nameof(WriteMessagePack))]
    public void SetupWriteMessagePack() => _packed = PackedMetadata.Of(MetadataContent.OfFiles(FileCount));

    [GlobalSetup(Target = nameof(ReadNative))]
    public void SetupReadNative() => SetupRead(MetadataFormat.NativeV1);

    [GlobalSetup(Target = nameof(ReadFlink))]
    public void SetupReadFlink() => SetupRead(FlinkFormat);

    [GlobalSetup(Target = nameof(ReadMessagePack))]
    public void SetupReadMessagePack()
    {
        _encoded = MessagePackSerializer.Serialize(PackedMetadata.Of(MetadataContent.OfFiles(FileCount)));
        Report("MessagePack");
    }

    /// <summary>Drops what the case held: at 1,000,000 files the next one needs the memory.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _metadata = null;
        _packed = null;
        _encoded = [];
        GC.Collect();
    }

    [Benchmark]
    [BenchmarkCategory("Write")]
    public byte[] WriteNative() => CheckpointMetadataSerializer.Write(_metadata!, MetadataFormat.NativeV1);

    [Benchmark]
    [BenchmarkCategory("Write")]
    public byte[] WriteFlink() => CheckpointMetadataSerializer.Write(_metadata!, FlinkFormat);

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("Write")]
    public byte[] WriteMessagePack() => MessagePackSerializer.Serialize(_packed!);

    [Benchmark]
    [BenchmarkCategory("Read")]
    public CheckpointMetadata ReadNative() => CheckpointMetadataSerializer.Read(_encoded, Path);

    [Benchmark]
    [BenchmarkCategory("Read")]
    public CheckpointMetadata ReadFlink() => CheckpointMetadataSerializer.Read(_encoded, Path);

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("Read")]
    public PackedMetadata ReadMessagePack() => MessagePackSerializer.Deserialize<PackedMetadata>(_encoded);

    private void SetupRead(MetadataFormat format)
    {
        _encoded = CheckpointMetadataSerializer.Write(MetadataContent.OfFiles(FileCount), format);
        Report(format.ToString());
    }

    private void Report(string format) =>
        Console.WriteLine($"// {format}, {FileCount} files: encoded size {_encoded.Length} bytes");
}
