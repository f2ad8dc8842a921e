using System.Buffers.Binary;
using Checkpointing.ZooKeeper.Protocol;
using CsCheck;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

/// <summary>The encoding alone: what is written is read back, and no bytes do harm.</summary>
public sealed class JuteTests
{
    private static readonly Gen<string> s_texts =
        Gen.Char['\0', '\ud7ff'].Array[0, 40].Select(static c => new string(c));

    [Fact]
    public void Reader_WhatWasWritten_IsTheSame() =>
        Gen.Select(Gen.Int, Gen.Long, Gen.Bool, s_texts, Gen.Byte.Array[0, 100], s_texts.Array[0, 10]).Sample(
            static (number, big, flag, text, bytes, texts) =>
            {
                var writer = new JuteWriter();
                writer.WriteInt32(number);
                writer.WriteInt64(big);
                writer.WriteBoolean(flag);
                writer.WriteText(text);
                writer.WriteBytes(bytes);
                writer.WriteTexts(texts);
                var reader = new JuteReader(writer.Written.Span);
                reader.ReadInt32().Should().Be(number);
                reader.ReadInt64().Should().Be(big);
                reader.ReadBoolean().Should().Be(flag);
                reader.ReadText().Should().Be(text);
                reader.ReadBytes().ToArray().Should().Equal(bytes);
                reader.ReadTexts().Should().Equal(texts);
                reader.Remaining.Should().Be(0);
            }, iter: 300);

    [Fact]
    public void Writer_Bytes_AreBigEndianWithLengthsBefore()
    {
        var writer = new JuteWriter();
        writer.WriteInt32(0x01020304);
        writer.WriteInt64(-2);
        writer.WriteBoolean(true);
        writer.WriteText("é");
        writer.WriteBytes(default);
        writer.WriteTexts(["a"]);
        Convert.ToHexString(writer.Written.Span).Should().Be(
            "01020304" + "FFFFFFFFFFFFFFFE" + "01" + "00000002C3A9" + "00000000" + "000000010000000161");
    }

    [Fact]
    public void Reader_AnyBytes_GivesAValueOrSaysThatTheyAreNotTheProtocol() =>
        Gen.Byte.Array[0, 120].Sample(static bytes => ReadAll(bytes), iter: 3000);

    // Lengths as an attacker would choose them: enormous, negative, just past the end.
    [Fact]
    public void Reader_AnyLengths_GivesAValueOrSaysThatTheyAreNotTheProtocol() =>
        Gen.Select(
            Gen.OneOf(Gen.Int, Gen.Int[-3, 130], Gen.Const(int.MaxValue), Gen.Const(int.MinValue)).Array[1, 8],
            Gen.Byte.Array[0, 90]).Sample(
            static (lengths, rest) =>
            {
                var bytes = new byte[(lengths.Length * sizeof(int)) + rest.Length];
                for (var i = 0; i < lengths.Length; i++)
                {
                    BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(i * sizeof(int)), lengths[i]);
                }

                rest.CopyTo(bytes.AsSpan(lengths.Length * sizeof(int)));
                ReadAll(bytes);
            }, iter: 3000);

    [Theory]
    [InlineData("7FFFFFFF")]
    [InlineData("00000100000000010000")]
    [InlineData("FFFFFFFE")]
    [InlineData("80000000")]
    public void Reader_AListThatClaimsTooMuch_IsRefusedBeforeAnythingIsAllocated(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        Refuses(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refuses(bytes);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(64 << 10, "there are only {0} bytes",
            bytes.Length);

        static void Refuses(byte[] bytes)
        {
            try
            {
                new JuteReader(bytes).ReadTexts();
            }
            catch (ZooKeeperProtocolException)
            {
                return;
            }

            Assert.Fail("It was read.");
        }
    }

    [Fact]
    public void Reader_Null_IsEmpty()
    {
        byte[] bytes = [255, 255, 255, 255];
        new JuteReader(bytes).ReadText().Should().BeEmpty();
        new JuteReader(bytes).ReadBytes().Length.Should().Be(0);
        new JuteReader(bytes).ReadTexts().Should().BeEmpty();
    }

    [Fact]
    public void Reader_TextThatIsNotUtf8_IsRefused()
    {
        var read = static () => new JuteReader([0, 0, 0, 2, 0xc3, 0x28]).ReadText();
        read.Should().Throw<ZooKeeperProtocolException>().WithMessage("*UTF-8*");
    }

    [Fact]
    public void ConnectResponse_AnyBytes_GivesAValueOrSaysThatTheyAreNotTheProtocol() =>
        Gen.Byte.Array[0, 40].Sample(
            static bytes =>
            {
                byte[] answer = [0, 0, 0, 0, .. bytes];
                Tolerates(() => ConnectMessages.ReadResponse(answer));
                Tolerates(() => ConnectMessages.ReadResponse(bytes));
            }, iter: 2000);

    [Fact]
    public void ConnectResponse_WithoutATimeout_IsASessionThatIsOver()
    {
        var writer = new JuteWriter();
        writer.WriteInt32(0);
        writer.WriteInt32(0);
        writer.WriteInt64(0);
        writer.WriteBytes(new byte[16]);
        ConnectMessages.ReadResponse(writer.Written.Span).Should().BeNull();
    }

    [Fact]
    public void Xid_AfterTheLast_IsTheFirst()
    {
        ReservedXid.After(0).Should().Be(1);
        ReservedXid.After(int.MaxValue - 1).Should().Be(int.MaxValue);
        ReservedXid.After(int.MaxValue).Should().Be(1, "0 and what is below it are not for requests");
    }

    private static void ReadAll(byte[] bytes)
    {
        Tolerates(() => new JuteReader(bytes).ReadInt32());
        Tolerates(() => new JuteReader(bytes).ReadInt64());
        Tolerates(() => new JuteReader(bytes).ReadBoolean());
        Tolerates(() => new JuteReader(bytes).ReadBytes().ToArray());
        Tolerates(() => new JuteReader(bytes).ReadText());
        Tolerates(() => new JuteReader(bytes).ReadTexts());
        Tolerates(() =>
        {
            var reader = new JuteReader(bytes);
            return NodeStat.Read(ref reader);
        });
    }

    private static void Tolerates<T>(Func<T> read)
    {
        try
        {
            read();
        }
        catch (ZooKeeperProtocolException)
        {
        }
    }
}
