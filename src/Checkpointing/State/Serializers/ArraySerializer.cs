using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Serializers;

internal sealed class ArraySerializer<T>(StateSerializer<T> element) : StateSerializer<T[]>
{
    public override SerializerIdentity Identity { get; } = Parts.IdentityOf("array", element.Identity);

    public override bool IsCanonical => element.IsCanonical;

    public override void Write(T[] value, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(value);
        foreach (var item in value)
        {
            Parts.Write(element, item, target);
        }
    }

    public override T[] Read(ReadOnlySpan<byte> source)
    {
        var items = new List<T>();
        while (!source.IsEmpty)
        {
            items.Add(Parts.Read(element, ref source));
        }

        return [.. items];
    }
}
