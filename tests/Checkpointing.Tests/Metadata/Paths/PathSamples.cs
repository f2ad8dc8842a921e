using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Paths;

/// <summary>A checkpoint with a path in every place that can have one.</summary>
internal static class PathSamples
{
    /// <summary>Every path is <paramref name="prefix"/> and a number of its own; relative ones are <c>rel/</c> and
    /// one.</summary>
    internal static CheckpointMetadata Everywhere(string prefix, out int absoluteCount, out int relativeCount)
    {
        var (absolute, relative) = (0, 0);
        FileStateHandle File() => new($"{prefix}{++absolute}", 5, ContentDigest.Of("x"u8));
        RelativeFileStateHandle Relative() => new($"rel/{++relative}", 6);
        SegmentStateHandle Segment() => new($"{prefix}{++absolute}", 0, 9, SegmentScope.Shared, "logical");
        KeyGroupsStateHandle Groups(StreamStateHandle stream) => new(new(0, 1), [1, 2], stream);
        IncrementalKeyedStateHandle Incremental() => new(
            Samples.BackendId,
            new(0, 1),
            new(3),
            [
                new("1.sst", File()), new("2.sst", Relative()), new("3.sst", new ByteStreamStateHandle("/inline", [1])),
                new("4.sst", AbsentStreamStateHandle.Instance),
            ],
            [new("CURRENT", File()), new("OPTIONS", Segment())],
            new KeyGroupsStreamStateHandle(Groups(new KeyGroupsStreamStateHandle(Groups(File())))));
        OperatorStateHandle Operator(StreamStateHandle stream) => new([], stream);
        var subtask = new SubtaskCheckpoint(0)
        {
            ManagedKeyed = new ChangelogStateHandle(
                new(0, 1),
                [Incremental(), new ChangelogStateHandle(new(0, 1), [Groups(File())], [], 1, -1, "inner")],
                [
                    new ChangelogFilesStateHandle(
                        new(0, 1), [new(3, File()), new(4, Relative()), new(5, Segment())], 1, 2, "files"),
                    new InMemoryChangelogStateHandle(new(0, 1), 1, 2, [new(0, [1])], "memory"),
                ],
                1,
                -1,
                "outer"),
            RawKeyed = Groups(Relative()),
            ManagedOperator = Operator(Segment()) with
            {
                MergedFiles = new($"{prefix}{++absolute}", $"{prefix}{++absolute}", false),
            },
            RawOperator = Operator(File()),
            Legacy = File(),
            InputChannels = [new(new SingleChannel(0, 0, []), 0, 1, File())],
            OutputChannels = [new(new MergedChannels([0, 0, 0, 0]), 0, 1, Relative())],
        };
        var chained = new SubtaskCheckpoint(0)
        {
            Chain = new([null, File()], [Operator(File()), null], [null, Operator(Relative())]),
        };
        absoluteCount = absolute;
        relativeCount = relative;
        return new(
            new(3),
            [],
            [
                new(OperatorId.FromName("a"), 1, 2, [subtask])
                {
                    Name = "a",
                    CoordinatorState = new ByteStreamStateHandle("coordinator", [7]),
                },
                new(OperatorId.FromName("b"), 1, 2, [chained]) { ChainLength = 2 },
            ]);
    }
}
