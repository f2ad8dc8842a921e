using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Serializers;

internal sealed class TripleSerializer<T1, T2, T3>(
    StateSerializer<T1> first, StateSerializer<T2> second, StateSerializer<T3> third)
    : StateSerializer<(T1 First, T2 Second, T3 Third)>
{
    public override SerializerIdentity Identity { get; } =
        Parts.IdentityOf("tuple", first.Identity, second.Identity, third.Identity);

    public override bool IsCanonical => first.IsCanonical && second.IsCanonical && third.IsCanonical;

    public override void Write((T1 First, T2 Second, T3 Third) value, IBufferWriter<byte> target)
    {
        Parts.Write(first, value.First, target);
        Parts.Write(second, value.Second, target);
        Parts.Write(third, value.Third, target);
    }

    public override (T1 First, T2 Second, T3 Third) Read(ReadOnlySpan<byte> source)
    {
        var value = (Parts.Read(first, ref source), Parts.Read(second, ref source), Parts.Read(third, ref source));
        Parts.CheckEnd(source);
        return value;
    }
}
