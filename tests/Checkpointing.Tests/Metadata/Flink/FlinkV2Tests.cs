using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink;

public sealed class FlinkV2Tests
{
    [Fact]
    public void Write_RealFileReadBefore_GivesTheSameBytes()
    {
        var files = SharedData.FilesOrSkip("flink-metadata", "v2-*.metadata");

        foreach (var path in files)
        {
            CheckSameBytes(path);
        }

        files.Should().HaveCountGreaterThanOrEqualTo(16);
    }

    [Fact]
    public void Write_TextNotSpelledAsJavaWritesIt_GivesTheSameBytes()
    {
        // The same three characters: as Java writes them, with a raw zero byte, with an over-long 'a'.
        byte[][] spellings = [[0x61, 0xC0, 0x80, 0x62], [0x61, 0x00, 0x62], [0xC1, 0xA1, 0x00, 0x62]];
        byte[] file = [.. Header, 0, 0, 0, 3, .. spellings.SelectMany(Master), 0, 0, 0, 0];

        var metadata = CheckpointMetadataSerializer.Read(file, "p");

        metadata.MasterStates.Should().OnlyContain(static state => state.Name == "a\0b");
        CheckpointMetadataSerializer.Write(metadata, MetadataFormat.FlinkV2).Should().Equal(file);
        CheckpointMetadataSerializer.Read(file, "p").Should().Be(metadata);
        CheckpointMetadataSerializer.Write(metadata with { MasterStates = [.. metadata.MasterStates.Skip(1)] },
            MetadataFormat.FlinkV2)
            .Should().Equal([.. Header, 0, 0, 0, 2, .. spellings[1..].SelectMany(Master), 0, 0, 0, 0]);
    }

    [Fact]
    public void Read_FourByteUtf8_IsCorruptThere()
    {
        byte[] file = [.. Header, 0, 0, 0, 1, .. Master([0x61, 0xF0, 0x9F, 0x98, 0x80]), 0, 0, 0, 0];

        var read = () => CheckpointMetadataSerializer.Read(file, "p");

        read.Should().Throw<CheckpointCorruptException>().Where(e => e.Offset == Array.IndexOf(file, (byte)0xF0));
    }

    [Theory]
    [InlineData("Window(4)_x")]
    [InlineData("6BA7B810-9DAD-41D1-80B4-00C04FD430C8")]
    [InlineData("6ba7b810-9dad-41d1-80b4-00c04fd430c8 ")]
    [InlineData("")]
    public void Write_BackendIdThatIsNoLowerCaseGuid_KeepsItsText(string text)
    {
        var id = Checkpointing.Metadata.Flink.FlinkBackendIds.FromText(text, out _);
        var metadata = WithKeyed(handle => handle with { BackendId = id, BackendText = text });

        var read = CheckpointMetadataSerializer.Read(CheckpointMetadataSerializer.Write(metadata,
            MetadataFormat.FlinkV2), "p");
        var native = CheckpointMetadataSerializer.Read(CheckpointMetadataSerializer.Write(read,
            MetadataFormat.NativeV1), "p");

        KeyedOf(native).BackendText.Should().Be(text);
        KeyedOf(native).BackendId.Should().Be(id);
    }

    [Fact]
    public void Write_BackendTextOfAnotherId_IsIgnored()
    {
        var metadata = WithKeyed(static handle => handle with { BackendText = "something else" });

        var read = CheckpointMetadataSerializer.Read(CheckpointMetadataSerializer.Write(metadata,
            MetadataFormat.FlinkV2), "p");

        KeyedOf(read).BackendId.Should().Be(Samples.BackendId);
        KeyedOf(read).BackendText.Should().BeNull();
    }

