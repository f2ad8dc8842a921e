using System.Globalization;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Sources;

public sealed class CsvFileSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Input => _folder.File("in.csv");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("1\n2\n3\n")]
    [InlineData("1\r\n2\r\n3")]
    [InlineData("\uFEFF1\n\n2\n3\n\n")]
    public async Task TryReadNext_LineEndsAndBlankLines_GivesTheRows(string text)
    {
        File.WriteAllText(Input, text);

        (await ReadAsync(await StateAsync())).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task TryReadNext_RowsLongerThanTheBuffer_AreWhole()
    {
        File.WriteAllText(Input, $"{new string('0', 200_000)}1\n2\n");

        (await ReadAsync(await StateAsync())).Should().Equal(1, 2);
    }

    [Fact]
    public async Task Open_RestoredAtEveryPosition_GoesOnThere()
    {
        File.WriteAllText(Input, "number\n1\n\n2\r\n3\n4");
        for (var before = 0; before <= 4; before++)
        {
            var state = await StateAsync();
            var read = await ReadAsync(state, before, hasHeader: true);
            read.AddRange(await ReadAsync(state, hasHeader: true));

            read.Should().Equal(1, 2, 3, 4);
        }
    }

    [Fact]
    public async Task TryReadNext_MalformedRow_NamesRowAndText()
    {
        File.WriteAllText(Input, "number\n1\nnothing\n");
        var state = await StateAsync();

        var reading = () => ReadAsync(state, hasHeader: true);

        (await reading.Should().ThrowAsync<MalformedRowException>())
            .WithMessage($"row 3 of '{Input}' is malformed: 'nothing'");
    }

    [Fact]
    public async Task Open_NoFile_SaysSo()
    {
        var state = await StateAsync();

        var reading = () => ReadAsync(state);

        await reading.Should().ThrowAsync<CheckpointStorageUnavailableException>()
            .WithMessage($"'{Input}' does not exist*");
    }

    [Fact]
    public async Task Open_InputShorterThanBefore_SaysSo()
    {
        File.WriteAllText(Input, "1\n2\n3\n");
        var state = await StateAsync();
        await ReadAsync(state);
        File.WriteAllText(Input, "1\n");

        var reading = () => ReadAsync(state);

        await reading.Should().ThrowAsync<CheckpointStorageUnavailableException>()
            .WithMessage("*has 2 bytes, but was read up to byte 6*");
    }

    private async Task<SubtaskState> StateAsync()
    {
        using var reader = Source(false).CreateReader();
        return await SubtaskState.OpenAsync(
            SubtaskContexts.Of().State with { States = reader.States }, CancellationToken.None);
    }

    private Task<List<int>> ReadAsync(SubtaskState state, int count = int.MaxValue, bool hasHeader = false)
    {
        using var reader = Source(hasHeader).CreateReader();
        reader.Open(new("job", "op", state.Operator));
        var read = new List<int>();
        while (read.Count < count && reader.TryReadNext(out var value))
        {
            read.Add(value);
        }

        reader.SnapshotPosition();
        return Task.FromResult(read);
    }

    private CsvFileSource<int> Source(bool hasHeader) =>
        new(Input, static row => int.Parse(row, CultureInfo.InvariantCulture)) { HasHeader = hasHeader };
}
