using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata;

/// <summary>Small contents with fixed values.</summary>
internal static class Samples
{
    internal static readonly Guid BackendId = Guid.Parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8");

    /// <summary>One incremental handle with a shared file: the content of the worked example of the documentation.</summary>
    internal static CheckpointMetadata Small() => WithShared(new FileStateHandle(
        $"flights/shared/{BackendId:D}/0-127/1-0-a1", 1234, ContentDigest.Of("content"u8)));

    internal static CheckpointMetadata WithShared(StreamStateHandle shared) => new(
        new(7),
        [],
        [
            new OperatorCheckpoint(
                OperatorId.FromName("totals"),
                1,
                128,
                [
                    new SubtaskCheckpoint(0)
                    {
                        ManagedKeyed = new IncrementalKeyedStateHandle(
                            BackendId,
                            new(0, 127),
                            new(7),
                            [new StateFile("000012.sst", shared)],
                            [],
                            new ByteStreamStateHandle("m", [1, 2, 3]),
                            1237),
                    },
                ])
            {
                Name = "totals",
                States = [new StateDescription("sum", StateKind.Value, new("int64", 1), null, null, new("int64", 1, 5))],
            },
        ])
    {
        Info = new(
            "flights",
            Guid.Parse("11111111-2222-4333-8444-555555555555"),
            Guid.Parse("66666666-7777-4888-9999-aaaaaaaaaaaa"),
            1,
            new(CheckpointKind.Checkpoint, CheckpointRetention.OnCancellation),
            DateTimeOffset.FromUnixTimeMilliseconds(1_000_000_000_000),
            DateTimeOffset.FromUnixTimeMilliseconds(1_000_000_000_250),
            [new("why", "nightly")]),
    };
}
