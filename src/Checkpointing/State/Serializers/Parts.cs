using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Serializers;

/// <summary>Serializers made of serializers: each part lies behind its length.</summary>
internal static class Parts
{
    private const int MaxIdLength = 200;

    internal static void Write<T>(StateSerializer<T> serializer, T value, IBufferWriter<byte> target)
    {
        var buffer = new ArrayBufferWriter<byte>();
        serializer.Write(value, buffer);
        KeyedRowKey.WritePart(buffer.WrittenSpan, target);
    }

    internal static T Read<T>(StateSerializer<T> serializer, ref ReadOnlySpan<byte> source) =>
        serializer.Read(KeyedRowKey.ReadPart(source, out source));

    internal static void CheckEnd(ReadOnlySpan<byte> rest)
    {
        if (!rest.IsEmpty)
        {
            throw new FormatException($"{rest.Length} bytes follow the last part.");
        }
    }

    /// <summary>The identity of <c>kind&lt;part,part&gt;</c>; the fingerprint covers versions and schemas of the
    /// parts.</summary>
    internal static SerializerIdentity IdentityOf(string kind, params ReadOnlySpan<SerializerIdentity> parts)
    {
        var ids = new List<string>();
        var hash = new XxHash64();
        foreach (var part in parts)
        {
            ids.Add(part.Id);
            hash.Append(Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture, $"{part.Id}\0{part.Version}\0{part.SchemaFingerprint}\0")));
        }

        var id = $"{kind}<{string.Join(',', ids)}>";
        return new(id.Length <= MaxIdLength ? id : kind, Version: 1, unchecked((long)hash.GetCurrentHashAsUInt64()));
    }
}
