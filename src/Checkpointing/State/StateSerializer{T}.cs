using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Turns values of one type into bytes and back.</summary>
/// <typeparam name="T">The type.</typeparam>
public abstract class StateSerializer<T> : StateSerializer
{
    /// <inheritdoc/>
    public sealed override Type ValueType => typeof(T);

    /// <summary>Appends one value.</summary>
    public abstract void Write(T value, IBufferWriter<byte> target);

    /// <summary>Reads one value; the span holds exactly one (containers store lengths).</summary>
    /// <exception cref="FormatException">The bytes are not of this serializer.</exception>
    public abstract T Read(ReadOnlySpan<byte> source);

    /// <summary>Reads a value that an older version wrote, one for which <see cref="StateSerializer.CheckStored"/> said
    /// <see cref="SerializerCompatibility.Migrates"/>.</summary>
    public virtual T ReadStored(ReadOnlySpan<byte> source, SerializerIdentity stored) => Read(source);

    internal sealed override object? ReadBoxed(ReadOnlySpan<byte> source) => Read(source);

    internal sealed override void Rewrite(
        ReadOnlySpan<byte> value, SerializerIdentity stored, IBufferWriter<byte> target, string operatorName,
        string state) =>
        Write(StoredValue.Read(this, value, stored, operatorName, state), target);
}
