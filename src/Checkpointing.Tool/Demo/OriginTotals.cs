using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Demo;

/// <summary>What is known of the flights that left from an airport.</summary>
/// <param name="Flights">How many.</param>
/// <param name="DelayMinutes">Sum of their delays.</param>
/// <param name="MaxDelayMinutes">The greatest of them; negative if all were early.</param>
internal sealed record OriginTotals(long Flights, long DelayMinutes, int MaxDelayMinutes)
{
    /// <summary>No flight yet.</summary>
    public static OriginTotals None { get; } = new(0, 0, int.MinValue);

    /// <summary>Three fixed fields, little-endian, 20 bytes.</summary>
    public static StateSerializer<OriginTotals> Serializer { get; } = new TotalsSerializer();

    /// <summary>With one flight more.</summary>
    public OriginTotals Add(int delayMinutes) =>
        new(Flights + 1, DelayMinutes + delayMinutes, Math.Max(MaxDelayMinutes, delayMinutes));

    /// <summary>Both together.</summary>
    public OriginTotals Add(OriginTotals other) => new(
        Flights + other.Flights, DelayMinutes + other.DelayMinutes, Math.Max(MaxDelayMinutes, other.MaxDelayMinutes));

    private sealed class TotalsSerializer : StateSerializer<OriginTotals>
    {
        private const int Size = 20;

        public override SerializerIdentity Identity { get; } = new("demo.origin-totals", 1, 0);

        public override void Write(OriginTotals value, IBufferWriter<byte> target)
        {
            var span = target.GetSpan(Size);
            BinaryPrimitives.WriteInt64LittleEndian(span, value.Flights);
            BinaryPrimitives.WriteInt64LittleEndian(span[8..], value.DelayMinutes);
            BinaryPrimitives.WriteInt32LittleEndian(span[16..], value.MaxDelayMinutes);
            target.Advance(Size);
        }

        public override OriginTotals Read(ReadOnlySpan<byte> source) => source.Length == Size
            ? new(
                BinaryPrimitives.ReadInt64LittleEndian(source),
                BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(source[16..]))
            : throw new FormatException($"Totals of the demo have {Size} bytes; found {source.Length}.");
    }
}
