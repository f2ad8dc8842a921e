using System.Buffers;
using BenchmarkDotNet.Attributes;
using Checkpointing.State;

namespace Checkpointing.Benchmarks.State;

/// <summary>
/// What composing a row's key costs each access to keyed state, into a buffer that is used again.
/// Budget: no allocation.
/// </summary>
[MemoryDiagnoser]
public class KeyedRowKeyBenchmarks
{
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private byte[] _key = [];

    /// <summary>Bytes of the key: an airport's code, a Guid as text, a long name.</summary>
    [Params(3, 36, 200)]
    public int KeyLengthBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _key = new byte[KeyLengthBytes];
        _key.AsSpan().Fill((byte)'A');
    }

    [Benchmark(Baseline = true)]
    public int CopyOnly()
    {
        _buffer.ResetWrittenCount();
        _buffer.Write(_key);
        return _buffer.WrittenCount;
    }

    [Benchmark]
    public int Compose()
    {
        _buffer.ResetWrittenCount();
        KeyedRowKey.WriteKeyGroup(17, _buffer);
        KeyedRowKey.WritePart(_key, _buffer);
        KeyedRowKey.WritePart([], _buffer);
        return _buffer.WrittenCount;
    }
}
