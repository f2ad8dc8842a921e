using System.Buffers.Binary;

namespace Checkpointing.State.Serializers;

/// <summary>Layouts of the fixed-size types that need more than one line.</summary>
internal static class FixedSizeLayouts
{
    private const int KindShift = 62;
    private const long TicksMask = (1L << KindShift) - 1;

    internal static void WriteBoolean(Span<byte> target, bool value) => target[0] = value ? (byte)1 : (byte)0;

    internal static bool ReadBoolean(ReadOnlySpan<byte> source) =>
        source[0] <= 1 ? source[0] == 1 : throw new FormatException("A boolean is 0 or 1.");

    internal static void WriteDecimal(Span<byte> target, decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        for (var i = 0; i < 4; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(target[(4 * i)..], parts[i]);
        }
    }

    internal static decimal ReadDecimal(ReadOnlySpan<byte> source)
    {
        Span<int> parts = stackalloc int[4];
        for (var i = 0; i < 4; i++)
        {
            parts[i] = BinaryPrimitives.ReadInt32LittleEndian(source[(4 * i)..]);
        }

        try
        {
            return new decimal(parts);
        }
        catch (ArgumentException e)
        {
            throw new FormatException("The bytes are no decimal.", e);
        }
    }

    // Not DateTime.ToBinary: that moves local times by the time zone of the machine that reads them.
    internal static void WriteDateTime(Span<byte> target, DateTime value) =>
        BinaryPrimitives.WriteInt64LittleEndian(target, value.Ticks | ((long)value.Kind << KindShift));

    internal static DateTime ReadDateTime(ReadOnlySpan<byte> source)
    {
        var stored = BinaryPrimitives.ReadInt64LittleEndian(source);
        var kind = (int)((ulong)stored >> KindShift);
        var ticks = stored & TicksMask;
        return kind <= (int)DateTimeKind.Local && ticks <= DateTime.MaxValue.Ticks
            ? new DateTime(ticks, (DateTimeKind)kind)
            : throw new FormatException("The bytes are no date.");
    }

    internal static void WriteDateTimeOffset(Span<byte> target, DateTimeOffset value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target, value.Ticks);
        BinaryPrimitives.WriteInt16LittleEndian(target[8..], (short)value.TotalOffsetMinutes);
    }

    internal static DateTimeOffset ReadDateTimeOffset(ReadOnlySpan<byte> source)
    {
        try
        {
            return new DateTimeOffset(
                BinaryPrimitives.ReadInt64LittleEndian(source),
                TimeSpan.FromMinutes(BinaryPrimitives.ReadInt16LittleEndian(source[8..])));
        }
        catch (ArgumentException e)
        {
            throw new FormatException("The bytes are no date with offset.", e);
        }
    }
}
