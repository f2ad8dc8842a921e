using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>Writes ZooKeeper's encoding ("jute"): big-endian numbers, lengths before bytes, −1 for null.</summary>
internal sealed class JuteWriter
{
    private readonly ArrayBufferWriter<byte> _target = new(256);

    internal ReadOnlyMemory<byte> Written => _target.WrittenMemory;

    internal void WriteInt32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_target.GetSpan(sizeof(int)), value);
        _target.Advance(sizeof(int));
    }

    internal void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_target.GetSpan(sizeof(long)), value);
        _target.Advance(sizeof(long));
    }

    internal void WriteBoolean(bool value)
    {
        _target.GetSpan(1)[0] = value ? (byte)1 : (byte)0;
        _target.Advance(1);
    }

    internal void WriteText(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        WriteInt32(length);
        _target.Advance(Encoding.UTF8.GetBytes(value, _target.GetSpan(Math.Max(1, length))));
    }

    internal void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteInt32(value.Length);
        _target.Write(value);
    }

    internal void WriteTexts(IReadOnlyCollection<string> values)
    {
        WriteInt32(values.Count);
        foreach (var value in values)
        {
            WriteText(value);
        }
    }
}
