using System.Buffers.Binary;
using System.Text;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>Reads ZooKeeper's encoding. Believes no length: what reaches past the frame is a
/// <see cref="ZooKeeperProtocolException"/>.</summary>
internal ref struct JuteReader(ReadOnlySpan<byte> source)
{
    private static readonly UTF8Encoding s_strict =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = source;

    internal readonly int Remaining => _rest.Length;

    internal int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    internal long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    internal bool ReadBoolean() => Take(1)[0] != 0;

    /// <summary>Null is read as empty: no caller tells them apart.</summary>
    internal ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadInt32();
        return length switch
        {
            -1 => default,
            < 0 => throw new ZooKeeperProtocolException($"a length is {length}"),
            _ => Take(length),
        };
    }

    internal string ReadText()
    {
        try
        {
            return s_strict.GetString(ReadBytes());
        }
        catch (DecoderFallbackException)
        {
            throw new ZooKeeperProtocolException("a text is not UTF-8");
        }
    }

    internal string[] ReadTexts()
    {
        var count = ReadInt32();

        // Each takes at least its length.
        if (count < -1 || (long)count * sizeof(int) > _rest.Length)
        {
            throw new ZooKeeperProtocolException($"a list of {count} texts has {_rest.Length} bytes");
        }

        var texts = new string[Math.Max(0, count)];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = ReadText();
        }

        return texts;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw new ZooKeeperProtocolException($"{length} bytes are wanted and {_rest.Length} are left");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
