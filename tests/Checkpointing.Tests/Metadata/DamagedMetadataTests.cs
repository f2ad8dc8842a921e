using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata;

/// <summary>Damaged and hostile files by hand: only the two typed exceptions, little memory, no hang. Damage of every
/// version, by every cut, every bit and millions of mutations, is in Checkpointing.Torture.</summary>
public sealed class DamagedMetadataTests
{
    [Fact]
    public void Read_NativeCutAnywhere_IsCorrupt()
    {
        var file = CheckpointMetadataSerializer.Write(Samples.Small(), MetadataFormat.NativeV1);
        for (var length = 0; length < file.Length; length++)
        {
            Damage(file[..length]).Should().BeOfType<CheckpointCorruptException>($"of length {length}")
                .Which.Offset.Should().BeInRange(0, length);
        }
    }

    [Fact]
    public void Read_NativeWithAnyBitFlipped_IsCorrupt()
    {
        var file = CheckpointMetadataSerializer.Write(Samples.Small(), MetadataFormat.NativeV1);
        for (var bit = 0; bit < file.Length * 8; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            Damage(file).Should().BeOfType<CheckpointCorruptException>($"of bit {bit}")
                .Which.Offset.Should().BeInRange(0, file.Length);
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static Dictionary<string, byte[]> Hostile()
    {
        byte[] flink = [0x49, 0x60, 0x67, 0x2D, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1];
        byte[] none = [0, 0, 0, 0];
        byte[] many = [0x7F, 0xFF, 0xFF, 0xFF];
        byte[] one = [0, 0, 0, 1];
        byte[] subtask =
        [
            .. flink, .. none, .. one, .. new byte[16], .. one, .. one, .. one, .. one,
            .. none, 255, 255, 255, 255, 255, 255, 255, 255,
        ];
        byte[] incremental =
        [
            .. subtask, .. none, .. none, .. none, 5, .. new byte[8], 0, 1, (byte)'x', .. none, .. none, 0,
        ];
        const int Filler = 1_000_000;
        return new()
        {
            { "masters", [.. flink, .. many] },
            { "operators", [.. flink, .. none, .. many, .. new byte[Filler]] },
            { "as many operators as could be", [.. flink, .. none, 0, 0, 0x7A, 0, .. new byte[Filler]] },
            { "operator states", [.. subtask, .. none, .. one, 4, .. many, .. new byte[Filler]] },
            { "as many operator states as could be", [.. subtask, .. none, .. one, 4, 0, 2, 0x2D, 0,
                .. new byte[Filler]] },
            { "files", [.. incremental, .. many, .. new byte[Filler]] },
            { "as many files as could be", [.. incremental, 0, 5, 0x10, 0, .. new byte[Filler]] },
            { "odd texts", [.. incremental, 0, 3, 0, 0, .. Repeat([0, 1, 0, 0], Filler)] },
            { "inline bytes", [.. subtask, .. one, 1, 0, 0, .. many, .. new byte[Filler]] },
            { "nested key groups", [.. subtask, .. one, .. Repeat([3, 0, 0, 0, 0, 0, 0, 0, 0], Filler)] },
            {
                "native files",
                NativeFile.Seal(NativeFile.CheckpointId(1), NativeFile.Operator(NativeFile.Subtask(NativeFile.Record(
                    0x8201, NativeFile.Incremental(NativeFile.Record(0x8502, NativeFile.Int32(99_000),
                        new byte[Filler]))))))
            },
            { "native empty records", NativeFile.Seal(NativeFile.CheckpointId(1), Repeat([1, 0, 0, 0, 0, 0], Filler)) },
        };
    }

    [Fact]
    public void Read_HostileCount_AllocatesWithinTheBound()
    {
        foreach (var (what, file) in Hostile())
        {
            _ = Damage(file);
            var before = GC.GetAllocatedBytesForCurrentThread();
            _ = Damage(file);

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            allocated.Should().BeLessThan((64L * file.Length) + (1 << 20), because: what);
        }
    }

    private static Exception? Damage(byte[] file)
    {
        try
        {
            _ = CheckpointMetadataSerializer.Read(file, "p");
            return null;
        }
        catch (Exception exception) when (exception is CheckpointCorruptException or UnsupportedFormatException)
        {
            return exception;
        }
    }

    private static byte[] Repeat(byte[] unit, int length) =>
        [.. Enumerable.Range(0, length).Select(i => unit[i % unit.Length])];
}
