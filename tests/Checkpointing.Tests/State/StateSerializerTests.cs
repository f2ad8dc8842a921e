using System.Buffers;
using System.Text.Json.Serialization;
using Checkpointing.State;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.State;

public sealed partial class StateSerializerTests
{
    [Fact]
    public void BuiltIn_AnyValue_IsReadBackEqual()
    {
        Check(StateSerializer.Boolean, Gen.Bool);
        Check(StateSerializer.Byte, Gen.Byte);
        Check(StateSerializer.Int16, Gen.Short);
        Check(StateSerializer.Int32, Gen.Int);
        Check(StateSerializer.Int64, Gen.Long);
        Check(StateSerializer.UInt32, Gen.UInt);
        Check(StateSerializer.UInt64, Gen.ULong);
        Check(StateSerializer.Single, Gen.Float);
        Check(StateSerializer.Double, Gen.Double);
        Check(StateSerializer.Decimal, Gen.Decimal);
        Check(StateSerializer.Guid, Gen.Guid);
        Check(StateSerializer.TimeSpan, Gen.TimeSpan);
        Check(StateSerializer.DateTimeOffset, Gen.DateTimeOffset.Select(static value =>
            new DateTimeOffset(value.Ticks, TimeSpan.FromMinutes(value.Offset.Minutes))));
        Check(StateSerializer.Timestamp, Gen.Long.Select(static value => new Timestamp(value)));
        Check(StateSerializer.String, Texts);
        Check(StateSerializer.Tuple(StateSerializer.String, StateSerializer.Int32), Gen.Select(Texts, Gen.Int));
        Check(
            StateSerializer.Tuple(StateSerializer.Int32, StateSerializer.String, StateSerializer.String),
            Gen.Select(Gen.Int, Texts, Texts));
    }

    [Fact]
    public void BuiltIn_Arrays_AreReadBackEqual() => Texts.Array[0, 20].Sample(static value =>
        RoundTrip(StateSerializer.Array(StateSerializer.String), value).SequenceEqual(value));

    [Fact]
    public void Bytes_AnyValue_IsReadBackEqual() => Gen.Byte.Array[0, 40].Sample(static value =>
        RoundTrip(StateSerializer.Bytes, value).SequenceEqual(value));

    [Theory]
    [InlineData(DateTimeKind.Unspecified)]
    [InlineData(DateTimeKind.Utc)]
    [InlineData(DateTimeKind.Local)]
    public void DateTime_AnyKind_KeepsTicksAndKind(DateTimeKind kind)
    {
        foreach (var ticks in new[] { 0, 1, DateTime.UnixEpoch.Ticks, DateTime.MaxValue.Ticks })
        {
            var read = RoundTrip(StateSerializer.DateTime, new DateTime(ticks, kind));
            (read.Ticks, read.Kind).Should().Be((ticks, kind));
        }
    }

    [Fact]
    public void Numbers_Layout_IsLittleEndian()
    {
        Bytes(StateSerializer.Int32, 0x01020304).Should().Equal(4, 3, 2, 1);
        Bytes(StateSerializer.Int64, 1L).Should().Equal(1, 0, 0, 0, 0, 0, 0, 0);
        Bytes(StateSerializer.Boolean, true).Should().Equal(1);
        Bytes(StateSerializer.String, "é").Should().Equal(0xC3, 0xA9);
        Bytes(StateSerializer.Array(StateSerializer.Byte), [7, 8]).Should().Equal(1, 7, 1, 8);
    }

    [Fact]
    public void Read_BytesOfAnotherForm_ThrowsFormatExceptionOrGivesAValue() =>
        Gen.Byte.Array[0, 24].Sample(static bytes =>
        {
            Try(StateSerializer.Boolean, bytes);
            Try(StateSerializer.Int64, bytes);
            Try(StateSerializer.Decimal, bytes);
            Try(StateSerializer.String, bytes);
            Try(StateSerializer.DateTime, bytes);
            Try(StateSerializer.DateTimeOffset, bytes);
            Try(StateSerializer.Array(StateSerializer.Int16), bytes);
            Try(StateSerializer.Tuple(StateSerializer.Bytes, StateSerializer.String), bytes);
            Try(StateSerializer.Json(JsonTypes.Default.Point), bytes);
        });

