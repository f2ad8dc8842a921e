using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Checkpointing.State.Serializers;

namespace Checkpointing.State;

// The built-in serializers. Numbers are little-endian and of fixed size. Ids are stored: never rename one.
public abstract partial class StateSerializer
{
    /// <summary>One byte, 0 or 1.</summary>
    public static StateSerializer<bool> Boolean { get; } = new FixedSizeSerializer<bool>(
        "boolean", 1, isCanonical: true, FixedSizeLayouts.WriteBoolean, FixedSizeLayouts.ReadBoolean);

    /// <summary>One byte.</summary>
    public static StateSerializer<byte> Byte { get; } = new FixedSizeSerializer<byte>(
        "byte", 1, isCanonical: true, static (target, value) => target[0] = value, static source => source[0]);

    /// <summary>2 bytes.</summary>
    public static StateSerializer<short> Int16 { get; } = new FixedSizeSerializer<short>(
        "int16", 2, isCanonical: true, BinaryPrimitives.WriteInt16LittleEndian, BinaryPrimitives.ReadInt16LittleEndian);

    /// <summary>4 bytes.</summary>
    public static StateSerializer<int> Int32 { get; } = new FixedSizeSerializer<int>(
        "int32", 4, isCanonical: true, BinaryPrimitives.WriteInt32LittleEndian, BinaryPrimitives.ReadInt32LittleEndian);

    /// <summary>8 bytes.</summary>
    public static StateSerializer<long> Int64 { get; } = new FixedSizeSerializer<long>(
        "int64", 8, isCanonical: true, BinaryPrimitives.WriteInt64LittleEndian, BinaryPrimitives.ReadInt64LittleEndian);

    /// <summary>4 bytes.</summary>
    public static StateSerializer<uint> UInt32 { get; } = new FixedSizeSerializer<uint>(
        "uint32", 4, isCanonical: true, BinaryPrimitives.WriteUInt32LittleEndian,
        BinaryPrimitives.ReadUInt32LittleEndian);

    /// <summary>8 bytes.</summary>
    public static StateSerializer<ulong> UInt64 { get; } = new FixedSizeSerializer<ulong>(
        "uint64", 8, isCanonical: true, BinaryPrimitives.WriteUInt64LittleEndian,
        BinaryPrimitives.ReadUInt64LittleEndian);

    /// <summary>4 bytes; every bit is kept. Not canonical: 0 equals -0.</summary>
    public static StateSerializer<float> Single { get; } = new FixedSizeSerializer<float>(
        "single", 4, isCanonical: false, BinaryPrimitives.WriteSingleLittleEndian,
        BinaryPrimitives.ReadSingleLittleEndian);

    /// <summary>8 bytes; every bit is kept. Not canonical: 0 equals -0.</summary>
    public static StateSerializer<double> Double { get; } = new FixedSizeSerializer<double>(
        "double", 8, isCanonical: false, BinaryPrimitives.WriteDoubleLittleEndian,
        BinaryPrimitives.ReadDoubleLittleEndian);

    /// <summary>16 bytes; the scale is kept. Not canonical: 1.0 equals 1.00.</summary>
    public static StateSerializer<decimal> Decimal { get; } = new FixedSizeSerializer<decimal>(
        "decimal", 16, isCanonical: false, FixedSizeLayouts.WriteDecimal, FixedSizeLayouts.ReadDecimal);

    /// <summary>UTF-8 without length. A string with half a surrogate pair is refused: it has no UTF-8.</summary>
    public static StateSerializer<string> String { get; } = new StringSerializer();

    /// <summary>16 bytes.</summary>
    public static StateSerializer<Guid> Guid { get; } = new FixedSizeSerializer<Guid>(
        "guid", 16, isCanonical: true,
        static (target, value) => value.TryWriteBytes(target), static source => new Guid(source));