    public static TheoryData<string, Func<IncrementalKeyedStateHandle, KeyedStateHandle>> Inexpressible() => new()
    {
        { "relative file 'a/b'", static handle => handle with { MetaFile = new RelativeFileStateHandle("a/b", 1) } },
        { "a file without a path", static handle => handle with { MetaFile = new FileStateHandle("", 1) } },
        { "of 65536 bytes", static handle => handle with { SharedFiles = [new(new('x', 65_536), handle.MetaFile)] } },
        { "of 65537 bytes", static handle =>
            handle with { SharedFiles = [new(new string('\u07ff', 32_768) + 'x', handle.MetaFile)] } },
        { "key groups 0-1 with 1 offsets", static handle => new KeyGroupsStateHandle(new(0, 1), [5], handle.MetaFile) },
        { "no handle", static _ =>
            new KeyGroupsStateHandle(KeyGroupRange.Empty, [], AbsentStreamStateHandle.Instance) },
    };

    [Theory]
    [MemberData(nameof(Inexpressible), DisableDiscoveryEnumeration = true)]
    public void Write_WhatTheVersionHasNoFormFor_IsRefusedByName(
        string name, Func<IncrementalKeyedStateHandle, KeyedStateHandle> change)
    {
        var write = () => CheckpointMetadataSerializer.Write(WithKeyed(change), MetadataFormat.FlinkV2);

        write.Should().Throw<UnsupportedFormatException>().WithMessage($"*{name}*Flink's version 2.");
    }

    [Fact]
    public void Write_NativeContent_LosesOnlyWhatFlinkHasNoPlaceFor()
    {
        var read = CheckpointMetadataSerializer.Read(
            CheckpointMetadataSerializer.Write(Samples.Small(), MetadataFormat.FlinkV2), "p");

        read.Info.Should().BeNull();
        KeyedOf(read).Should().Be(KeyedOf(Samples.Small()) with
        {
            SharedFiles = [new("000012.sst", new FileStateHandle($"flights/shared/{Samples.BackendId:D}/0-127/1-0-a1",
                1234))],
            CheckpointedSizeBytes = -1,
        });
    }

    [Fact]
    public void Read_LaterTag_IsUnsupportedAndUnknownTagCorrupt()
    {
        var file = CheckpointMetadataSerializer.Write(Samples.Small(), MetadataFormat.FlinkV2);
        var tagAt = file.AsSpan().IndexOf(Samples.BackendId.ToString("D").Select(static c => (byte)c).ToArray()) - 11;
        file[tagAt].Should().Be(5);
        var read = () => CheckpointMetadataSerializer.Read(file, "p");

        file[tagAt] = 11;
        read.Should().Throw<UnsupportedFormatException>().WithMessage($"*keyed state with tag 11 at byte {tagAt}*");
        file[tagAt] = 4;
        read.Should().Throw<CheckpointCorruptException>().Where(e => e.Offset == tagAt);
    }

    private static byte[] Header { get; } = [0x49, 0x60, 0x67, 0x2D, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1];

    private static byte[] Master(byte[] name) =>
    [
        0xC9, 0x6B, 0x16, 0x96, 0, 0, 0, (byte)(4 + 2 + name.Length + 4), 0, 0, 0, 1, 0, (byte)name.Length, .. name, 0,
            0, 0, 0,
    ];

    private static CheckpointMetadata WithKeyed(Func<IncrementalKeyedStateHandle, KeyedStateHandle> change)
    {
        var small = Samples.Small();
        var one = small.Operators[0];
        return small with
        {
            Operators = [one with { Subtasks = [one.Subtasks[0] with { ManagedKeyed = change(KeyedOf(small)) }] }],
        };
    }

    private static IncrementalKeyedStateHandle KeyedOf(CheckpointMetadata metadata) =>
        (IncrementalKeyedStateHandle)metadata.Operators[0].Subtasks[0].ManagedKeyed!;

    private static CheckpointMetadata CheckSameBytes(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var metadata = CheckpointMetadataSerializer.Read(bytes, path, out var format);

        format.Should().Be(MetadataFormat.FlinkV2);
        CheckpointMetadataSerializer.Write(metadata, format).AsSpan().SequenceEqual(bytes).Should().BeTrue(path);
        var native = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);
        (CheckpointMetadataSerializer.Read(native, path) with { Spellings = metadata.Spellings }).Should().Be(metadata);
        return metadata;
    }
}
