using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Turns values into bytes. Base of <see cref="StateSerializer{T}"/>, and home of the built-in ones.</summary>
/// <remarks>Immutable and without per-call fields: one instance serves all subtasks at once.</remarks>
public abstract partial class StateSerializer
{
    private protected StateSerializer()
    {
    }

    /// <summary>Stored with the state and checked on restore.</summary>
    public abstract SerializerIdentity Identity { get; }

    /// <summary>Equal values always give equal bytes. Only then may the type be a key. Default: false.</summary>
    public virtual bool IsCanonical => false;

    /// <summary>The type of the values.</summary>
    public abstract Type ValueType { get; }

    /// <summary>Whether bytes that <paramref name="stored"/> wrote can be read. Default: only those of the same
    /// identity.</summary>
    public virtual SerializerCompatibility CheckStored(SerializerIdentity stored) =>
        stored == Identity ? SerializerCompatibility.Same : SerializerCompatibility.Incompatible;

    /// <summary>Reads one value that this serializer wrote, whatever its type is.</summary>
    internal abstract object? ReadBoxed(ReadOnlySpan<byte> source);

    /// <summary>Writes a stored value anew, in the layout of today.</summary>
    internal abstract void Rewrite(
        ReadOnlySpan<byte> value, SerializerIdentity stored, IBufferWriter<byte> target, string operatorName,
        string state);
}
