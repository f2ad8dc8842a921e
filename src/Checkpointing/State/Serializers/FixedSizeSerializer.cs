using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Serializers;

internal delegate void FixedSizeWriter<in T>(Span<byte> target, T value);

internal delegate T FixedSizeReader<out T>(ReadOnlySpan<byte> source);

/// <summary>Values that always have the same number of bytes.</summary>
internal sealed class FixedSizeSerializer<T>(
    string id, int size, bool isCanonical, FixedSizeWriter<T> write, FixedSizeReader<T> read) : StateSerializer<T>
{
    public override SerializerIdentity Identity { get; } = new(id, Version: 1);

    public override bool IsCanonical => isCanonical;

    public override void Write(T value, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        write(target.GetSpan(size)[..size], value);
        target.Advance(size);
    }

    public override T Read(ReadOnlySpan<byte> source) =>
        source.Length == size
            ? read(source)
            : throw new FormatException($"A value of '{id}' has {size} bytes; there are {source.Length}.");
}
