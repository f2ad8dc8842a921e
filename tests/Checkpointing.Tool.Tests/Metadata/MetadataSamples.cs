using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Tests.Metadata;

/// <summary>Small metadata files.</summary>
internal static class MetadataSamples
{
    public static readonly Guid BackendId = Guid.Parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8");

    /// <summary>A file of Flink's version 3 with these shared files.</summary>
    public static byte[] Flink(params string[] paths) => CheckpointMetadataSerializer.Write(
        Metadata("000012.sst", [.. paths.Select(static path => new FileStateHandle(path, 1234))]),
        MetadataFormat.FlinkV3);

    /// <summary>A checkpoint with one incremental handle.</summary>
    public static CheckpointMetadata Metadata(string localName, params StreamStateHandle[] shared) => new(
        new(7),
        [new MasterState("hook", 2, [1, 2])],
        [
            new(OperatorId.FromName("totals"), 2, 128,
            [
                new(1)
                {
                    ManagedKeyed = new IncrementalKeyedStateHandle(
                        BackendId,
                        new(64, 127),
                        new(6),
                        shared.Select((handle, i) => new StateFile(i == 0 ? localName : $"{i}", handle)).ToValueList(),
                        [new("CURRENT", new ByteStreamStateHandle("c", [65]))],
                        new ByteStreamStateHandle("m", [1, 2, 3])),
                    ManagedOperator = new OperatorStateHandle(
                        [new("position", OperatorStateMode.Union, [0, 8])], new ByteStreamStateHandle("o", [9])),
                },
            ]),
        ]);

    /// <summary>The same as a checkpoint of ours.</summary>
    public static byte[] Ours(CheckpointMetadata metadata) => CheckpointMetadataSerializer.Write(
        metadata with
        {
            Info = new(
                "flights", Guid.Empty, Guid.Empty, 3, new(CheckpointKind.Checkpoint, CheckpointRetention.Always),
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, [new("why", "nightly")]),
        },
        MetadataFormat.NativeV1);
}