    [Fact]
    public void Read_WrongLength_ThrowsFormatException()
    {
        var act = static () => StateSerializer.Int32.Read([1, 2, 3]);
        act.Should().Throw<FormatException>().WithMessage("*'int32'*4*3*");
        var trailing = static () =>
            StateSerializer.Tuple(StateSerializer.Byte, StateSerializer.Byte).Read([1, 1, 1, 2, 9]);
        trailing.Should().Throw<FormatException>();
    }

    [Fact]
    public void String_HalfASurrogatePair_IsRefused()
    {
        var act = static () => Bytes(StateSerializer.String, "a\ud800b");
        act.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void IsCanonical_TypesWhoseEqualValuesCanDiffer_IsFalse()
    {
        StateSerializer[] no =
        [
            StateSerializer.Single, StateSerializer.Double, StateSerializer.Decimal, StateSerializer.DateTime,
            StateSerializer.DateTimeOffset, StateSerializer.Json(JsonTypes.Default.Point),
            StateSerializer.Array(StateSerializer.Double),
                StateSerializer.Tuple(StateSerializer.Int32, StateSerializer.Single),
        ];
        StateSerializer[] yes =
        [
            StateSerializer.Boolean, StateSerializer.Byte, StateSerializer.Int16, StateSerializer.Int32,
            StateSerializer.Int64, StateSerializer.UInt32, StateSerializer.UInt64, StateSerializer.String,
            StateSerializer.Guid, StateSerializer.TimeSpan, StateSerializer.Timestamp, StateSerializer.Bytes,
            StateSerializer.Array(StateSerializer.String),
                StateSerializer.Tuple(StateSerializer.Int32, StateSerializer.String),
        ];
        no.Should().AllSatisfy(static serializer => serializer.IsCanonical.Should().BeFalse());
        yes.Should().AllSatisfy(static serializer => serializer.IsCanonical.Should().BeTrue());
    }

    [Fact]
    public void BuiltIn_ByType_IsOfExactlyThisType()
    {
        StateSerializer.BuiltIn<long>().Should().BeSameAs(StateSerializer.Int64);
        StateSerializer.BuiltIn<byte[]>().Should().BeSameAs(StateSerializer.Bytes);
        StateSerializer.BuiltIn<string[]>().Identity.Should().Be(
            StateSerializer.Array(StateSerializer.String).Identity);
        StateSerializer.TryGetBuiltIn<uint[]>(out var unsigned).Should().BeTrue();
        unsigned!.Identity.Id.Should().Be("array<uint32>");
        StateSerializer.TryGetBuiltIn<DayOfWeek>(out _).Should().BeFalse();
        StateSerializer.TryGetBuiltIn<object>(out _).Should().BeFalse();
        var act = static () => StateSerializer.BuiltIn<Version>();
        act.Should().Throw<NotSupportedException>().WithMessage("*System.Version*");
    }

    [Fact]
    public void Identity_AllBuiltIn_IsFrozen()
    {
        StateSerializer[] all =
        [
            StateSerializer.Boolean, StateSerializer.Byte, StateSerializer.Int16, StateSerializer.Int32,
            StateSerializer.Int64, StateSerializer.UInt32, StateSerializer.UInt64, StateSerializer.Single,
            StateSerializer.Double, StateSerializer.Decimal, StateSerializer.String, StateSerializer.Guid,
            StateSerializer.DateTime, StateSerializer.DateTimeOffset, StateSerializer.TimeSpan,
            StateSerializer.Timestamp, StateSerializer.Bytes,
        ];
        all.Select(static serializer => serializer.Identity.Id).Should().Equal(
            "boolean", "byte", "int16", "int32", "int64", "uint32", "uint64", "single", "double", "decimal", "string",
            "guid", "date-time", "date-time-offset", "time-span", "timestamp", "bytes");
        all.Should().AllSatisfy(static serializer => serializer.Identity.Should().Match<SerializerIdentity>(
            static identity => identity.Version == 1 && identity.SchemaFingerprint == 0));
    }

    [Fact]
    public void Identity_TuplesOfOtherParts_Differs()
    {
        var pair = StateSerializer.Tuple(StateSerializer.Int32, StateSerializer.String).Identity;
        pair.Id.Should().Be("tuple<int32,string>");
        StateSerializer.Tuple(StateSerializer.String, StateSerializer.Int32).Identity.Should().NotBe(pair);
        StateSerializer<string> deep = StateSerializer.String;
        StateSerializer nested = deep;
        for (var i = 0; i < 12; i++)
        {
            nested = i % 2 == 0 ? Nest(nested) : nested;
        }

        nested.Identity.Id.Length.Should().BeLessThanOrEqualTo(200);
    }

    [Fact]
    public void Json_ChangedProperties_ChangeTheFingerprint()
    {
        var point = StateSerializer.Json(JsonTypes.Default.Point).Identity;
        point.Should().Be(StateSerializer.Json(OtherJsonTypes.Default.Point).Identity);
        point.Should().Be(StateSerializer.Json(JsonTypes.Default.RenamedPoint).Identity);
        point.Should().NotBe(StateSerializer.Json(JsonTypes.Default.WidePoint).Identity);
        StateSerializer.Json(JsonTypes.Default.Line).Identity.Should()
            .NotBe(StateSerializer.Json(JsonTypes.Default.WideLine).Identity);
    }

    [Fact]
    public void Json_OtherSchema_MigratesOnlyWhereAllowed()
    {
        var stored = StateSerializer.Json(JsonTypes.Default.Point);
        StateSerializer.Json(JsonTypes.Default.WidePoint).CheckStored(stored.Identity)
            .Should().Be(SerializerCompatibility.Incompatible);
        var reader = StateSerializer.Json(JsonTypes.Default.WidePoint, readsOtherSchemas: true);
        reader.CheckStored(stored.Identity).Should().Be(SerializerCompatibility.Migrates);
        reader.CheckStored(StateSerializer.Int32.Identity).Should().Be(SerializerCompatibility.Incompatible);
        reader.ReadStored(Bytes(stored, new Point(1, "a")), stored.Identity).Should().Be(new WidePoint(1, "a", 0));
    }

    private static Gen<string> Texts { get; } = Gen.String[Gen.Char['\0', '\ud7ff'], 0, 30];

    private static StateSerializer Nest(StateSerializer serializer) => serializer switch
    {
        StateSerializer<string> text => StateSerializer.Array(text),
        StateSerializer<string[]> texts => StateSerializer.Tuple(texts, texts, texts),
        StateSerializer<(string[], string[], string[])> triple => StateSerializer.Tuple(triple, triple, triple),
        _ => serializer,
    };

    private static void Check<T>(StateSerializer<T> serializer, Gen<T> values) =>
        values.Sample(value => Equals(RoundTrip(serializer, value), value), iter: 100);

    private static T RoundTrip<T>(StateSerializer<T> serializer, T value) => serializer.Read(Bytes(serializer, value));

    private static byte[] Bytes<T>(StateSerializer<T> serializer, T value)
    {
        var target = new ArrayBufferWriter<byte>();
        serializer.Write(value, target);
        return target.WrittenSpan.ToArray();
    }

    private static void Try<T>(StateSerializer<T> serializer, byte[] bytes)
    {
        try
        {
            serializer.Read(bytes);
        }
        catch (FormatException)
        {
        }
    }

    internal sealed record Point(int X, string Name);

    internal sealed record RenamedPoint(int X, string Name);

    internal sealed record WidePoint(int X, string Name, int Z);

    internal sealed record Line(Point[] Points);

    internal sealed record WideLine(WidePoint[] Points);

    [JsonSerializable(typeof(Point))]
    [JsonSerializable(typeof(RenamedPoint))]
    [JsonSerializable(typeof(WidePoint))]
    [JsonSerializable(typeof(Line))]
    [JsonSerializable(typeof(WideLine))]
    internal sealed partial class JsonTypes : JsonSerializerContext;

    [JsonSerializable(typeof(Point))]
    internal sealed partial class OtherJsonTypes : JsonSerializerContext;
}
