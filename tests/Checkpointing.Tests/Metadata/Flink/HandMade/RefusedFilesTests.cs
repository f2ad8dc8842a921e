using Checkpointing.Metadata;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Files that Flink's readers refuse, and those that only we refuse because Flink never writes them: each at
/// the byte that is wrong.</summary>
public sealed class RefusedFilesTests
{
    private const string Version2 = "49 60 67 2D 00 00 00 02  00 00 00 00 00 00 00 2A  00 00 00 00 ";
    private const string Version3 = "49 60 67 2D 00 00 00 03  00 00 00 00 00 00 00 2A  00 00 00 00 ";
    private const string Version6 = "49 60 67 2D 00 00 00 06  00 00 00 00 00 00 00 2A  00 00 00 00 ";
    private const string Id = "01 02 03 04 05 06 07 08 11 12 13 14 15 16 17 18 ";

    // One operator of parallelism 2 with one subtask, up to the flag of its managed operator state.
    private const string Subtask =
        Version3 + "00 00 00 01 " + Id + "00 00 00 02 00 00 00 80 00 00 00 00 01 00 00 00 00 ";

    // The same up to its managed keyed state, and in version 2.
    private const string Keyed = Subtask + "00 00 00 00 00 00 00 00 ";
    private const string Operator2 = Version2 + "00 00 00 01 " + Id + "00 00 00 02 00 00 00 80 ";
    private const string Keyed2 = Operator2
        + "00 00 00 01 00 00 00 01 00 00 00 00 FF FF FF FF FF FF FF FF 00 00 00 00 00 00 00 00 00 00 00 00 ";

    // A snapshot of key group 0, up to its stream.
    private const string Stream = Keyed + "03 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 ";

    // Enough for every count to be judged by itself and not by what is left of the file.
    private const string Filler = " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";

    public static TheoryData<string, string> Corrupt() => new()
    {
        // What Flink refuses as well.
        { "other magic", "^49 60 67 2E 00 00 00 03" + Filler },
        { "negative number of hooks", "49 60 67 2D 00 00 00 03 00 00 00 00 00 00 00 2A ^FF FF FF FF" + Filler },
        {
            "other magic of a hook",
            "49 60 67 2D 00 00 00 03 00 00 00 00 00 00 00 2A 00 00 00 01 ^C9 6B 16 97" + Filler
        },
        {
            "hook that is shorter than it says",
            "49 60 67 2D 00 00 00 03 00 00 00 00 00 00 00 2A 00 00 00 01 C9 6B 16 96 ^00 00 00 0B" + Filler
        },
        { "negative number of operators", Version3 + "^FF FF FF FF" + Filler },
        { "parallelism above its bound", Version3 + "00 00 00 01 " + Id + "^00 00 00 81 00 00 00 80" + Filler },
        { "no parallelism", Version3 + "00 00 00 01 " + Id + "^00 00 00 00 00 00 00 80" + Filler },
        { "bound of the parallelism too high", Version3 + "00 00 00 01 " + Id + "^00 00 00 02 00 00 80 01" + Filler },
        {
            "coordinator's state in a file",
            Version3 + "00 00 00 01 " + Id + "00 00 00 02 00 00 00 80 ^02 00 00 00 00 00 00 00 01 00 01 'x'" + Filler
        },
        {
            "coordinator's state of an operator that has finished",
            Version3 + "00 00 00 01 " + Id + "00 00 00 02 00 00 00 80 ^01 00 00 00 00 00 00 FF FF FF FF"
        },
        {
            "subtask that the operator does not have",
            Version3 + "00 00 00 01 " + Id + "^00 00 00 02 00 00 00 80 00 00 00 00 01 00 00 00 02" + Filler
        },
        {
            "finished subtask that the operator does not have",
            Version3 + "00 00 00 01 " + Id + "^00 00 00 02 00 00 00 80 00 00 00 00 01 FF FF FF FD"
        },
        { "operator state announced and not there", Subtask + "00 00 00 01 ^00" + Filler },
        { "unknown operator state", Subtask + "00 00 00 01 ^05" + Filler },
        { "negative number of operator states", Subtask + "00 00 00 01 04 ^FF FF FF FF" + Filler },
        { "operator state without stream", Subtask + "00 00 00 01 04 00 00 00 00 ^00" + Filler },
        { "unknown mode", Subtask + "00 00 00 01 04 00 00 00 01 00 00 ^03 00 00 00 00" + Filler },
        { "negative number of offsets", Subtask + "00 00 00 01 04 00 00 00 01 00 00 00 ^80 00 00 00" + Filler },
        {
            "merged files in a file of their own",
            Subtask + "00 00 00 01 11 00 00 00 00 00 00 00 00 00 ^02 00 00 00 00 00 00 00 01 00 01 'x'" + Filler
        },
        { "unknown keyed state", Keyed + "^04" + Filler },
        { "keyed state with the tag of a stream", Keyed + "^06" + Filler },
        { "keyed state after the last tag", Keyed + "^12" + Filler },
        { "negative number of key groups", Keyed + "03 ^00 00 00 00 FF FF FF FF" + Filler },
        { "key groups without stream", Stream + "^00" + Filler },
        { "unknown stream", Stream + "^07" + Filler },
        { "file without path", Stream + "02 00 00 00 00 00 00 00 01 ^00 00" + Filler },
        { "relative file without path", Stream + "06 ^00 00 00 00 00 00 00 00 00 01" + Filler },
        {
            "segment without path",
            Stream + "0F 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 ^00 00 00 01 'i'" + Filler
        },
        {
            "segment of unknown scope",
            Stream + "0F 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 ^00 00 00 02 00 01 'p' 00 01 'i'" + Filler
        },
        { "inline bytes of negative length", Stream + "01 00 00 FF FF FF FF ^" + Filler },
        { "text with a four-byte character", Stream + "01 00 05 'a' ^F0 9F 98 80" + Filler },
        { "text that ends within a character", Stream + "01 00 02 'a' ^C3 BC" + Filler },
        {
            "changelog with a part that is not there",
            Keyed + "08 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 01 ^00" + Filler
        },
        { "negative number of channels", Keyed + "00 00 ^FF FF FF FF" + Filler },
        {
            "channel without stream",
            Keyed + "00 00 00 00 00 01" + Filler[..36] + " 00 00 00 00 00 00 00 00 00 00 00 00 ^00" + Filler
        },

        // What Flink reads past, or never meets.
        { "negative checkpoint id", "49 60 67 2D 00 00 00 03 ^FF FF FF FF FF FF FF FF" + Filler },
        { "key groups below 0", Keyed + "03 ^FF FF FF FF 00 00 00 01" + Filler },
        { "key groups that no job has", Keyed + "03 ^00 00 7F FF 00 00 00 02" + Filler },
        {
            "other negative number of subtasks",
            Version3 + "00 00 00 01 " + Id + "00 00 00 02 00 00 00 80 00 ^FF FF FF FE"
        },
        { "flag that is neither 0 nor 1", Subtask + "^00 00 00 02" + Filler },
        { "boolean that is neither 0 nor 1", Subtask + "00 00 00 01 11 00 00 00 00 00 00 00 00 ^02 10" + Filler },
        {
            "subtask twice",
            Version3 + "00 00 00 01 " + Id + "^00 00 00 02 00 00 00 80 00 00 00 00 02 FF FF FF FE FF FF FF FE"
        },
        { "bytes behind the last operator", Version3 + "00 00 00 00 ^00" },
        { "bytes behind the properties", Version6 + "00 00 00 00 AC ED 00 05 70 ^00" },
        { "no properties", Version6 + "00 00 00 00 ^" },
        { "other properties", Version6 + "00 00 00 00 ^AC ED 00 06 70" },
        { "chain of two in version 2", Operator2 + "^00 00 00 02 00 00 00 00" },
        {
            "duration in version 2",
            Operator2 + "00 00 00 01 00 00 00 01 00 00 00 00 ^00 00 00 00 00 00 00 00" + Filler
        },
        { "streams that hold each other too deep", Stream + Nested(17) },
    };

