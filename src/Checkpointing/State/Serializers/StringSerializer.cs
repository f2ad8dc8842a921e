using System.Buffers;
using System.Text;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Serializers;

internal sealed class StringSerializer : StateSerializer<string>
{
    // Strict: the lenient one writes every half of a surrogate pair as U+FFFD, and two keys would become one.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public override SerializerIdentity Identity { get; } = new("string", Version: 1);

    public override bool IsCanonical => true;

    public override void Write(string value, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(target);
        target.Advance(Utf8.GetBytes(value, target.GetSpan(Utf8.GetMaxByteCount(value.Length))));
    }

    public override string Read(ReadOnlySpan<byte> source)
    {
        try
        {
            return Utf8.GetString(source);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("The bytes are no UTF-8.", e);
        }
    }
}
