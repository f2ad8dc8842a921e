using Checkpointing.ZooKeeper.Protocol;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

public sealed class ServerListTests
{
    [Theory]
    [InlineData("a", "a:2181")]
    [InlineData("a:1", "a:1")]
    [InlineData("a:65535", "a:65535")]
    [InlineData("a:1/", "a:1")]
    [InlineData("a:1, b:2 ,c", "a:1,b:2,c:2181")]
    [InlineData("127.0.0.1:3/x/y", "127.0.0.1:3/x/y")]
    [InlineData("a,b/x", "a:2181,b:2181/x")]
    [InlineData("[::1]:5", "[::1]:5")]
    [InlineData("[fe80::1]", "[fe80::1]:2181")]
    [InlineData("[::1]:5,[::2]/x", "[::1]:5,[::2]:2181/x")]
    public void Parse_AList_GivesServersAndChroot(string text, string normal)
    {
        var list = ServerList.Parse(text);
        list.ToString().Should().Be(normal);
        ServerList.Parse(normal).ToString().Should().Be(normal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("/a")]
    [InlineData(",")]
    [InlineData("a,")]
    [InlineData("a,,b")]
    [InlineData(":2181")]
    [InlineData("a:")]
    [InlineData("a:x")]
    [InlineData("a:0")]
    [InlineData("a:-1")]
    [InlineData("a:65536")]
    [InlineData("a:99999999999")]
    [InlineData("a: 1")]
    [InlineData("a b:1")]
    [InlineData("::1")]
    [InlineData("fe80::1:2181")]
    [InlineData("[::1")]
    [InlineData("[]:1")]
    [InlineData("[::1]:")]
    [InlineData("[::1]::5")]
    [InlineData("[::1]5")]
    [InlineData("[a]:5")]
    public void Parse_NoList_SaysWhatAListIs(string text)
    {
        var parse = () => ServerList.Parse(text);
        parse.Should().Throw<FormatException>().WithMessage("*is no server*host:port*IPv6*");
    }

    [Theory]
    [InlineData("a//")]
    [InlineData("a/b/")]
    [InlineData("a/b//c")]
    [InlineData("a/..")]
    [InlineData("zk://a:1")]
    public void Parse_NoPathBehindIt_SaysWhy(string text)
    {
        var parse = () => ServerList.Parse(text);
        parse.Should().Throw<FormatException>();
    }
}
