using System.Text;
using Checkpointing.StateHandles;
using Checkpointing.Statistics;
using CsCheck;

namespace Checkpointing.Tests.Statistics;

public sealed class StatisticsSegmentTests
{
    [Fact]
    public void Read_WhatWasWritten_IsTheSame() =>
        StatisticsSamples.Segment.Sample(segment =>
        {
            var read = StatisticsSegmentReader.Read(StatisticsSegmentWriter.Write(segment), "segment");

            read.Should().BeEquivalentTo(segment, options => options.WithStrictOrdering());
        }, iter: 200);

    [Fact]
    public void Read_AnyBitFlippedOrAnyCut_IsCorrupt()
    {
        var bytes = StatisticsSegmentWriter.Write(StatisticsSamples.Segment.Single());
        for (var at = 0; at < bytes.Length; at++)
        {
            var flipped = bytes.ToArray();
            flipped[at] ^= (byte)(1 << (at % 8));

            ShouldBeCorrupt(flipped);
            ShouldBeCorrupt(bytes[..at]);
        }
    }

    // The digest finds damage only: what somebody made up comes this far.
    [Theory]
    [InlineData("\"epoch\":1", "\"epoch\":-1")]
    [InlineData("\"epoch\":1", "\"epoch\":null")]
    [InlineData("\"epoch\":1", "\"epoch\":1e99")]
    [InlineData("\"job\":\"job\"", "\"job\":\"a/b\"")]
    [InlineData("\"job\":\"job\"", "\"jab\":\"job\"")]
    [InlineData("\"reports\":1", "\"reports\":2")]
    [InlineData("\"kind\":0", "\"kind\":9")]
    [InlineData("\"outcome\":1", "\"outcome\":0")]
    [InlineData("\"failedByReason\":[]", "\"failedByReason\":[[1]]")]
    [InlineData("\"failedByReason\":[]", "\"failedByReason\":[[1,1],[1,2]]")]
    [InlineData("\"cost\":[0,0,0,0]", "\"cost\":[0,99999999999,0,0]")]
    [InlineData("\"times\":[0,0,0,0]", "\"times\":[]")]
    [InlineData("\"path\":\"job/chk-1\"", "\"path\":null")]
    [InlineData("{", "[")]
    public void Read_MadeUpFields_AreCorrupt(string field, string other)
    {
        var text = Encoding.UTF8.GetString(StatisticsSegmentWriter.Write(Small()));
        text.Should().Contain(field);

        ShouldBeCorrupt(Sealed(text, field, other));
    }

    [Fact]
    public void Read_NewerFormat_IsUnsupported()
    {
        var text = Encoding.UTF8.GetString(StatisticsSegmentWriter.Write(Small()));
        var bytes = Sealed(text, "\"format\":1", "\"format\":2");

        Assert.Throws<UnsupportedFormatException>(() => StatisticsSegmentReader.Read(bytes, "segment"));
    }

    [Fact]
    public void Read_FieldsOfALaterVersionOfTheFormat_AreLeftOut()
    {
        var text = Encoding.UTF8.GetString(StatisticsSegmentWriter.Write(Small()));
        var bytes = Sealed(text, "\"format\":1", "\"format\":1,\"new\":{\"a\":[1]}");

        StatisticsSegmentReader.Read(bytes, "segment").Should().BeEquivalentTo(Small());
    }

    [Fact]
    public void Write_ManySubtasks_KeepsTheDetailsOfTheNewest()
    {
        var reports = Enumerable.Range(1, 8).Select(static id => StatisticsSamples.Completed(id, subtasks: 1_000));
        var bytes = StatisticsSegmentWriter.Write(Small() with { Reports = [.. reports] });

        StatisticsSegmentReader.Read(bytes, "segment").Reports.Select(static one => one.Subtasks.Count).Should()
            .Equal(0, 0, 0, 1_000, 1_000, 1_000, 1_000, 1_000);
    }

    // The bytes are a format: a change shows here, and needs a new number.
    [Fact]
    public void Write_Small_IsAsSpecified()
    {
        var text = Encoding.UTF8.GetString(StatisticsSegmentWriter.Write(Small()));

        var lines = text.Split('\n');
        lines[0].Should().Be(
            ("{'format':1,'job':'job','epoch':1,'whole':false,'reports':1,'completed':0,'failed':0,'refused':0,"
            + "'restored':0,'failedByReason':[]}").Replace('\'', '"'));
        lines[1].Should().Be(
            ("{'id':1,'kind':0,'outcome':1,'epoch':1,'attempt':0,'triggeredAt':'1970-01-01T00:00:00+00:00',"
            + "'duration':0,'path':'job/chk-1','stateBytes':0,'metadataBytes':0,'cost':[0,0,0,0],"
            + "'transfers':[0,0,0,0,0,0,0,0],'times':[0,0,0,0],'subtaskCount':0,'acknowledged':0,'subtasks':[]}")
            .Replace('\'', '"'));
        lines[2].Should().Be("xxh128:" + ContentDigest.Of(Encoding.UTF8.GetBytes($"{lines[0]}\n{lines[1]}\n")));
        lines[3..].Should().Equal("");
    }

    private static StatisticsSegment Small() => new()
    {
        Job = "job",
        Epoch = 1,
        IsWhole = false,
        Counts = CheckpointCounts.Zero,
        Reports = [StatisticsSamples.Completed(1)],
    };

    private static byte[] Sealed(string text, string field, string other)
    {
        var at = text.IndexOf(field, StringComparison.Ordinal);
        var body = text[..(text.LastIndexOf("xxh128:", StringComparison.Ordinal))];
        body = body[..at] + other + body[(at + field.Length)..];
        return Encoding.UTF8.GetBytes($"{body}xxh128:{ContentDigest.Of(Encoding.UTF8.GetBytes(body))}\n");
    }

    private static void ShouldBeCorrupt(byte[] bytes) =>
        Assert.Throws<CheckpointCorruptException>(() => StatisticsSegmentReader.Read(bytes, "segment"));
}
