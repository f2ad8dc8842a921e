using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Hosting.Windows;

/// <summary>A window of event time.</summary>
/// <param name="Start">First time in it.</param>
/// <param name="End">First time after it.</param>
public readonly record struct TimeWindow(Timestamp Start, Timestamp End)
{
    /// <summary>16 bytes: start and end in milliseconds, little-endian.</summary>
    public static StateSerializer<TimeWindow> Serializer { get; } = new WindowSerializer();

    /// <summary>Time of the timer that makes it fire: when the watermark is here, all its records have been
    /// seen.</summary>
    internal Timestamp LastTime => new(End.Milliseconds - 1);

    /// <summary>A window by start and size; one that would reach beyond all times ends with them.</summary>
    internal static TimeWindow Of(long startMs, long sizeMs) =>
        new(new(startMs), startMs > long.MaxValue - sizeMs ? Timestamp.MaxValue : new(startMs + sizeMs));

    private sealed class WindowSerializer : StateSerializer<TimeWindow>
    {
        private const int Size = 16;

        public override SerializerIdentity Identity { get; } = new("checkpointing.time-window", 1);

        public override bool IsCanonical => true;

        public override void Write(TimeWindow value, IBufferWriter<byte> target)
        {
            var span = target.GetSpan(Size);
            BinaryPrimitives.WriteInt64LittleEndian(span, value.Start.Milliseconds);
            BinaryPrimitives.WriteInt64LittleEndian(span[8..], value.End.Milliseconds);
            target.Advance(Size);
        }

        public override TimeWindow Read(ReadOnlySpan<byte> source) => source.Length == Size
            ? new(new(BinaryPrimitives.ReadInt64LittleEndian(source)),
                new(BinaryPrimitives.ReadInt64LittleEndian(source[8..])))
            : throw new FormatException($"A time window has {Size} bytes, not {source.Length}.");
    }
}
