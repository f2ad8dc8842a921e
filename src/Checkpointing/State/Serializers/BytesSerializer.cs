using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Serializers;

internal sealed class BytesSerializer : StateSerializer<byte[]>
{
    public override SerializerIdentity Identity { get; } = new("bytes", Version: 1);

    public override bool IsCanonical => true;

    public override void Write(byte[] value, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(value);
        target.Write(value);
    }

    public override byte[] Read(ReadOnlySpan<byte> source) => source.ToArray();
}
