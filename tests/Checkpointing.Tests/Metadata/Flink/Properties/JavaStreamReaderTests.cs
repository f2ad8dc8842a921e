using Checkpointing.Metadata;
using Checkpointing.Metadata.Flink.Properties;
using Checkpointing.StateHandles;
using static Checkpointing.Tests.Metadata.Flink.Properties.JavaBytes;

namespace Checkpointing.Tests.Metadata.Flink.Properties;

/// <summary>Streams that Flink does not write: kept when well formed, refused by name or offset when not.</summary>
public sealed class JavaStreamReaderTests
{
    private const int MostFields = 20_000;

    public static TheoryData<string, byte[]> Unknown() => new()
    {
        { "string", Text("anything") },
        { "no fields", Object(Plain("a.B")) },
        {
            "every primitive type",
            Object(
                Plain("a.B", Field('B', "b"), Field('C', "c"), Field('D', "d"), Field('F', "f"), Field('I', "i"),
                    Field('J', "j"), Field('S', "s"), Field('Z', "z")),
                new byte[1 + 2 + 8 + 4 + 4 + 8 + 2], [1])
        },
        {
            "superclass",
            Object([.. Class("a.B", 1, 2, Field('I', "i")), .. Plain("a.C", Field('J', "j"))], new byte[12])
        },
        {
            "superclass whose fields come first",
            Object([.. Class("a.B", 1, 2, Field('I', "i")), .. Plain("a.C", Field('Z', "z"))], [1], [2, 2, 2, 2])
        },
        { "null field", Object(Plain("a.B", ObjectField("o", "La/C;")), [Null]) },
        { "itself in a field", Object(Plain("a.B", ObjectField("o", "La/B;")), Reference(2)) },
        { "class used again", Object(Plain("a.B", ObjectField("o", "La/B;")), Object(Reference(0), [Null])) },
        { "no value in an array's field", Object(Plain("a.B", [(byte)'[', .. Utf("o"), .. Text("[I")]), [Null]) },
        {
            "text used again",
            Object(Plain("a.B", ObjectField("o", "La/B;"), ObjectField("p", "x")), Text("t"), Reference(4))
        },
        {
            "constant of an enum",
            [0x7E, .. Class("a.E", 0, 0x12), .. Class("java.lang.Enum", 0, 0x12), Null, .. Text("A")]
        },
        { "properties of another version", Object([.. Class(PropertiesClass, 3, 2), Null]) },
        { "properties without fields", Object([.. Class(PropertiesClass, 2, 2), Null]) },
    };

    [Theory]
    [MemberData(nameof(Unknown))]
    public void Parse_WellFormedObjectThatIsNotFlinks_IsKeptWithoutValues(string name, byte[] value)
    {
        byte[] stream = [.. Header, .. value];

        var properties = Parse(stream);

        properties.Values.Should().BeNull(name);
        properties.Serialized.Should().Equal(stream);
    }

    [Fact]
    public void Parse_FieldOfAnotherTypeThanFlinks_IsKeptWithoutValues()
    {
        var stream = Savepoint("Savepoint", "NATIVE", "NONE", new byte[7]);
        Parse(stream).Values.Should().NotBeNull();

        // The name of the kind becomes a null, its format a text.
        Parse(Replace(stream, Text("Savepoint"), [Null])).Values.Should().BeNull();
        Parse(Savepoint("Another", "NATIVE", "NONE", new byte[7])).Values.Should().BeNull();
        Parse(Replace(stream, Utf("forced"), Utf("Forced"))).Values.Should().BeNull();
    }

    [Theory]
    [InlineData("org.apache.flink.runtime.checkpoint.CheckpointProperties")]
    [InlineData("org.apache.flink.runtime.checkpoint.SavepointType")]
    [InlineData("org.apache.flink.core.execution.SavepointFormatType")]
    [InlineData("org.apache.flink.runtime.checkpoint.SavepointType$PostCheckpointAction")]
    public void Parse_ClassOfAnotherNameOrVersion_IsKeptWithoutValues(string name)
    {
        var stream = Savepoint("Savepoint", "NATIVE", "NONE", new byte[7]);
        var other = name.Replace("apache", "Apache");

        Parse(Replace(stream, Utf(name), Utf(other))).Values.Should().BeNull();
        var version = stream.AsSpan().LastIndexOf(Utf(name)) + Utf(name).Length;
        stream[version + 7] ^= 1;
        if (stream[version + 8] == 0x12)
        {
            var parse = () => Parse(stream);
            parse.Should().Throw<CheckpointCorruptException>("an enum has no version");
        }
        else
        {
            Parse(stream).Values.Should().BeNull();
        }
    }

