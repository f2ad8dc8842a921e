using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Hosting.Runtime;

/// <summary>How far a source is in event time. All of it decides what is late, so a replay needs it to decide
/// alike.</summary>
/// <param name="Count">Records read.</param>
/// <param name="Newest">Newest time read.</param>
/// <param name="SinceWatermark">Records since the last watermark.</param>
/// <param name="Watermark">The last watermark.</param>
internal readonly record struct SourceProgress(
    long Count, Timestamp Newest, long SinceWatermark, Timestamp Watermark)
{
    /// <summary>One item a subtask, all of them for all.</summary>
    public static OperatorListStateDescriptor<SourceProgress> Descriptor { get; } =
        new("source-progress", new ProgressSerializer()) { Redistribution = StateRedistribution.Union };

    /// <summary>Nothing was read.</summary>
    public static SourceProgress None { get; } = new(0, Timestamp.MinValue, 0, Timestamp.MinValue);

    /// <summary>What a subtask goes on from.</summary>
    /// <param name="stored">Of all subtasks before, in their order; empty for a new job.</param>
    /// <param name="index">The subtask.</param>
    /// <param name="parallelism">Number of subtasks.</param>
    public static SourceProgress Restore(IReadOnlyList<SourceProgress> stored, int index, int parallelism)
    {
        if (stored.Count == 0 || stored.Count == parallelism)
        {
            return stored.Count == 0 ? None : stored[index];
        }

        // After rescaling event time is where the operators behind had it: at the least of all. Counts keep their sum.
        return new(
            ShareOf(stored.Sum(static progress => progress.Count), index, parallelism),
            stored.Min(static progress => progress.Newest),
            0,
            stored.Min(static progress => progress.Watermark));
    }

    /// <summary>Part of a number that falls to a subtask; the parts add up to it.</summary>
    public static long ShareOf(long total, int index, int parallelism) =>
        (total / parallelism) + (index < total % parallelism ? 1 : 0);

    /// <summary>Four times 8 bytes, little-endian.</summary>
    private sealed class ProgressSerializer : StateSerializer<SourceProgress>
    {
        private const int Size = 4 * sizeof(long);

        public override SerializerIdentity Identity { get; } = new("checkpointing.source-progress", 1);

        public override void Write(SourceProgress value, IBufferWriter<byte> target)
        {
            var span = target.GetSpan(Size);
            BinaryPrimitives.WriteInt64LittleEndian(span, value.Count);
            BinaryPrimitives.WriteInt64LittleEndian(span[8..], value.Newest.Milliseconds);
            BinaryPrimitives.WriteInt64LittleEndian(span[16..], value.SinceWatermark);
            BinaryPrimitives.WriteInt64LittleEndian(span[24..], value.Watermark.Milliseconds);
            target.Advance(Size);
        }

        public override SourceProgress Read(ReadOnlySpan<byte> source) => source.Length == Size
            ? new(
                BinaryPrimitives.ReadInt64LittleEndian(source),
                new(BinaryPrimitives.ReadInt64LittleEndian(source[8..])),
                BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
                new(BinaryPrimitives.ReadInt64LittleEndian(source[24..])))
            : throw new FormatException($"The progress of a source has {Size} bytes, not {source.Length}.");
    }
}
