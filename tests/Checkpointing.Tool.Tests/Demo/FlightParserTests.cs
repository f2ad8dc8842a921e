using Checkpointing.Tool.Demo;

namespace Checkpointing.Tool.Tests.Demo;

public class FlightParserTests
{
    [Fact]
    public void TryParse_GoodRow_GivesTheFlight()
    {
        new FlightParser().TryParse("2001/01/01 00:47,-66,1750,DTW,LAS", out var flight).Should().BeNull();

        flight.Should().Be(new Flight(new(2001, 1, 1, 0, 47, 0), -66, 1750, "DTW", "LAS"));
    }

    [Fact]
    public void TryParse_SameAirportTwice_GivesOneString()
    {
        var parser = new FlightParser();
        parser.TryParse("2001/01/01 00:47,66,1750,DTW,LAS", out var first);
        parser.TryParse("2001/01/01 00:48,66,1750,DTW,LAS", out var second);

        second.Origin.Should().BeSameAs(first.Origin);
    }

    [Theory]
    [InlineData("", "fewer than 5 columns")]
    [InlineData("2001/01/01 00:47,66,1750,DTW", "fewer than 5 columns")]
    [InlineData("2001/01/01 00:47,66,1750,DTW,LAS,x", "more than 5 columns")]
    [InlineData("2001-01-01 00:47,66,1750,DTW,LAS", "date")]
    [InlineData("2001/02/30 00:47,66,1750,DTW,LAS", "date")]
    [InlineData("2001/01/01 00:47,6.5,1750,DTW,LAS", "delay")]
    [InlineData("2001/01/01 00:47,99999999999,1750,DTW,LAS", "delay")]
    [InlineData("2001/01/01 00:47,66,-1,DTW,LAS", "distance")]
    [InlineData("2001/01/01 00:47,66,1750,,LAS", "origin")]
    [InlineData("2001/01/01 00:47,66,1750,\"DTW\",LAS", "origin")]
    [InlineData("2001/01/01 00:47,66,1750,DTW,L S", "destination")]
    public void TryParse_MalformedRow_SaysWhatIsWrong(string row, string expected) =>
        new FlightParser().TryParse(row, out _).Should().Contain(expected);
}
