using System.Reflection;
using System.Text.RegularExpressions;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Native;
using static Checkpointing.Tests.Metadata.NativeFile;

namespace Checkpointing.Tests.Metadata.Native;

/// <summary>The records of version 1001 that hold what only Flink has, put together by hand from the
/// documentation.</summary>
public sealed partial class NativeRecordsTests
{
    private const string Golden = "native-v1-flink";

    [Fact]
    public void Write_ContentWithAllOfFlinks_GivesTheBytesPutTogetherByHand()
    {
        var content = FlinkSamples.Everything();

        var bytes = CheckpointMetadataSerializer.Write(content, MetadataFormat.NativeV1);

        Convert.ToHexString(bytes).Should().Be(Convert.ToHexString(Everything()));
        CheckpointMetadataSerializer.Read(bytes, "p").Should().Be(content);
        File.ReadAllBytes(GoldenPath(Golden)).Should().Equal(bytes, "a released layout never changes");
    }

    [Fact]
    public void GoldenFiles_Together_HoldEveryRecord()
    {
        // Header and trailer hide no tag, and a tag with its length is unlikely to be there by chance.
        var files = Directory.GetFiles(Path.GetDirectoryName(GoldenPath(Golden))!, "native-v1-*.metadata")
            .Select(File.ReadAllBytes).ToList();

        foreach (var (name, tag) in Tags())
        {
            files.Should().Contain(
                file => Enumerable.Range(8, file.Length - 8 - TrailerBytes - 6).Any(at =>
                    file[at] == (byte)tag && file[at + 1] == tag >> 8 && file[at + 4] == 0 && file[at + 5] == 0),
                $"a golden file has the record {name}, 0x{tag:x4}");
        }
    }