    [Theory]
    [MemberData(nameof(Corrupt))]
    public void Read_WhatFlinkDoesNotWrite_IsCorruptThere(string name, string hex)
    {
        var file = Hex.Parse(hex, out var marked);

        var read = () => CheckpointMetadataSerializer.Read(file, "p");

        var offset = read.Should().Throw<CheckpointCorruptException>(name).Which.Offset;
        if (marked >= 0)
        {
            offset.Should().Be(marked, name);
        }
    }

    [Theory]
    [InlineData("keyed state with tag 7", Keyed2 + "^07")]
    [InlineData("keyed state with tag 8", Keyed2 + "^08")]
    [InlineData("keyed state with tag 9", Keyed2 + "^09")]
    [InlineData("keyed state with tag 10", Keyed2 + "^0A")]
    [InlineData("keyed state with tag 11", Keyed2 + "^0B")]
    [InlineData("keyed state with tag 12", Keyed2 + "^0C")]
    [InlineData("keyed state with tag 13", Keyed2 + "^0D")]
    [InlineData("keyed state with tag 14", Keyed2 + "^0E")]
    [InlineData("stream of key groups with tag 6", Keyed2 + "03 00 00 00 00 00 00 00 00 ^06")]
    [InlineData("stream of key groups with tag 15", Keyed2 + "03 00 00 00 00 00 00 00 00 ^0F")]
    [InlineData("stream of key groups with tag 16", Keyed2 + "03 00 00 00 00 00 00 00 00 ^10")]
    public void Read_TagThatCameAfterVersion2_IsUnsupportedThere(string what, string hex)
    {
        var file = Hex.Parse(hex + Filler, out var marked);

        var read = () => CheckpointMetadataSerializer.Read(file, "p");

        read.Should().Throw<UnsupportedFormatException>().WithMessage($"*{what} at byte {marked}; *in version 2.");
    }

    [Fact]
    public void Read_StreamsAsDeepAsAllowed_AreRead()
    {
        var file = Hex.Parse(Stream + Nested(15) + " 00  00 00 00 00 00 00 00 00");

        var metadata = CheckpointMetadataSerializer.Read(file, "p");

        CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV3).Should().Equal(file);
    }

    // Key groups as a stream of key groups as a stream, and inline bytes at last.
    private static string Nested(int depth) =>
        string.Concat(Enumerable.Repeat("03 00 00 00 00 00 00 00 00 ", depth)) + "01 00 00 00 00 00 00 ";
}