    [Fact]
    public void Parse_PropertiesWithOneMoreField_StillGiveTheirValues()
    {
        var stream = Savepoint("Savepoint", "NATIVE", "NONE", new byte[7]);
        var later = Replace(stream, [0x02, 0x00, 0x08, .. Field('Z', "discardCancelled")],
            [0x02, 0x00, 0x09, .. Field('J', "aNumber"), .. Field('Z', "discardCancelled")]);
        later = Replace(later, [0x78, 0x70, .. new byte[7], 0x73], [0x78, 0x70, .. new byte[8], .. new byte[7], 0x73]);

        Parse(later).Values.Should().Be(Parse(stream).Values).And.NotBeNull();
    }

    public static TheoryData<string, byte[], int> Refused() => new()
    {
        { "Java's array", [0x75, .. Plain("[I")], 4 },
        { "Java's class", [0x76, .. Plain("a.B")], 4 },
        { "Java's class description", Plain("a.B"), 4 },
        { "Java's block of data", [0x77, 1, 0], 4 },
        { "Java's reset", [0x79, Null], 4 },
        { "Java's long block of data", [0x7A, 0, 0, 0, 1, 0], 4 },
        { "Java's exception", [0x7B, Null], 4 },
        { "Java's long string", [0x7C, 0, 0, 0, 0, 0, 0, 0, 1, 0x61], 4 },
        { "Java's description of a proxy class", [0x73, 0x7D, 0, 0, 0, 0, 0x78, Null], 5 },
        { "flags 0x03", Object([.. Class("a.B", 1, 0x03), Null], [0x78]), 5 + 1 + 5 + 8 },
        { "flags 0x0c", Object([.. Class("a.B", 1, 0x0C), Null], [0x78]), 5 + 1 + 5 + 8 },
        { "flags 0x00", Object([.. Class("a.B", 1, 0x00), Null]), 5 + 1 + 5 + 8 },
        { "an annotation of a class (block of data)", [0x73, .. Class("a.B", 1, 2)[..^1], 0x77, 1, 0, 0x78, Null], 22 },
        { "more than 16 deep", Nested(17), 0 },
        { "below more than 16 others", SuperChain(18), 0 },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Parse_PartThatIsNotRead_IsUnsupportedByNameAndOffset(string name, byte[] value, int offset)
    {
        var parse = () => Parse([.. Header, .. value]);

        parse.Should().Throw<UnsupportedFormatException>()
            .WithMessage($"*{name}*at byte {(offset == 0 ? "*" : offset)}; supported*");
    }

    [Fact]
    public void Parse_AsDeepAsAllowed_IsKept()
    {
        Parse([.. Header, .. Nested(15)]).Values.Should().BeNull();
        Parse([.. Header, .. SuperChain(17)]).Values.Should().BeNull();
    }

    public static TheoryData<string, byte[], int> Malformed() => new()
    {
        { "unknown kind", [0x6F], 4 },
        { "kind after the last", [0x7F], 4 },
        { "end of an annotation", [0x78], 4 },
        { "reference to nothing", Reference(0), 5 },
        { "reference below the first number", [0x71, 0x00, 0x7D, 0xFF, 0xFF], 5 },
        { "negative reference", [0x71, 0xFF, 0xFF, 0xFF, 0xFF], 5 },
        { "object of no class", [0x73, Null], 5 },
        { "object of a text", [0x73, .. Text("a")], 5 },
        { "object of an enum", [0x73, .. Class("a.E", 0, 0x12), Null], 5 },
        { "constant of a class of objects", [0x7E, .. Plain("a.B"), .. Text("A")], 5 },
        { "constant without class", [0x7E, Null, .. Text("A")], 5 },
        { "constant without name", [0x7E, .. Class("a.E", 0, 0x12), Null, Null], 5 + Class("a.E", 0, 0x12).Length + 1 },
        { "constant named by itself", [0x7E, .. Class("a.E", 0, 0x12), Null, .. Reference(1)], 24 },
        { "unknown flags", Object([.. Class("a.B", 1, 0x42), Null]), 5 + 1 + 5 + 8 },
        { "enum with a version", [0x7E, .. Class("a.E", 1, 0x12), Null, .. Text("A")], 5 + 1 + 5 + 8 + 1 },
        { "enum with a field", [0x7E, .. Class("a.E", 0, 0x12, Field('I', "i")), Null, .. Text("A")], 20 },
        { "negative number of fields", [0x73, .. Class("a.B", 1, 2)[..^3], 0xFF, 0xFF, 0x78, Null], 20 },
        { "unknown type of a field", Object(Plain("a.B", Field('X', "x"))), 22 },
        { "types in no order", Object(Plain("a.B", ObjectField("o", "x"), Field('I', "i"))), 22 + 4 + 4 },
        { "class as its own superclass", [0x73, .. Class("a.B", 1, 2), .. Reference(0)], 23 },
        {
            "class of objects above an enum",
            [0x7E, .. Class("a.E", 0, 0x12), .. Plain("a.B"), .. Text("A")],
            23
        },
        { "enum above a class of objects", Object([.. Class("a.B", 1, 2), .. Class("a.E", 0, 0x12), Null]), 23 },
        { "class as a value", Object(Plain("a.B", ObjectField("o", "x")), Reference(0)), 5 + 18 + 8 + 1 },
        { "object as a class", Object(Plain("a.B", ObjectField("o", "x")), Object(Reference(2))), 5 + 18 + 8 + 1 + 1 },
        { "broken text", [0x74, 0, 2, 0x61, 0xFF], 8 },
        { "two objects", [Null, Null], 5 },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Parse_MalformedStream_IsCorruptThere(string name, byte[] value, int offset)
    {
        var parse = () => Parse([.. Header, .. value]);

        parse.Should().Throw<CheckpointCorruptException>(name).Which.Offset.Should().Be(offset, name);
    }

    [Fact]
    public void Parse_OtherHeader_IsCorruptAtItsStart()
    {
        var parse = () => Parse([0xAC, 0xED, 0x00, 0x06, Null]);

        parse.Should().Throw<CheckpointCorruptException>().Which.Offset.Should().Be(0);
    }

    [Fact]
    public void Parse_HostileStream_AllocatesWithinTheBound()
    {
        Dictionary<string, byte[]> streams = new()
        {
            { "fields", [0x73, 0x72, 0, 1, 0x61, .. new byte[8], 2, 0x7F, 0xFF, .. new byte[1_000_000]] },
            { "small objects", [.. Holder, .. Object(Plain("a.B")), .. Many([0x73, .. Reference(MostFields + 2)])] },
            { "small texts", [.. Holder, .. Many([0x74, 0, 1, 0x61])] },
            { "chain of superclasses", SuperChain(MostFields) },
            { "nested objects", Nested(10_000) },
        };
        foreach (var (name, value) in streams)
        {
            byte[] stream = [.. Header, .. value];
            ParseOrRefuse(stream);
            var before = GC.GetAllocatedBytesForCurrentThread();
            ParseOrRefuse(stream);

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            allocated.Should().BeLessThan((64L * stream.Length) + (1 << 20), name);
        }
    }

    private static FlinkProperties Parse(byte[] stream) => FlinkPropertiesSerializer.Parse([.. stream], "p");

    private static void ParseOrRefuse(byte[] stream)
    {
        try
        {
            _ = Parse(stream);
        }
        catch (Exception exception) when (exception is CheckpointCorruptException or UnsupportedFormatException)
        {
            // Refused: only its memory is measured.
        }
    }

    // Objects that each hold the next one in a field; all are of one class.
    private static byte[] Nested(int depth) =>
    [
        .. Object(Plain("a.B", ObjectField("o", "La/B;"))),
        .. Enumerable.Repeat(Object(Reference(0)), depth - 1).SelectMany(static one => one),
        Null,
    ];

    // An object whose fields have objects of new classes, each derived from the one before by a reference: a chain that
    // no nesting shows.
    private static byte[] SuperChain(int classes)
    {
        List<byte> stream = [.. HolderOf(classes)];
        for (var i = 0; i < classes; i++)
        {
            // The holder's class, types and object have the first numbers, each class and its object the next two.
            byte[] super = i == 0 ? [Null] : Reference(classes + 2 + ((i - 1) * 2));
            stream.AddRange(Object([.. Class("", 1, 2), .. super]));
        }

        return [.. stream];
    }

    private static byte[] Holder { get; } = HolderOf(MostFields);

    // An object, up to the values of its fields.
    private static byte[] HolderOf(int fields) => Object(
        Plain("a", [.. Enumerable.Range(0, fields).Select(static _ => (byte[])[(byte)'L', 0, 0, .. Text("")])]));

    private static byte[] Many(byte[] value) =>
        [.. Enumerable.Repeat(value, MostFields - 1).SelectMany(static one => one)];

    private static byte[] Replace(byte[] stream, byte[] part, byte[] other)
    {
        var at = stream.AsSpan().LastIndexOf(part);
        at.Should().BePositive();
        return [.. stream[..at], .. other, .. stream[(at + part.Length)..]];
    }
}