    /// <summary>8 bytes: ticks and kind. Not canonical: dates of different kinds are equal. Take
    /// <see cref="Timestamp"/> as key.</summary>
    public static StateSerializer<DateTime> DateTime { get; } = new FixedSizeSerializer<DateTime>(
        "date-time", 8, isCanonical: false, FixedSizeLayouts.WriteDateTime, FixedSizeLayouts.ReadDateTime);

    /// <summary>10 bytes: local ticks and offset in minutes. Not canonical: one instant at two offsets is
    /// equal.</summary>
    public static StateSerializer<DateTimeOffset> DateTimeOffset { get; } = new FixedSizeSerializer<DateTimeOffset>(
        "date-time-offset", 10, isCanonical: false, FixedSizeLayouts.WriteDateTimeOffset,
        FixedSizeLayouts.ReadDateTimeOffset);

    /// <summary>8 bytes: ticks.</summary>
    public static StateSerializer<TimeSpan> TimeSpan { get; } = new FixedSizeSerializer<TimeSpan>(
        "time-span", 8, isCanonical: true,
        static (target, value) => BinaryPrimitives.WriteInt64LittleEndian(target, value.Ticks),
        static source => new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(source)));

    /// <summary>8 bytes: milliseconds.</summary>
    public static StateSerializer<Timestamp> Timestamp { get; } = new FixedSizeSerializer<Timestamp>(
        "timestamp", 8, isCanonical: true,
        static (target, value) => BinaryPrimitives.WriteInt64LittleEndian(target, value.Milliseconds),
        static source => new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(source)));

    /// <summary>The bytes themselves.</summary>
    public static StateSerializer<byte[]> Bytes { get; } = new BytesSerializer();

    /// <summary>The elements, each behind its length.</summary>
    public static StateSerializer<T[]> Array<T>(StateSerializer<T> element)
    {
        ArgumentNullException.ThrowIfNull(element);
        return new ArraySerializer<T>(element);
    }

    /// <summary>Two parts, each behind its length.</summary>
    public static StateSerializer<(T1 First, T2 Second)> Tuple<T1, T2>(
        StateSerializer<T1> first, StateSerializer<T2> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return new PairSerializer<T1, T2>(first, second);
    }

    /// <summary>Three parts, each behind its length.</summary>
    public static StateSerializer<(T1 First, T2 Second, T3 Third)> Tuple<T1, T2, T3>(
        StateSerializer<T1> first, StateSerializer<T2> second, StateSerializer<T3> third)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(third);
        return new TripleSerializer<T1, T2, T3>(first, second, third);
    }

    /// <summary>JSON by the metadata that the System.Text.Json source generator made.</summary>
    /// <param name="typeInfo">For example <c>FlightJson.Default.OriginTotals</c>.</param>
    /// <param name="readsOtherSchemas">Whether values of a type with other properties are read as well: unknown
    /// properties
    /// are dropped, missing ones get their default. Otherwise changed properties are a
    /// <see cref="StateMigrationException"/>.</param>
    public static StateSerializer<T> Json<T>(JsonTypeInfo<T> typeInfo, bool readsOtherSchemas = false)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return new JsonSerializer<T>(typeInfo, readsOtherSchemas);
    }

    /// <summary>The built-in serializer of exactly this type: the types above and one-dimensional arrays of them, not
    /// tuples.</summary>
    /// <exception cref="NotSupportedException">There is none; pass a serializer.</exception>
    public static StateSerializer<T> BuiltIn<T>() =>
        TryGetBuiltIn<T>(out var serializer)
            ? serializer
            : throw new NotSupportedException($"There is no built-in serializer of {typeof(T)}; pass one.");

    /// <summary>The built-in serializer of exactly this type, if there is one.</summary>
    public static bool TryGetBuiltIn<T>([NotNullWhen(true)] out StateSerializer<T>? serializer) =>
        (serializer = BuiltInSerializers.Find<T>()) is not null;
}
