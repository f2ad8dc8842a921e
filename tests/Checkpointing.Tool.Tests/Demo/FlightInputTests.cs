using Checkpointing.Tool.Demo;

namespace Checkpointing.Tool.Tests.Demo;

public sealed class FlightInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_FileOfTheTool_HoldsTheKnownFlights()
    {
        var input = FlightInput.Load(ExpectedFlights.InputPath);

        input.Count.Should().Be(20_000);
        Enumerable.Range(0, input.Count).Sum(position => (long)input[position].DelayMinutes).Should().Be(154_078);
        Enumerable.Range(0, input.Count).Select(position => input[position].Origin).Distinct().Should().HaveCount(220);
        input.MaxOutOfOrderness(replays: 20).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void Item_SecondPass_IsMovedOnByNinetyDays()
    {
        var input = FlightInput.Load(Write(FlightParser.Header, "2001/01/01 00:47,66,1750,DTW,LAS"));

        input[1].Should().Be(new Flight(new(2001, 4, 1, 0, 47, 0), 66, 1750, "DTW", "LAS", Replay: 1));
        input[1].Key.Should().NotBe(input[0].Key);
    }

    [Fact]
    public void MaxOutOfOrderness_UnsortedFile_IsTheFarthestStepBack()
    {
        var input = FlightInput.Load(Write(
            FlightParser.Header,
            "2001/01/05 00:00,0,1,AAA,BBB",
            "2001/01/02 00:00,0,1,AAA,BBB",
            "2001/01/04 00:00,0,1,AAA,BBB"));

        input.MaxOutOfOrderness(replays: 1).Should().Be(TimeSpan.FromDays(3));
    }

    [Fact]
    public void MaxOutOfOrderness_FileLongerThanTheShift_CoversTheNextPass()
    {
        var input = FlightInput.Load(Write(
            FlightParser.Header, "2001/01/01 00:00,0,1,AAA,BBB", "2001/05/01 00:00,0,1,AAA,BBB"));

        input.MaxOutOfOrderness(replays: 1).Should().Be(TimeSpan.Zero);
        input.MaxOutOfOrderness(replays: 3).Should().Be(TimeSpan.FromDays(30));
    }

    [Fact]
    public void Load_MalformedRow_NamesRowAndText()
    {
        var path = Write(FlightParser.Header, "2001/01/05 00:00,0,1,AAA,BBB", "2001/01/05 00:00,late\u001b,1,AAA,BBB");

        FluentActions.Invoking(() => FlightInput.Load(path)).Should().Throw<ToolException>()
            .Which.Message.Should().StartWith($"Row 3 of '{path}'").And.Contain("'2001/01/05 00:00,late?,1,AAA,BBB'");
    }

    [Theory]
    [InlineData("")]
    [InlineData("date,delay\n")]
    [InlineData(FlightParser.Header + "\n\n")]
    public void Load_NoFlights_IsRefused(string content)
    {
        var path = _folder["flights.csv"];
        File.WriteAllText(path, content);

        FluentActions.Invoking(() => FlightInput.Load(path)).Should().Throw<ToolException>()
            .Which.ExitCode.Should().Be(ExitCodes.RunFailed);
    }

    [Fact]
    public void Fingerprint_OneCharacterChanged_Differs()
    {
        var first = FlightInput.Load(Write(FlightParser.Header, "2001/01/05 00:00,0,1,AAA,BBB"));
        var second = FlightInput.Load(Write(FlightParser.Header, "2001/01/05 00:00,1,1,AAA,BBB"));

        second.Fingerprint.Should().NotBe(first.Fingerprint);
    }

    private string Write(params string[] lines)
    {
        var path = _folder["flights.csv"];
        File.WriteAllLines(path, lines);
        return path;
    }
}
