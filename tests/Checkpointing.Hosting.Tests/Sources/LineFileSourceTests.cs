using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Sources;

public sealed class LineFileSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Input => _folder.File("in.txt");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a\n\nb\n")]
    [InlineData("\uFEFFa\r\n\r\nb")]
    public async Task TryReadNext_AnyLineEnds_GivesAllLines(string text)
    {
        File.WriteAllText(Input, text);
        await using var readers = await SourceReaders<string>.OpenAsync(new LineFileSource(Input), parallelism: 1);

        readers.Read(0).Should().Equal("a", "", "b");
    }

    [Fact]
    public async Task RestoreAsync_AtEveryLine_GoesOnThere()
    {
        string[] lines = ["ä", "", "ccc", "\t", "e"];
        File.WriteAllLines(Input, lines);
        for (var before = 0; before <= lines.Length; before++)
        {
            await using var first = await SourceReaders<string>.OpenAsync(new LineFileSource(Input), parallelism: 1);
            var read = first.Read(0, before);
            await using var second = await first.RestoreAsync(1);
            read.AddRange(second.Read(0));

            read.Should().Equal(lines);
        }
    }

    [Fact]
    public async Task RestoreAsync_FileHasGrown_ReadsTheNewLinesOnly()
    {
        File.WriteAllText(Input, "a\n");
        await using var first = await SourceReaders<string>.OpenAsync(new LineFileSource(Input), parallelism: 1);
        first.Read(0).Should().Equal("a");
        File.AppendAllText(Input, "b\n");

        await using var second = await first.RestoreAsync(1);

        second.Read(0).Should().Equal("b");
    }
}
