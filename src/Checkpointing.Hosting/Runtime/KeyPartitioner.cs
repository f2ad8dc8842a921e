using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Sends a record to the subtask that owns the key group of its key.</summary>
internal sealed class KeyPartitioner<TKey, T>(
    Func<T, TKey> keySelector, StateSerializer<TKey> keySerializer, int parallelism,
    int maxParallelism) : Partitioner<T>
{
    private readonly ArrayBufferWriter<byte> _keyBytes = new(64);

    public override int Select(T value) => SubtaskOf(keySelector(value));

    /// <summary>The subtask that owns a key.</summary>
    public int SubtaskOf(TKey key)
    {
        _keyBytes.ResetWrittenCount();
        keySerializer.Write(key, _keyBytes);
        var keyGroup = KeyGroupAssignment.KeyGroupOf(_keyBytes.WrittenSpan, maxParallelism);
        return KeyGroupAssignment.SubtaskIndexOf(keyGroup, parallelism, maxParallelism);
    }
}
