using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Descriptions of states as bytes, for the heads of snapshot files.</summary>
/// <remarks>Layout: count (int32); each: name, kind (byte; its highest bit: values are stamped), then key, namespace,
/// user key and value, each a byte 0 or 1 and, if 1,
/// id, version (int32) and schema fingerprint (int64). Strings are UTF-8 behind their length as LEB128; numbers
/// little-endian.</remarks>
public static class StateDescriptionSerializer
{
    // A bit of the kind and no field behind it: readers that do not know it refuse the kind.
    private const int StampedBit = 0x80;

    /// <summary>Appends descriptions.</summary>
    public static void Write(IReadOnlyList<StateDescription> states, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(states);
        ArgumentNullException.ThrowIfNull(target);
        StateSerializer.Int32.Write(states.Count, target);
        foreach (var state in states)
        {
            WriteString(state.Name, target);
            StateSerializer.Byte.Write((byte)((int)state.Kind | (state.IsStamped ? StampedBit : 0)), target);
            WriteIdentity(state.Key, target);
            WriteIdentity(state.Namespace, target);
            WriteIdentity(state.UserKey, target);
            WriteIdentity(state.Value, target);
        }
    }

    /// <summary>Reads descriptions and what follows them. Nothing is reserved on the word of a count.</summary>
    /// <exception cref="FormatException">The bytes are no descriptions.</exception>
    public static IReadOnlyList<StateDescription> Read(ReadOnlySpan<byte> source, out ReadOnlySpan<byte> rest)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(Take(ref source, sizeof(int)));
        List<StateDescription> states = [];
        for (var i = 0; i < count; i++)
        {
            var name = ReadString(ref source);
            var (kind, isStamped) = ReadKind(ref source);
            states.Add(new(
                name, kind, ReadIdentity(ref source), ReadIdentity(ref source), ReadIdentity(ref source),
                ReadIdentity(ref source))
            {
                IsStamped = isStamped,
            });
        }

        rest = source;
        return states;
    }

    private static void WriteIdentity(SerializerIdentity? identity, IBufferWriter<byte> target)
    {
        StateSerializer.Boolean.Write(identity is not null, target);
        if (identity is not null)
        {
            WriteString(identity.Id, target);
            StateSerializer.Int32.Write(identity.Version, target);
            StateSerializer.Int64.Write(identity.SchemaFingerprint, target);
        }
    }

    private static SerializerIdentity? ReadIdentity(ref ReadOnlySpan<byte> source) =>
        StateSerializer.Boolean.Read(Take(ref source, 1))
            ? new(
                ReadString(ref source),
                StateSerializer.Int32.Read(Take(ref source, sizeof(int))),
                StateSerializer.Int64.Read(Take(ref source, sizeof(long))))
            : null;

    private static (StateKind Kind, bool IsStamped) ReadKind(ref ReadOnlySpan<byte> source)
    {
        var stored = Take(ref source, 1)[0];
        var (kind, isStamped) = ((StateKind)(stored & ~StampedBit), (stored & StampedBit) != 0);
        return Enum.IsDefined(kind) && (!isStamped || StateExpiry.IsPossible(kind))
            ? (kind, isStamped)
            : throw new FormatException("A state has an unknown kind.");
    }

    private static void WriteString(string text, IBufferWriter<byte> target)
    {
        var bytes = new ArrayBufferWriter<byte>();
        StateSerializer.String.Write(text, bytes);
        KeyedRowKey.WritePart(bytes.WrittenSpan, target);
    }

    private static string ReadString(ref ReadOnlySpan<byte> source) =>
        StateSerializer.String.Read(KeyedRowKey.ReadPart(source, out source));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> source, int length)
    {
        if (source.Length < length)
        {
            throw new FormatException("Descriptions of states end too early.");
        }

        var taken = source[..length];
        source = source[length..];
        return taken;
    }
}
