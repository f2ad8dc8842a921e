using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Serializers;

internal sealed class PairSerializer<T1, T2>(StateSerializer<T1> first, StateSerializer<T2> second)
    : StateSerializer<(T1 First, T2 Second)>
{
    public override SerializerIdentity Identity { get; } = Parts.IdentityOf("tuple", first.Identity, second.Identity);

    public override bool IsCanonical => first.IsCanonical && second.IsCanonical;

    public override void Write((T1 First, T2 Second) value, IBufferWriter<byte> target)
    {
        Parts.Write(first, value.First, target);
        Parts.Write(second, value.Second, target);
    }

    public override (T1 First, T2 Second) Read(ReadOnlySpan<byte> source)
    {
        var value = (Parts.Read(first, ref source), Parts.Read(second, ref source));
        Parts.CheckEnd(source);
        return value;
    }
}
