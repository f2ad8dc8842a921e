using System.Buffers;
using System.Text;
using System.Text.Json;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Tool.Inspection;

namespace Checkpointing.Tool.Tests.Inspection;

public sealed class StoredValueJsonTests
{
    public static TheoryData<string, StateSerializer, object> Values => new()
    {
        { "true", StateSerializer.Boolean, true },
        { "255", StateSerializer.Byte, (byte)255 },
        { "-9223372036854775808", StateSerializer.Int64, long.MinValue },
        { "18446744073709551615", StateSerializer.UInt64, ulong.MaxValue },
        { "0.1", StateSerializer.Double, 0.1 },
        { "\"NaN\"", StateSerializer.Double, double.NaN },
        { "1.50", StateSerializer.Decimal, 1.50m },
        { "\"text, with \\u0022quotes\\u0022\"", StateSerializer.String, "text, with \"quotes\"" },
        {
            "\"00000001-0002-0003-0405-060708090a0b\"", StateSerializer.Guid,
            new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11])
        },
        { "\"2001-01-02T00:00:00.000Z\"", StateSerializer.Timestamp, new Timestamp(978_393_600_000) },
        { "\"9223372036854775807\"", StateSerializer.Timestamp, Timestamp.MaxValue },
        { "\"1.02:03:04\"", StateSerializer.TimeSpan, new TimeSpan(1, 2, 3, 4) },
        { "\"0x0102ff\"", StateSerializer.Bytes, new byte[] { 1, 2, 255 } },
        { "[1,2,3]", StateSerializer.Array(StateSerializer.Int32), new[] { 1, 2, 3 } },
        {
            "[\"a\",[7,true]]",
            StateSerializer.Tuple(
                StateSerializer.String, StateSerializer.Tuple(StateSerializer.Int32, StateSerializer.Boolean)),
            ("a", (7, true))
        },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Write_BuiltIn_IsTheValue(string expected, StateSerializer serializer, object value) =>
        Text(json => StoredValueJson.Write(json, serializer.Identity, Encode(serializer, value))).Should().Be(expected);

    [Fact]
    public void Write_Json_IsAsItIs() =>
        Text(json => StoredValueJson.Write(json, new("json", 1, 77), Encoding.UTF8.GetBytes("{\"a\": [1, null]}")))
            .Should().Be("{\"a\":[1,null]}");

    [Theory]
    [InlineData("example.totals", 1, "0x0500000000000000")]
    [InlineData("int64", 2, "0x0500000000000000")]
    [InlineData("int32", 1, "0x0500000000000000")]
    [InlineData("json", 1, "0x0500000000000000")]
    [InlineData("tuple<int32,int32>", 1, "0x0500000000000000")]
    public void Write_UnknownOrOtherBytes_IsHexadecimal(string id, int version, string expected) =>
        Text(json => StoredValueJson.Write(json, new(id, version), BitConverter.GetBytes(5L)))
            .Should().Be($"\"{expected}\"");

    [Fact]
    public void WriteValue_StampedList_HasTheElementsWithoutStamps()
    {
        var state = new StateDescription("s", StateKind.List, null, null, null, StateSerializer.Int32.Identity)
        {
            IsStamped = true,
        };
        var list = new ArrayBufferWriter<byte>();
        foreach (var element in new[] { 4, 5 })
        {
            KeyedRowKey.WritePart([.. new byte[8], .. BitConverter.GetBytes(element)], list);
        }

        Text(json => StoredValueJson.WriteValue(json, state, [], list.WrittenSpan)).Should().Be("[4,5]");
    }

    private static byte[] Encode(StateSerializer serializer, object value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        serializer.GetType().GetMethod("Write")!.Invoke(serializer, [value, buffer]);
        return buffer.WrittenSpan.ToArray();
    }

    private static string Text(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
