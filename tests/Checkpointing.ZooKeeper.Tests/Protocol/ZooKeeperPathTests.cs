using System.Globalization;
using Checkpointing.ZooKeeper.Protocol;
using CsCheck;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

public sealed class ZooKeeperPathTests
{
    // Few characters, so that two texts are often alike; those that mean something, and halves of pairs.
    private const string Characters =
        "ab./%2FE \0\u001f\u007f\u009fé\u20ac\ud7ff\ud800\ud83d\ude00\udfff\ue000\uf8ff\ufffd\uffff";

    private static readonly Gen<string> s_names = Gen.Int[0, Characters.Length - 1].Array[1, 6]
        .Select(static places => string.Concat(places.Select(static place => Characters[place])));

    [Theory]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("/a/b.c")]
    [InlineData("/a/...")]
    [InlineData("/a/.b")]
    [InlineData("/a b/%20")]
    [InlineData("/é\u20ac\ud7ff\uf900\uffef")]
    public void Check_WhatTheServersTake_IsTaken(string path) => ZooKeeperPath.Check(path).Should().Be(path);

    [Theory]
    [InlineData("", "slash")]
    [InlineData("a", "slash")]
    [InlineData("a/b", "slash")]
    [InlineData("//", "empty")]
    [InlineData("/a/", "empty")]
    [InlineData("/a//b", "empty")]
    [InlineData("/.", "empty, '.' or '..'")]
    [InlineData("/a/..", "empty, '.' or '..'")]
    [InlineData("/a/./b", "empty, '.' or '..'")]
    [InlineData("/../b", "empty, '.' or '..'")]
    [InlineData("/\0", "U+0000")]
    [InlineData("/a\u001f", "U+001F")]
    [InlineData("/a\u007f", "U+007F")]
    [InlineData("/a\u009f", "U+009F")]
    [InlineData("/a\uf8ff", "U+F8FF")]
    [InlineData("/a\ufff0", "U+FFF0")]
    public void Check_WhatTheServersRefuse_IsRefusedAndSaysWhy(string path, string why)
    {
        var check = () => ZooKeeperPath.Check(path);
        check.Should().Throw<ArgumentException>().WithMessage($"*is no path of a ZooKeeper node*{why}*");
    }

    [Fact]
    public void Check_PairsOfSurrogates_AreRefused() =>
        ZooKeeperPath.FindProblem("/" + char.ConvertFromUtf32(0x1f600)).Should().Contain("U+D83D");

    [Fact]
    public void EscapePart_OfAnyName_IsAPartThatNoOtherNameHas() =>
        Gen.Select(s_names, s_names).Sample(
            static (a, b) =>
            {
                var (first, second) = (ZooKeeperPath.EscapePart(a), ZooKeeperPath.EscapePart(b));
                ZooKeeperPath.FindProblem("/" + first).Should().BeNull();
                first.Should().NotContain("/");
                (first == second).Should().Be(a == b, "'{0}' and '{1}'", first, second);
                Unescape(first).Should().Be(a);
            }, iter: 5000);

    [Theory]
    [InlineData("orders", "orders")]
    [InlineData("a.b", "a.b")]
    [InlineData(".", "%2E")]
    [InlineData("..", "%2E%2E")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("100%", "100%25")]
    [InlineData("%2F", "%252F")]
    [InlineData("é\n", "é%0A")]
    public void EscapePart_OfANameThatPeopleGive_IsReadable(string name, string part) =>
        ZooKeeperPath.EscapePart(name).Should().Be(part);

    [Fact]
    public void EscapePart_OfPairsAndHalves_KeepsThemApart()
    {
        ZooKeeperPath.EscapePart(char.ConvertFromUtf32(0x1f600)).Should().Be("%F0%9F%98%80");
        string[] names = ["\ud800", "\udfff", "\ufffd", "?", "\ud800a", "\ude00\ud83d"];
        names.Select(ZooKeeperPath.EscapePart).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("", "/", "/")]
    [InlineData("", "/a", "/a")]
    [InlineData("/top", "/", "/top")]
    [InlineData("/top", "/a/b", "/top/a/b")]
    public void JoinAndStrip_AreInverse(string chroot, string path, string serverPath)
    {
        ZooKeeperPath.Join(chroot, path).Should().Be(serverPath);
        ZooKeeperPath.Strip(chroot, serverPath).Should().Be(path);
    }

    [Theory]
    [InlineData("/a", "/", "a")]
    [InlineData("/a/b", "/a", "b")]
    public void ParentAndName_AreTheTwoParts(string path, string parent, string name)
    {
        ZooKeeperPath.ParentOf(path).Should().Be(parent);
        ZooKeeperPath.NameOf(path).Should().Be(name);
    }

    // What a person would do with a name: UTF-8, with halves of pairs written as if they had one.
    private static string Unescape(string part)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < part.Length;)
        {
            if (part[i] != '%')
            {
                text.Append(part[i++]);
                continue;
            }

            var bytes = new List<int>();
            var first = ByteAt(part, i);
            var count = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
            for (var n = 0; n < count; n++, i += 3)
            {
                bytes.Add(ByteAt(part, i));
            }

            var value = bytes[0] & (count == 1 ? 0x7f : 0xff >> (count + 1));
            value = bytes.Skip(1).Aggregate(value, static (sum, next) => (sum << 6) | (next & 0x3f));
            text.Append(value is >= 0xd800 and <= 0xdfff ? ((char)value).ToString() : char.ConvertFromUtf32(value));
        }

        return text.ToString();
    }

    private static int ByteAt(string part, int at) =>
        int.Parse(part.AsSpan(at + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
