using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Demo;

/// <summary>Key of the job's state: an airport in one pass over the input.</summary>
/// <param name="Origin">The airport.</param>
/// <param name="Replay">The pass, from 0.</param>
internal readonly record struct OriginKey(string Origin, int Replay)
{
    /// <summary>Writes the pass as 4 bytes, little-endian, then the airport in UTF-8: equal keys, equal
    /// bytes.</summary>
    public static StateSerializer<OriginKey> Serializer { get; } = new KeySerializer();

    private sealed class KeySerializer : StateSerializer<OriginKey>
    {
        public override SerializerIdentity Identity { get; } = new("demo.origin-key", 1, 0);

        public override bool IsCanonical => true;

        public override void Write(OriginKey value, IBufferWriter<byte> target)
        {
            BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(sizeof(int)), value.Replay);
            target.Advance(sizeof(int));
            Encoding.UTF8.GetBytes(value.Origin, target);
        }

        public override OriginKey Read(ReadOnlySpan<byte> source) => source.Length > sizeof(int)
            ? new(Encoding.UTF8.GetString(source[sizeof(int)..]), BinaryPrimitives.ReadInt32LittleEndian(source))
            : throw new FormatException($"A key of the demo has at least 5 bytes; found {source.Length}.");
    }
}
