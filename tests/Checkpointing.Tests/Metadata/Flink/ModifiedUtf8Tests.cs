using Checkpointing.Metadata.Flink;
using CsCheck;

namespace Checkpointing.Tests.Metadata.Flink;

public sealed class ModifiedUtf8Tests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("az\u007f", "617A7F")]
    [InlineData("\0", "C080")]
    [InlineData("\u0080\u07ff", "C280DFBF")]
    [InlineData("\u0800\uffff", "E0A080EFBFBF")]
    [InlineData("\ud83d\ude00", "EDA0BDEDB880")]
    public void EncodeAndDecode_KnownText_GivesJavasBytes(string text, string hex)
    {
        Encode(text).Should().Equal(Convert.FromHexString(hex));
        ModifiedUtf8.Decode(Convert.FromHexString(hex), out var isUsual, out _).Should().Be(text);
        isUsual.Should().BeTrue();
    }

    [Fact]
    public void EncodeAndDecode_HalfOfAPair_GivesJavasBytes()
    {
        // An attribute cannot hold this text.
        const string Half = "\ude00";

        Encode(Half).Should().Equal(0xED, 0xB8, 0x80);
        ModifiedUtf8.Decode([0xED, 0xB8, 0x80], out var isUsual, out _).Should().Be(Half);
        isUsual.Should().BeTrue();
    }

    [Fact]
    public void Decode_AnyEncodedText_GivesItBack() => Gen.String[Gen.Char['\0', '\uffff'], 0, 30].Sample(static text =>
        ModifiedUtf8.Decode(Encode(text), out var isUsual, out _) == text && isUsual);

    [Theory]
    [InlineData("00", "\0")]
    [InlineData("C181", "A")]
    [InlineData("E08181", "A")]
    [InlineData("E08080", "\0")]
    public void Decode_FormJavaReadsButNeverWrites_IsNotUsual(string hex, string text)
    {
        ModifiedUtf8.Decode(Convert.FromHexString(hex), out var isUsual, out _).Should().Be(text);
        isUsual.Should().BeFalse();
    }

    [Theory]
    [InlineData("80", 0)]
    [InlineData("61F0908080", 1)]
    [InlineData("C3", 0)]
    [InlineData("C341", 0)]
    [InlineData("61E2829A61E282", 5)]
    public void Decode_BytesThatAreNoText_SaysWhere(string hex, int offset)
    {
        ModifiedUtf8.Decode(Convert.FromHexString(hex), out _, out var badOffset).Should().BeNull();
        badOffset.Should().Be(offset);
    }

    private static byte[] Encode(string text)
    {
        var bytes = new byte[ModifiedUtf8.CountBytes(text)];
        ModifiedUtf8.Encode(text, bytes);
        return bytes;
    }
}
