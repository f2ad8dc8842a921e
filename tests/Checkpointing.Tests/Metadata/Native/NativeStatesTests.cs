using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using static Checkpointing.Tests.Metadata.NativeFile;

namespace Checkpointing.Tests.Metadata.Native;

/// <summary>Descriptions of states in version 1001, put together by hand from the documentation.</summary>
public sealed class NativeStatesTests
{
    private static readonly string s_golden = Path.Combine(
        SharedData.RepositoryRoot, "tests", "Checkpointing.Tests", "Metadata", "GoldenFiles",
        "native-v1-stamped.metadata");

    [Fact]
    public void Write_StampedState_GivesTheBytesPutTogetherByHand()
    {
        var stamped = new StateDescription("s", StateKind.Value, null, null, null, new("b", 2, 3)) { IsStamped = true };
        var file = FileOf(StateOf(1, Record(0x8181), Record(0x7001, [5])));
        var read = CheckpointMetadataSerializer.Read(file, "p");

        read.Operators[0].States.Should().Equal(stamped with { UnknownRecords = [new(0x7001, [5])] });
        CheckpointMetadataSerializer.Write(read, MetadataFormat.NativeV1).Should().Equal(file);
        File.ReadAllBytes(s_golden).Should().Equal(file, "a released layout never changes");
    }

    [Fact]
    public void Write_StateWithoutStamps_HasNoRecordOfThem()
    {
        var file = FileOf(StateOf(1));

        var read = CheckpointMetadataSerializer.Read(file, "p");

        read.Operators[0].States[0].IsStamped.Should().BeFalse();
        CheckpointMetadataSerializer.Write(read, MetadataFormat.NativeV1).Should().Equal(file);
    }

    [Fact]
    public void Read_WrongMarks_IsCorruption()
    {
        byte[][] wrong =
        [
            StateOf(1, Record(0x8181), Record(0x8181)), StateOf(1, Record(0x8181, [0])),
            StateOf(6, Record(0x8181)), StateOf(7, Record(0x8181)), StateOf(8, Record(0x8181)),
        ];
        foreach (var state in wrong)
        {
            FluentActions.Invoking(() => CheckpointMetadataSerializer.Read(FileOf(state), "p"))
                .Should().Throw<CheckpointCorruptException>();
        }
    }

    [Theory]
    [InlineData(1, StateKind.Value)]
    [InlineData(7, StateKind.OperatorList)]
    [InlineData(8, StateKind.Broadcast)]
    public void Read_EachKind_IsWrittenAgainByteForByte(byte stored, StateKind kind)
    {
        var file = FileOf(StateOf(stored));
        var read = CheckpointMetadataSerializer.Read(file, "p");

        read.Operators[0].States[0].Kind.Should().Be(kind);
        CheckpointMetadataSerializer.Write(read, MetadataFormat.NativeV1).Should().Equal(file);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void Read_UnknownKind_IsRefused(byte kind) =>
        FluentActions.Invoking(() => CheckpointMetadataSerializer.Read(FileOf(StateOf(kind)), "p"))
            .Should().Throw<UnsupportedFormatException>().WithMessage($"*kind {kind}*kinds 1 to 8*");

    [Fact]
    public void Read_UnknownRequiredRecordInAState_IsRefused() =>
        FluentActions.Invoking(() => CheckpointMetadataSerializer.Read(FileOf(StateOf(1, Record(0x8182))), "p"))
            .Should().Throw<UnsupportedFormatException>().WithMessage("*0x8182*a state*");

    [Fact]
    public void Write_StampedTimers_IsRefused()
    {
        var content = CheckpointMetadataSerializer.Read(FileOf(StateOf(6)), "p");
        var one = content.Operators[0];
        var wrong = content with { Operators = [one with { States = [one.States[0] with { IsStamped = true }] }] };

        FluentActions.Invoking(() => CheckpointMetadataSerializer.Write(wrong, MetadataFormat.NativeV1))
            .Should().Throw<UnsupportedFormatException>().WithMessage("*Timer*");
    }

    private static byte[] FileOf(byte[] state) => Seal(CheckpointId(1), Operator(state));

    private static byte[] StateOf(byte kind, params byte[][] records) =>
        Record(0x8102, [Text("s"), [kind, 8], Text("b"), Int32(2), Int64(3), .. records]);
}
