using Checkpointing.Metadata.Native;
using CsCheck;

namespace Checkpointing.Tests.Metadata.Native;

public sealed class NativeTextTests
{
    [Fact]
    public void TryDecode_AnyEncodedText_GivesItBack() =>
        Gen.String[Gen.Char['\0', '\uffff'], 0, 30].Sample(static text =>
        NativeText.TryDecode(Encode(text), out var decoded) && decoded == text);

    [Fact]
    public void Encode_ValidText_IsUtf8() =>
        Encode("a\0é\u0800\ud83d\ude00").Should().Equal("a\0é\u0800\ud83d\ude00"u8.ToArray());

    [Theory]
    [InlineData("80")]
    [InlineData("C080")]
    [InlineData("C3")]
    [InlineData("61EDA0")]
    [InlineData("EDA0BDEDB880")]
    [InlineData("F4908080")]
    public void TryDecode_BytesOfNoText_IsFalse(string hex) =>
        NativeText.TryDecode(Convert.FromHexString(hex), out _).Should().BeFalse();

    private static byte[] Encode(string text)
    {
        var bytes = new byte[text.Length * NativeText.MaxBytesPerUnit];
        return bytes[..NativeText.Encode(text, bytes)];
    }
}
