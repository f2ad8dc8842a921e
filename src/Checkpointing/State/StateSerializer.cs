using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>How stored bytes of a serializer relate to the program's.</summary>
public enum SerializerCompatibility
{
    /// <summary>Read as they are.</summary>
    Same = 0,

    /// <summary>Read by <see cref="StateSerializer{T}.ReadStored"/> and rewritten during restore; costs a pass over the state.</summary>
    Migrates = 1,

    /// <summary>Cannot be read: <see cref="StateMigrationException"/>.</summary>
    Incompatible = 2,
}

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

    /// <summary>Whether bytes that <paramref name="stored"/> wrote can be read. Default: only those of the same identity.</summary>
    public virtual SerializerCompatibility CheckStored(SerializerIdentity stored) =>
        stored == Identity ? SerializerCompatibility.Same : SerializerCompatibility.Incompatible;
}

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
}