    [Fact]
    public void Documentation_Tags_AreThoseOfTheCode()
    {
        var text = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "file-format.md"));

        var documented = TagInTable().Matches(text).Select(static match => match.Groups[1].Value).ToList();

        documented.Should().BeEquivalentTo(Tags().Select(static one => $"0x{one.Tag:X4}"));
    }

    private static List<(string Name, ushort Tag)> Tags() =>
    [
        .. typeof(NativeTags).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
            .Where(static field => field.IsLiteral && field.Name != nameof(NativeTags.RequiredBit))
            .Select(static field => (field.Name, (ushort)field.GetRawConstantValue()!)),
    ];

    private static byte[] Everything() => Seal(
        CheckpointId(42),
        Origin(),
        Record(0x8003, Text("hook"), Int32(1), Int32(1), [7], Newer(1)),
        Record(
            0x8004,
            Id(1),
            Int32(1),
            Int32(128),
            Record(0x8107, Int32(2)),
            Record(
                0x8103,
                Int32(0),
                Record(
                    0x8206,
                    Int32(2), // legacy state: none, then inline bytes
                    Record(0x8304),
                    Record(0x8303, Text("l"), Int32(0)),
                    Int32(2), // managed operator state: one, then none
                    [1],
                    Record(0x8403, Int32(0), FileOf("file:a", 1)),
                    [0],
                    Int32(0))), // raw operator state: no slots
            Newer(4)),
        Record(
            0x8004,
            Id(2),
            Int32(3),
            Int32(128),
            Record(0x8101, "n"u8.ToArray()),
            Record(0x8104, "u"u8.ToArray()),
            Record(0x8105, Record(0x8303, Text("c"), Int32(1), [0xAA])),
            Record(0x8102, Text("s"), [6, 0], Newer(9)),
            RunningSubtask(),
            Record(0x8103, Int32(1), Record(0x8207)),
            Record(0x8103, Int32(2), Record(0x8208, Int64(41)))),
        Record(0x8004, Id(3), Int32(1), Int32(128), Record(0x8106)),
        Record(0x8005, [.. FlinkSamples.Properties.Serialized]),
        Newer(3));

    private static byte[] RunningSubtask() => Record(
        0x8103,
        Int32(0),
        Record(0x8201, Changelog()),
        Record(
            0x8202,
            Record(
                0x8401,
                Range(2, 2),
                Int64(0),
                Int64(9),
                Record(
                    0x8305,
                    Range(7, 1),
                    Int64(16),
                    Record(0x8301, Text("file:k"), Int64(17), [0, 0, 0], Newer(10)),
                    Newer(11)),
                Record(0x8506),
                Newer(5))),
        Record(
            0x8203,
            Record(
                0x8403,
                Int32(0),
                Record(0x8306, Text("/f"), Int64(100), Int64(20), [1], Text("seg")),
                Record(0x850B, Text("/own"), Text("/shared"), [0]),
                Newer(6))),
        Record(0x8204, Record(0x8403, Int32(0), Record(0x8307), Record(0x850B, Text(""), Text(""), [1]))),
        Record(
            0x8209,
            Int32(0),
            Int64(5),
            [1],
            Int32(1),
            Int32(2),
            Int32(2),
            Int64(3),
            Int64(4),
            FileOf("file:i", 6),
            Newer(7)),
        Record(0x8209, Int32(0), Int64(10), [2], Int32(2), [8, 9], FileOf("file:j", 11)),
        Record(0x820A, Int32(0), Int64(14), [1], Int32(12), Int32(13), Int32(0), FileOf("file:o", 15)),
        Newer(8));

    private static byte[] Changelog() => Record(
        0x8404,
        Range(0, 64),
        Int64(28),
        Int64(27),
        Text("h5"),
        Record(
            0x8507,
            Record(
                0x8402,
                Samples.BackendId.ToByteArray(bigEndian: true),
                Range(0, 32),
                Int64(18),
                Int64(19),
                Record(0x8501, Record(0x8303, Text(""), Int32(0))),
                Record(0x8505, "h1"u8.ToArray()),
                Newer(12))),
        Record(0x8507, Record(0x8401, Range(32, 1), Int64(0), FileOf("file:m", 20), Record(0x8505, "h2"u8.ToArray()))),
        Record(
            0x8508,
            Record(
                0x8405,
                Range(0, 2),
                Int64(21),
                Int64(22),
                Int32(2),
                Int32(-1),
                Int32(1),
                [0xBB],
                Int32(1),
                Int32(0),
                Text("h3"),
                Newer(13))),
        Record(
            0x8508,
            Record(
                0x8406,
                Range(0, 2),
                Int32(1),
                Int64(23),
                FileOf("file:c", 24),
                Int64(25),
                Int64(26),
                Text("h4"),
                Record(0x850A, "fs"u8.ToArray()),
                Newer(14))),
        Record(0x8509, Int64(29)),
        Newer(15));

    private static byte[] Origin() => Record(
        0x8002,
        Text("flights"),
        Convert.FromHexString("11111111222243338444555555555555"),
        Convert.FromHexString("66666666777748889999aaaaaaaaaaaa"),
        Int64(1),
        [0, 1],
        Int64(1_000_000_000_000),
        Int64(1_000_000_000_250),
        Int32(1),
        Text("why"),
        Text("nightly"),
        Newer(2));

    private static byte[] FileOf(string path, long size) => Record(0x8301, Text(path), Int64(size), [0, 0, 0]);

    private static byte[] Range(byte first, byte count) => [first, 0, count, 0];

    private static byte[] Id(byte number) => [.. new byte[15], number];

    private static byte[] Newer(byte number) => Record(0x0100, [number]);

    private static string GoldenPath(string name) => Path.Combine(
        SharedData.RepositoryRoot, "tests", "Checkpointing.Tests", "Metadata", "GoldenFiles", name + ".metadata");

    [GeneratedRegex(@"^\| (0x8[0-9A-F]{3}) \|", RegexOptions.Multiline)]
    private static partial Regex TagInTable();
}
