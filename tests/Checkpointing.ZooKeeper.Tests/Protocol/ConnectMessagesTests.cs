using Checkpointing.ZooKeeper.Protocol;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

public sealed class ConnectMessagesTests
{
    [Fact]
    public void Answer_OfAServerWithoutAQuorum_IsReadOnly()
    {
        // As ZooKeeper 3.8.0 sends it to a client that asks for a new session.
        var frame = Convert.FromHexString("000000000000000000000000ffffff89");
        ConnectMessages.ReadResponse(frame)!.IsReadOnly.Should().BeTrue();
    }

    [Theory]
    [InlineData("000000000000000000000000ffffff90")]
    [InlineData("000000000000000000000000")]
    [InlineData("")]
    public void Answer_CutOff_IsNotUnderstood(string frame) =>
        ((Action)(() => ConnectMessages.ReadResponse(Convert.FromHexString(frame)))).Should()
            .Throw<ZooKeeperProtocolException>();

    [Fact]
    public void Answer_WithoutATimeout_SaysThatTheSessionIsOver() =>
        ConnectMessages.ReadResponse(Convert.FromHexString(
            "00000000" + "00000000" + "0000000000000000" + "00000010" + new string('0', 32) + "00")).Should().BeNull();
}
