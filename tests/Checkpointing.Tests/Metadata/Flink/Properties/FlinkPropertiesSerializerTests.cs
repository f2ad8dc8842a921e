using System.Text.Json;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Flink.Properties;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink.Properties;

public sealed class FlinkPropertiesSerializerTests
{
    // Order of Java: cancelled, failed, finished, subsumed, suspended, forced, unclaimed.
    private static readonly byte[] s_some = [0, 0, 1, 1, 0, 1, 0];

    [Fact]
    public void Parse_ObjectOfFlinksSerializer_GivesTheValuesThatItStates()
    {
        foreach (var path in SharedData.FilesOrSkip("flink-generated", "v*.metadata").Where(HasProperties))
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(path, ".json")));
            var expected = ValuesOf(json.RootElement.GetProperty("properties"));

            Read(LastObject(path))?.Values.Should().Be(expected, path);
            (Read(LastObject(path)) is null).Should().Be(expected is null, path);
        }
    }

    [Theory]
    [InlineData("flink-generated", 15)]
    [InlineData("flink-metadata", 64)]
    public void Of_ValuesOfRealObject_GivesTheSameBytes(string folder, int count)
    {
        var files = SharedData.FilesOrSkip(folder, "v*.metadata").Where(HasProperties).ToList();

        foreach (var path in files)
        {
            var bytes = LastObject(path);
            if (Read(bytes) is { } properties)
            {
                properties.Serialized.Should().Equal(bytes);
                properties.Values.Should().NotBeNull(path);
                FlinkProperties.Of(properties.Values!).Should().Be(properties, path);
            }
        }

        files.Should().HaveCount(count);
    }

    [Theory]
    [InlineData("Checkpoint", "FORWARD_BACKWARD", 604)]
    [InlineData("Full Checkpoint", "FORWARD", 600)]
    public void Of_Checkpoint_GivesTheBytesWorkedOutByHand(string name, string sharing, int size)
    {
        var bytes = FlinkProperties.Of(Values(new FlinkCheckpointKind(name, sharing))).Serialized;

        bytes.Should().Equal(JavaBytes.Checkpoint(name, sharing, s_some)).And.HaveCount(size);
        Read([.. bytes])!.Values.Should().Be(Values(new FlinkCheckpointKind(name, sharing)));
    }

    [Theory]
    [InlineData("Savepoint", "NATIVE", "NONE", 742)]
    [InlineData("Savepoint", "CANONICAL", "NONE", 745)]
    [InlineData("Suspend Savepoint", "NATIVE", "SUSPEND", 753)]
    [InlineData("Suspend Savepoint", "CANONICAL", "SUSPEND", 756)]
    [InlineData("Terminate Savepoint", "NATIVE", "TERMINATE", 757)]
    [InlineData("Terminate Savepoint", "CANONICAL", "TERMINATE", 760)]
    public void Of_Savepoint_GivesTheBytesWorkedOutByHand(string name, string format, string postAction, int size)
    {
        var bytes = FlinkProperties.Of(Values(new FlinkSavepointKind(name, format, postAction))).Serialized;

        bytes.Should().Equal(JavaBytes.Savepoint(name, format, postAction, s_some)).And.HaveCount(size);
        Read([.. bytes])!.Values.Should().Be(Values(new FlinkSavepointKind(name, format, postAction)));
    }

    [Fact]
    public void Of_EachBoolean_IsWrittenInItsPlace()
    {
        var kind = FlinkPropertiesSerializer.Kinds[0];
        FlinkCheckpointProperties[] each =
        [
            new(false, false, false, true, false, false, false, kind),
            new(false, false, false, false, true, false, false, kind),
            new(false, false, true, false, false, false, false, kind),
            new(false, true, false, false, false, false, false, kind),
            new(false, false, false, false, false, true, false, kind),
            new(true, false, false, false, false, false, false, kind),
            new(false, false, false, false, false, false, true, kind),
        ];
        for (var i = 0; i < each.Length; i++)
        {
            var booleans = new byte[each.Length];
            booleans[i] = 1;

            var bytes = FlinkProperties.Of(each[i]).Serialized;

            bytes.Should().Equal(JavaBytes.Checkpoint("Checkpoint", "FORWARD_BACKWARD", booleans));
            Read([.. bytes])!.Values.Should().Be(each[i]);
        }
    }

    public static TheoryData<FlinkSnapshotKind> NotFlinks() =>
    [
        new FlinkCheckpointKind("Checkpoint", "FORWARD"),
        new FlinkCheckpointKind("Checkpoint", "NO_SHARING"),
        new FlinkCheckpointKind("Savepoint", "FORWARD"),
        new FlinkSavepointKind("Savepoint", "CANONICAL", "SUSPEND"),
        new FlinkSavepointKind("Suspend Savepoint", "OTHER", "SUSPEND"),
    ];

    [Theory]
    [MemberData(nameof(NotFlinks), DisableDiscoveryEnumeration = true)]
    public void Of_KindThatFlinkDoesNotHave_IsRefused(FlinkSnapshotKind kind)
    {
        var make = () => FlinkProperties.Of(Values(kind));

        make.Should().Throw<ArgumentException>().WithMessage("Flink has no *");
    }

    [Fact]
    public void Read_NullObject_IsNull()
    {
        Read([.. JavaBytes.Header, JavaBytes.Null]).Should().BeNull();

        var withMore = () => Read([.. JavaBytes.Header, JavaBytes.Null, 0]);
        withMore.Should().Throw<CheckpointCorruptException>().Where(e => e.Offset == Before + 5);
    }

    [Fact]
    public void Parse_ObjectKeptElsewhere_CountsOffsetsFromItsStart()
    {
        var bytes = FlinkProperties.Of(Values(FlinkPropertiesSerializer.Kinds[2]));

        FlinkPropertiesSerializer.Parse(bytes.Serialized, "p").Values.Should().Be(bytes.Values);
        var parse = () => FlinkPropertiesSerializer.Parse([.. bytes.Serialized, 9], "p");
        parse.Should().Throw<CheckpointCorruptException>()
            .Where(e => e.Offset == bytes.Serialized.Count && e.Path == "p");
    }

    [Theory]
    [InlineData("", "*only 0 bytes at byte 0 of them*")]
    [InlineData("ACED000570", "*Java's null*")]
    [InlineData("ACED00057070", "*1 more bytes at byte 5 of them*")]
    [InlineData("ACED000575", "*Java's array for an object at byte 4*")]
    public void Write_PropertiesThatCouldNotBeReadAgain_AreRefused(string hex, string message)
    {
        var properties = new FlinkProperties([.. Convert.FromHexString(hex)]);
        foreach (var format in new[] { MetadataFormat.FlinkV4, MetadataFormat.NativeV1 })
        {
            var write = () => CheckpointMetadataSerializer.Write(
                new(new(1), [], []) { FlinkProperties = properties }, format);

            write.Should().Throw<UnsupportedFormatException>().WithMessage(message);
        }
    }

    [Fact]
    public void Read_CutAnywhere_IsCorrupt()
    {
        foreach (var file in EachKind())
        {
            for (var length = 0; length < file.Length; length++)
            {
                Damage(file[..length]).Should().BeOfType<CheckpointCorruptException>($"of length {length}")
                    .Which.Offset.Should().BeInRange(Before, Before + length);
            }
        }
    }

    [Fact]
    public void Read_AnyBitFlipped_GivesContentOrOneOfTwoExceptions()
    {
        foreach (var file in EachKind())
        {
            var original = Read(file)!.Values;
            for (var bit = 0; bit < file.Length * 8; bit++)
            {
                file[bit / 8] ^= (byte)(1 << (bit % 8));
                if (Damage(file) is null && Read(file) is { } properties)
                {
                    properties.Serialized.Should().Equal(file);
                    if (properties.Values is { } values)
                    {
                        // A type that no reader asks for is all that may differ unseen.
                        FlinkProperties.Of(values).Serialized.Count.Should().Be(file.Length, $"bit {bit}");
                    }
                }

                file[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            Read(file)!.Values.Should().Be(original);
        }
    }

    [Fact]
    public void Read_FlippedBoolean_ChangesOneValueOnly()
    {
        var file = JavaBytes.Checkpoint("Checkpoint", "FORWARD_BACKWARD", s_some);
        byte[] booleans = [.. s_some, 0x73];
        var at = file.AsSpan().IndexOf(booleans);

        file[at] = 1;
        Read(file)!.Values.Should().Be(Values(FlinkPropertiesSerializer.Kinds[0]) with { DiscardCancelled = true });
        file[at] = 2;
        var read = () => Read(file);
        read.Should().Throw<CheckpointCorruptException>().Where(e => e.Offset == Before + at);
    }

    [Fact]
    public void Read_Mutated_GivesContentOrOneOfTwoExceptions()
    {
        var files = EachKind();
        var read = 0;
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            List<byte> bytes = [.. files[seed % files.Count]];
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0:
                        bytes[at] = (byte)random.Next(0x70, 0x7F);
                        break;
                    case 1:
                        bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                        break;
                    case 2:
                        bytes.RemoveAt(at);
                        break;
                    default:
                        bytes[at] = (byte)random.Next(256);
                        break;
                }
            }

            read += Damage([.. bytes]) is null ? 1 : 0;
        }

        read.Should().BeInRange(1, 19_999);
    }

    /// <summary>Bytes before the object in <see cref="Read"/>: offsets must count from the start of the file.</summary>
    private const int Before = 11;

    private static FlinkProperties? Read(byte[] serialized)
    {
        var input = new MetadataInput([.. new byte[Before], .. serialized], "p");
        _ = input.Take(Before, "what is before it");
        var read = FlinkPropertiesSerializer.Read(ref input);
        input.Remaining.Should().Be(0);
        return read;
    }

    private static Exception? Damage(byte[] serialized)
    {
        try
        {
            _ = Read(serialized);
            return null;
        }
        catch (Exception exception) when (exception is CheckpointCorruptException or UnsupportedFormatException)
        {
            return exception;
        }
    }

    private static List<byte[]> EachKind() =>
        [.. FlinkPropertiesSerializer.Kinds.Select(kind => FlinkProperties.Of(Values(kind)).Serialized.ToArray())];

    private static FlinkCheckpointProperties Values(FlinkSnapshotKind kind) =>
        new(true, true, true, false, false, false, false, kind);

    private static bool HasProperties(string path) => Path.GetFileName(path)[1] >= '4';

    private static byte[] LastObject(string path)
    {
        var file = File.ReadAllBytes(path);
        for (var at = file.AsSpan().LastIndexOf(JavaBytes.Header); at >= 0;
            at = file.AsSpan(0, at).LastIndexOf(JavaBytes.Header))
        {
            if (Damage(file[at..]) is null)
            {
                return file[at..];
            }
        }

        throw new InvalidOperationException($"'{path}' has no object at its end.");
    }

    private static FlinkCheckpointProperties? ValuesOf(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var type = json.GetProperty("type");
        var name = type.GetProperty("name").GetString()!;
        return new(
            json.GetProperty("forced").GetBoolean(),
            json.GetProperty("discardSubsumed").GetBoolean(),
            json.GetProperty("discardFinished").GetBoolean(),
            json.GetProperty("discardCancelled").GetBoolean(),
            json.GetProperty("discardFailed").GetBoolean(),
            json.GetProperty("discardSuspended").GetBoolean(),
            json.GetProperty("unclaimed").GetBoolean(),
            type.GetProperty("kind").GetString() == "checkpoint"
                ? new FlinkCheckpointKind(name, type.GetProperty("sharing").GetString()!)
                : new FlinkSavepointKind(
                    name, type.GetProperty("format").GetString()!, type.GetProperty("postAction").GetString()!));
    }
}
