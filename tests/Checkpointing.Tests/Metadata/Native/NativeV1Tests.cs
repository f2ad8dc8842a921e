using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using static Checkpointing.Tests.Metadata.NativeFile;

namespace Checkpointing.Tests.Metadata.Native;

public sealed class NativeV1Tests
{
    private const int UnknownOptional = 0x0077;
    private const int UnknownRequired = 0x8077;

    private static readonly byte[] Unknown = Record(UnknownOptional, [9, 8, 7]);
    private static readonly byte[] Required = Record(UnknownRequired, [9, 8, 7]);

    [Fact]
    public void Read_UnknownOptionalRecordAtTheTop_IsKeptAndWrittenAgain()
    {
        var file = Seal(CheckpointId(5), Operator(Subtask()), Unknown, Record(0x0000), Unknown);

        var metadata = CheckpointMetadataSerializer.Read(file, "p");

        metadata.UnknownRecords.Should().Equal(
            new OpaqueRecord(UnknownOptional, [9, 8, 7]), new OpaqueRecord(0, []), new OpaqueRecord(UnknownOptional,
                [9, 8, 7]));
        CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1).Should().Equal(file);
    }

    public static TheoryData<string, Func<byte[], byte[]>> Places() => new()
    {
        { "the file", static record => Seal(CheckpointId(5), record) },
        { "an operator", static record => Seal(CheckpointId(5), Operator(record)) },
        { "a subtask", static record => Seal(CheckpointId(5), Operator(Subtask(record))) },
        {
            "incremental keyed state",
            static record => Seal(
                CheckpointId(5), Operator(Subtask(Record(0x8201, Incremental(AbsentMetaFile, record)))))
        },
        {
            "a stream",
            static record => Seal(CheckpointId(5), Operator(Subtask(Record(0x8205, Record(0x8304, record)))))
        },
        {
            "a stream",
            static record => Seal(CheckpointId(5), Operator(Subtask(Record(
                0x8205, Record(0x8301, Text("x"), Int64(1), [0, 0, 0], record)))))
        },
        { "key groups", static record => Seal(CheckpointId(5), Operator(Subtask(Record(0x8201, KeyGroup(record))))) },
        {
            "operator state",
            static record => Seal(CheckpointId(5), Operator(Subtask(Record(
                0x8203, Record(0x8403, Int32(0), Record(0x8304), record)))))
        },
        { "a state", static record => Seal(CheckpointId(5), Operator(Record(0x8102, Text("s"), [1, 0], record))) },
        {
            "a coordinator state",
            static record => Seal(CheckpointId(5), Record(0x8003, Text("h"), Int32(1), Int32(0), record))
        },
        {
            "the checkpoint's origin",
            static record => Seal(CheckpointId(5), Record(
                0x8002, Text("j"), new byte[32], Int64(1), [0, 0], Int64(0), Int64(0), Int32(0), record))
        },
        {
            "channel state",
            static record => Seal(CheckpointId(5), Operator(Subtask(Record(
                0x8209, Int32(0), Int64(1), [2], Int32(0), Record(0x8304), record))))
        },
        {
            "a changelog",
            static record => Seal(CheckpointId(5), Operator(Subtask(Record(
                0x8201, Record(0x8404, [0, 0, 1, 0], Int64(1), Int64(2), Text("id"), record)))))
        },
        {
            "a changelog in memory",
            static record => Seal(CheckpointId(5), Operator(Subtask(Record(
                0x8201, Record(0x8405, [0, 0, 1, 0], Int64(1), Int64(2), Int32(0), Text("id"), record)))))
        },
        {
            "changelog files",
            static record => Seal(CheckpointId(5), Operator(Subtask(Record(
                0x8201, Record(0x8406, [0, 0, 1, 0], Int32(0), Int64(1), Int64(2), Text("id"), record)))))
        },
    };

    [Theory]
    [MemberData(nameof(Places), DisableDiscoveryEnumeration = true)]
    public void Read_UnknownRecord_IsKeptIfOptionalAndRefusedByNameIfRequired(
        string place, Func<byte[], byte[]> build)
    {
        var read = () => CheckpointMetadataSerializer.Read(build(Required), "p");

        var kept = CheckpointMetadataSerializer.Read(build(Unknown), "p");
        CheckpointMetadataSerializer.Write(kept, MetadataFormat.NativeV1).Should().Equal(build(Unknown));
        read.Should().Throw<UnsupportedFormatException>().WithMessage(
            $"'p' has a required record 0x8077 in {place} at byte *");
    }

    public static TheoryData<string, byte[]> NewerContent() => new()
    {
        { "keyed state of unknown kind 0x84ff", Operator(Subtask(Record(0x8201, Record(0x84FF)))) },
        { "operator state of unknown kind 0x84ff", Operator(Subtask(Record(0x8203, Record(0x84FF)))) },
        { "stream of unknown kind 0x0001", Operator(Subtask(Record(0x8205, Record(0x0001)))) },
        {
            "file 'x' with transform 3",
            Operator(Subtask(Record(0x8205, Record(0x8301, Text("x"), Int64(1), [3, 0, 0]))))
        },
        { "state 's' of kind 99", Operator(Record(0x8102, Text("s"), [99, 0])) },
    };

    [Theory]
    [MemberData(nameof(NewerContent))]
    public void Read_ContentOfANewerWriter_IsRefusedByName(string name, byte[] record)
    {
        var read = () => CheckpointMetadataSerializer.Read(Seal(CheckpointId(5), record), "p");

        read.Should().Throw<UnsupportedFormatException>().WithMessage($"'p' has {name} at byte *");
    }

    public static TheoryData<string, byte[]> Wrong() => new()
    {
        { "no id", Seal() },
        { "two ids", Seal(CheckpointId(5), CheckpointId(5)) },
        { "a negative id", Seal(CheckpointId(-1)) },
        { "a short id", Seal(Record(0x8001, [1, 2, 3])) },
        { "a long id", Seal(Record(0x8001, new byte[9])) },
        { "half a record header", Seal(CheckpointId(5), [1, 0, 0]) },
        { "a record beyond the end", Seal(CheckpointId(5), [1, 0, 1, 0, 0, 0]) },
        { "a length below zero", Seal(CheckpointId(5), [1, 0, 255, 255, 255, 255]) },
        { "two names", Seal(CheckpointId(5), Operator(Record(0x8101), Record(0x8101))) },
        { "bad UTF-8", Seal(CheckpointId(5), Operator(Record(0x8101, [0xFF]))) },
        { "a pair in two halves", Seal(CheckpointId(5), Operator(Record(0x8101, [0xED, 0xA0, 0xBD, 0xED, 0xB8,
            0x80]))) },
        { "a subtask twice", Seal(CheckpointId(5), Operator(Subtask(), Subtask())) },
        { "a subtask beyond", Seal(CheckpointId(5), Operator(Record(0x8103, Int32(1)))) },
        { "parallelism 0", Seal(CheckpointId(5), Record(0x8004, new byte[16], Int32(0), Int32(1))) },
        { "state twice", Seal(CheckpointId(5), Operator(Subtask(Record(0x8205, Record(0x8304)), Record(0x8205,
            Record(0x8304))))) },
        { "an empty path", Seal(CheckpointId(5), Operator(Subtask(Record(0x8205, Record(0x8301, Text(""),
            new byte[11]))))) },
        { "a way out", Seal(CheckpointId(5), Operator(Subtask(Record(0x8205, Record(0x8302, Text("a/../../b"),
            new byte[11]))))) },
        { "two shared lists", SealedIncremental(AbsentMetaFile, Record(0x8502, Int32(0)), Record(0x8502, Int32(0))) },
        { "no meta file", SealedIncremental(Record(0x8502, Int32(0))) },
        { "more after a part", SealedIncremental(AbsentMetaFile, Record(0x8502, Int32(0), [0])) },
        { "a count too large", SealedIncremental(AbsentMetaFile, Record(0x8502, Int32(int.MaxValue))) },
        { "a job without a name", Seal(CheckpointId(5), Record(0x8002, Text(""), new byte[100])) },
        { "a job with a slash", Seal(CheckpointId(5), Record(0x8002, Text("a/b"), new byte[100])) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Read_SealedButWrong_IsCorrupt(string what, byte[] file)
    {
        var read = () => CheckpointMetadataSerializer.Read(file, "p");

        read.Should().Throw<CheckpointCorruptException>(because: what).Where(e =>
            e.Offset >= 8 && e.Offset <= file.Length);
    }

    [Fact]
    public void Read_StreamsNestedWithoutEnd_AreCorrupt()
    {
        var allowed = () => CheckpointMetadataSerializer.Read(Nested(16), "p");
        var tooDeep = () => CheckpointMetadataSerializer.Read(Nested(17), "p");
        var farTooDeep = () => CheckpointMetadataSerializer.Read(Nested(2_000), "p");

        allowed.Should().NotThrow();
        tooDeep.Should().Throw<CheckpointCorruptException>().WithMessage("*at most 16 deep*");
        farTooDeep.Should().Throw<CheckpointCorruptException>().WithMessage("*at most 16 deep*");
    }

    [Fact]
    public void Write_StreamsNestedDeeperThanReadersGo_AreRefused()
    {
        StreamStateHandle stream = AbsentStreamStateHandle.Instance;
        for (var i = 0; i < 17; i++)
        {
            stream = new KeyGroupsStreamStateHandle(new(KeyGroups.KeyGroupRange.Empty, [], stream));
        }

        var write = () => CheckpointMetadataSerializer.Write(Samples.WithShared(stream), MetadataFormat.NativeV1);

        write.Should().Throw<UnsupportedFormatException>();
    }

    [Fact]
    public void Write_UnknownRecordWithRequiredTag_IsRefused()
    {
        var metadata = Samples.Small() with { UnknownRecords = [new OpaqueRecord(UnknownRequired, [])] };

        var write = () => CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);

        write.Should().Throw<UnsupportedFormatException>().WithMessage("*0x8077*");
    }

    [Theory]
    [InlineData("native-v1-small")]
    [InlineData("native-v1-full")]
    public void Write_GoldenContent_GivesTheGoldenFile(string name)
    {
        var golden = File.ReadAllBytes(GoldenPath(name));
        var content = name == "native-v1-small" ? Samples.Small() : Samples.Full();

        CheckpointMetadataSerializer.Write(content, MetadataFormat.NativeV1).Should().Equal(golden);
        (CheckpointMetadataSerializer.Read(golden, name) == content).Should().BeTrue();
    }

    [Fact]
    public void Documentation_WorkedExample_IsTheGoldenFile()
    {
        var documented = new List<byte>();
        var isInside = false;
        foreach (var line in File.ReadLines(Path.Combine(SharedData.RepositoryRoot, "docs", "file-format.md")))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isInside = line == "```hexdump";
            }
            else if (isInside)
            {
                Convert.ToInt32(line[..4], 16).Should().Be(documented.Count, because: line);
                documented.AddRange(Convert.FromHexString(line[6..Math.Min(54, line.Length)].Replace(" ", "")));
            }
        }

        documented.Should().Equal(File.ReadAllBytes(GoldenPath("native-v1-small")));
        CheckpointMetadataSerializer.Read([.. documented], "p").Should().Be(Samples.Small());
    }

    [Fact]
    public void ReadAndWrite_TenThousandFiles_AllocateAtMostThreeTimesTheFile()
    {
        var metadata = Samples.Large(10_000);
        var file = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);
        _ = CheckpointMetadataSerializer.Read(file, "p");

        var before = GC.GetAllocatedBytesForCurrentThread();
        _ = CheckpointMetadataSerializer.Read(file, "p");
        var afterRead = GC.GetAllocatedBytesForCurrentThread();
        _ = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);
        var afterWrite = GC.GetAllocatedBytesForCurrentThread();

        (afterRead - before).Should().BeLessThan(3L * file.Length);
        (afterWrite - afterRead).Should().BeLessThan(3L * file.Length);
    }

    private static byte[] Nested(int depth)
    {
        var stream = Record(0x8304);
        for (var i = 0; i < depth; i++)
        {
            stream = Record(0x8305, [0, 0, 0, 0], stream);
        }

        return Seal(CheckpointId(5), Operator(Subtask(Record(0x8205, stream))));
    }

    private static byte[] SealedIncremental(params byte[][] records) =>
        Seal(CheckpointId(5), Operator(Subtask(Record(0x8201, Incremental(records)))));

    private static string GoldenPath(string name) => Path.Combine(
        SharedData.RepositoryRoot, "tests", "Checkpointing.Tests", "Metadata", "GoldenFiles", name + ".metadata");
}
