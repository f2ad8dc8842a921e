using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata;

/// <summary>Damaged and hostile files: only the two typed exceptions, little memory, no hang.</summary>
public sealed class DamagedMetadataTests
{
    private const int Mutations = 20_000;

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

    [Fact]
    public void Read_FlinkCutAnywhere_IsCorrupt()
    {
        foreach (var file in SmallFlinkFiles())
        {
            for (var length = 0; length < file.Length; length++)
            {
                Damage(file[..length]).Should().BeOfType<CheckpointCorruptException>($"of length {length}");
            }
        }
    }

    [Fact]
    public void Read_FlinkWithAnyBitFlipped_IsRefusedOrWrittenAgainUnchanged()
    {
        foreach (var file in SmallFlinkFiles())
        {
            for (var bit = 0; bit < file.Length * 8; bit++)
            {
                file[bit / 8] ^= (byte)(1 << (bit % 8));
                CheckRefusedOrUnchanged(file, $"bit {bit}");
                file[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void Read_FlinkMutated_IsRefusedOrWrittenAgainUnchanged()
    {
        var files = SmallFlinkFiles();
        for (var seed = 0; seed < Mutations; seed++)
        {
            var random = new Random(seed);
            CheckRefusedOrUnchanged(Mutate(files[seed % files.Count], random), $"seed {seed}");
        }
    }

    [Fact]
    public void Read_NativeMutated_IsRefused()
    {
        var file = CheckpointMetadataSerializer.Write(Samples.Full(), MetadataFormat.NativeV1);
        for (var seed = 0; seed < Mutations; seed++)
        {
            var mutated = Mutate(file, new Random(seed));
            if (!mutated.AsSpan().SequenceEqual(file))
            {
                Damage(mutated).Should().NotBeNull($"of seed {seed}");
            }
        }
    }

    [Fact]
    public void Read_NativeMutatedAndSealedAgain_IsRefusedOrReadTheSameTwice()
    {
        var content = NativeFile.WithoutTrailer(CheckpointMetadataSerializer.Write(Samples.Full(),
            MetadataFormat.NativeV1));
        for (var seed = 0; seed < Mutations; seed++)
        {
            var file = NativeFile.AddTrailer(Mutate(content, new Random(seed)));
            if (Damage(file) is null && CheckpointMetadataSerializer.Read(file, "p") is var metadata)
            {
                var again = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);
                (CheckpointMetadataSerializer.Read(again, "p") == metadata).Should().BeTrue($"seed {seed}");
            }
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

    private static void CheckRefusedOrUnchanged(byte[] file, string what)
    {
        if (Damage(file) is not null)
        {
            return;
        }

        var metadata = CheckpointMetadataSerializer.Read(file, "p");
        var again = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV2);
        if (!again.AsSpan().SequenceEqual(file))
        {
            // Only the start of a range without key groups is normalised.
            again.Length.Should().Be(file.Length, what);
            HasEmptyRange(metadata).Should().BeTrue(what);
            (CheckpointMetadataSerializer.Read(again, "p") == metadata).Should().BeTrue(what);
        }
    }

    private static bool HasEmptyRange(CheckpointMetadata metadata) => metadata.Operators.Any(static one =>
        one.Subtasks.Any(static subtask => new[] { subtask.ManagedKeyed, subtask.RawKeyed }
            .OfType<IncrementalKeyedStateHandle>().Any(static handle => handle.Range.IsEmpty)
            || subtask.ToString().Contains("Range = empty", StringComparison.Ordinal)));

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

    private static byte[] Mutate(byte[] file, Random random)
    {
        List<byte> bytes = [.. file];
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = new byte[] { 0, 1, 0x7F, 0x80, 0xFF }[random.Next(5)];
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    bytes.Add(0);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                case 4:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    bytes[at]++;
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Repeat(byte[] unit, int length) =>
        [.. Enumerable.Range(0, length).Select(i => unit[i % unit.Length])];

    // Our own contents always; Flink's own files too where they are.
    private static List<byte[]> SmallFlinkFiles()
    {
        var full = Samples.Full();
        var withoutRelative = full with
        {
            Operators = full.Operators.Select(static one => one with
            {
                Subtasks = one.Subtasks.Select(static subtask => subtask with
                {
                    ManagedOperator =
                        subtask.ManagedOperator is { } operatorState ? operatorState with { Stream = File } : null,
                    RawKeyed = subtask.RawKeyed is KeyGroupsStateHandle groups ? groups with { Stream = File } : null,
                    ManagedKeyed = subtask.ManagedKeyed is IncrementalKeyedStateHandle handle
                        ? handle with { SharedFiles = [new("1.sst", File)] }
                        : subtask.ManagedKeyed,
                }).ToValueList(),
            }).ToValueList(),
        };
        return
        [
            CheckpointMetadataSerializer.Write(Samples.Small(), MetadataFormat.FlinkV2),
            CheckpointMetadataSerializer.Write(withoutRelative, MetadataFormat.FlinkV2),
            .. SharedData.Files("flink-generated", "v2-*.metadata").Select(System.IO.File.ReadAllBytes)
                .Where(static file => file.Length < 600),
        ];
    }

    private static FileStateHandle File { get; } = new("file:/tmp/x", 5);
}
