using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Hosting.Sinks;

/// <summary>A file of rows that waits to be appended to the output.</summary>
/// <param name="Name">Its name in the folder of parts.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="Digest">Of its bytes: tells whether the output holds them already.</param>
public sealed record PartFile(string Name, long LengthBytes, ContentDigest Digest)
{
    /// <summary>Length as 8 bytes and digest as 16, little-endian, then the name in UTF-8.</summary>
    public static StateSerializer<PartFile> Serializer { get; } = new PartFileSerializer();

    private sealed class PartFileSerializer : StateSerializer<PartFile>
    {
        private const int HeadSize = sizeof(long) + ContentDigest.Size;

        public override SerializerIdentity Identity { get; } = new("checkpointing.part-file", 1);

        public override void Write(PartFile value, IBufferWriter<byte> target)
        {
            var head = target.GetSpan(HeadSize);
            BinaryPrimitives.WriteInt64LittleEndian(head, value.LengthBytes);
            BinaryPrimitives.WriteUInt128LittleEndian(head[sizeof(long)..], value.Digest.Value);
            target.Advance(HeadSize);
            Encoding.UTF8.GetBytes(value.Name, target);
        }

        public override PartFile Read(ReadOnlySpan<byte> source) => source.Length > HeadSize
            ? new(
                Encoding.UTF8.GetString(source[HeadSize..]),
                BinaryPrimitives.ReadInt64LittleEndian(source),
                new(BinaryPrimitives.ReadUInt128LittleEndian(source[sizeof(long)..])))
            : throw new FormatException($"A part file has more than {HeadSize} bytes, not {source.Length}.");
    }
}
