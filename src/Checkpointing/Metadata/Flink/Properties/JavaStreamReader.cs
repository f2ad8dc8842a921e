using System.Buffers.Binary;

namespace Checkpointing.Metadata.Flink.Properties;

/// <summary>Reads one object from a stream that Java serialized: objects stored field by field, enum constants and
/// texts. Everything else is refused by name.</summary>
/// <remarks>No type is created, loaded or looked up: names in the stream are data. Reserves nothing that the stream
/// has not paid for in bytes, and nests no deeper than <see cref="MetadataInput.MaxDepth"/>.</remarks>
internal ref struct JavaStreamReader
{
    // Type and length of the name.
    private const int SmallestFieldBytes = 1 + sizeof(ushort);

    private static readonly object s_true = true;
    private static readonly object s_false = false;

    private readonly List<object> _handles = [];
    private MetadataInput _bytes;
    private int _depth;

    private JavaStreamReader(MetadataInput bytes) => _bytes = bytes;

    /// <summary>The only object of a stream that takes all of an input; null if it is Java's null.</summary>
    internal static object? Read(MetadataInput input)
    {
        var reader = new JavaStreamReader(input);
        var offset = input.Position;
        var header = BinaryPrimitives.ReadUInt32BigEndian(
            reader._bytes.Take(sizeof(uint), "the header of an object of Java's"));
        if (header != JavaStream.Header)
        {
            throw input.Corrupt(
                offset, $"the header 0x{JavaStream.Header:x8} of an object of Java's", $"0x{header:x8}");
        }

        var value = reader.ReadValue();
        reader._bytes.ExpectEnd("the object");
        return value;
    }

    private object? ReadValue()
    {
        var offset = _bytes.Position;
        var kind = ReadByte("an object of Java's");
        switch (kind)
        {
            case JavaStream.Null:
                return null;
            case JavaStream.Reference:
                var value = ReadReference();
                return value is not JavaClass
                    ? value
                    : throw _bytes.Corrupt(offset, "a reference to an object", "one to a class");
            case JavaStream.String:
                return ReadNewText();
            case JavaStream.Object:
                Enter(offset);
                var read = ReadObject();
                _depth--;
                return read;
            case JavaStream.Enum:
                Enter(offset);
                var constant = ReadEnum();
                _depth--;
                return constant;
            default:
                throw Refuse(kind, offset, "an object");
        }
    }

    private JavaObject ReadObject()
    {
        var offset = _bytes.Position;
        var type = ReadClass();
        if (type is null or { IsEnum: true } or { IsComplete: false })
        {
            throw _bytes.Corrupt(offset, "a class of objects", type is null ? "none" : "another class");
        }

        var result = new JavaObject(type);
        _handles.Add(result);
        ReadFieldsOfSupers(type.Super);
        result.Values = ReadFields(type.Fields);
        return result;
    }

    // Superclasses come first, the topmost one before all. What they hold is walked over.
    private void ReadFieldsOfSupers(JavaClass? super)
    {
        if (super is not null)
        {
            ReadFieldsOfSupers(super.Super);
            _ = ReadFields(super.Fields);
        }
    }

    private object?[] ReadFields(JavaField[] fields)
    {
        if (fields.Length == 0)
        {
            return [];
        }

        // Each value takes a byte at least.
        _ = _bytes.CheckCount(fields.Length, _bytes.Position, 1, "values of fields");
        var values = new object?[fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            values[i] = fields[i].IsObject ? ReadValue() : ReadPrimitive(fields[i].Type);
        }

        return values;
    }

    private object? ReadPrimitive(char type)
    {
        var offset = _bytes.Position;
        var value = _bytes.Take(SizeOf(type), "the value of a field");
        return type != 'Z'
            ? null
            : value[0] switch
            {
                0 => s_false,
                1 => s_true,
                var other => throw _bytes.Corrupt(offset, "a boolean, 0 or 1", $"{other}"),
            };
    }

    private JavaEnum ReadEnum()
    {
        var offset = _bytes.Position;
        if (ReadClass() is not { IsEnum: true, IsComplete: true } type)
        {
            throw _bytes.Corrupt(offset, "the class of an enum constant", "none or another class");
        }

        // The constant has its number before its name has one.
        var handle = _handles.Count;
        _handles.Add(type);
        var constant = new JavaEnum(type, ReadText("the name of an enum constant"));
        _handles[handle] = constant;
        return constant;
    }

    private JavaClass? ReadClass()
    {
        var offset = _bytes.Position;
        var kind = ReadByte("a class of Java's");
        switch (kind)
        {
            case JavaStream.Null:
                return null;
            case JavaStream.Reference:
                return ReadReference() is JavaClass known
                    ? known
                    : throw _bytes.Corrupt(offset, "a reference to a class", "one to something else");
            case JavaStream.ClassDescription:
                Enter(offset);
                var read = ReadNewClass();
                _depth--;
                return read;
            default:
                throw kind is JavaStream.String or JavaStream.Object or JavaStream.Enum
                    ? _bytes.Corrupt(offset, "a class", JavaStream.NameOf(kind))
                    : Refuse(kind, offset, "a class");
        }
    }

    private JavaClass ReadNewClass()
    {
        var result = new JavaClass(
            ReadUtf("the name of a class"),
            BinaryPrimitives.ReadInt64BigEndian(_bytes.Take(sizeof(long), "the version of a class")));
        _handles.Add(result);
        var offset = _bytes.Position;
        var flags = ReadByte("the flags of a class");
        result.IsEnum = flags == (JavaStream.EnumFlag | JavaStream.SerializableFlag);
        if (!result.IsEnum && flags != JavaStream.SerializableFlag)
        {
            throw RefuseFlags(flags, offset);
        }

        offset = _bytes.Position;
        result.Fields = ReadFieldList();
        if (result.IsEnum && (result.Fields.Length != 0 || result.SerialVersionUid != 0))
        {
            throw _bytes.Corrupt(offset, "an enum without fields and version", "one with them");
        }

        offset = _bytes.Position;
        var end = ReadByte("the end of a class");
        if (end != JavaStream.EndOfAnnotation)
        {
            throw Unsupported($"an annotation of a class ({JavaStream.NameOf(end)})", offset);
        }

        offset = _bytes.Position;
        result.Super = ReadClass();
        if (result.Super is { } super)
        {
            if (!super.IsComplete || super.IsEnum != result.IsEnum)
            {
                throw _bytes.Corrupt(offset, "a superclass", "a class that cannot be one");
            }

            // References can build a chain that is longer than what was nested in the bytes.
            result.SuperCount = super.SuperCount + 1;
            if (result.SuperCount > MetadataInput.MaxDepth)
            {
                throw Unsupported($"a class of Java's below more than {MetadataInput.MaxDepth} others", offset);
            }
        }

        result.IsComplete = true;
        return result;
    }

    private JavaField[] ReadFieldList()
    {
        var offset = _bytes.Position;
        var count = BinaryPrimitives.ReadInt16BigEndian(_bytes.Take(sizeof(short), "the number of fields"));
        var fields = new JavaField[_bytes.CheckCount(count, offset, SmallestFieldBytes, "fields")];
        for (var i = 0; i < fields.Length; i++)
        {
            offset = _bytes.Position;
            var type = (char)ReadByte("the type of a field");
            fields[i] = new(type, ReadUtf("the name of a field"));
            if (fields[i].IsObject)
            {
                _ = ReadText("the class of a field");
            }
            else if (SizeOf(type) == 0)
            {
                throw _bytes.Corrupt(offset, "the type of a field", $"byte 0x{(int)type:x2}");
            }
            else if (i > 0 && fields[i - 1].IsObject)
            {
                throw _bytes.Corrupt(offset, "fields of objects behind all others", "another order");
            }
        }

        return fields;
    }

    private object ReadReference()
    {
        var offset = _bytes.Position;
        var handle = (long)BinaryPrimitives.ReadInt32BigEndian(_bytes.Take(sizeof(int), "a reference"));
        var index = handle - JavaStream.FirstHandle;
        return index >= 0 && index < _handles.Count
            ? _handles[(int)index]
            : throw _bytes.Corrupt(
                offset, $"a reference to one of {_handles.Count} objects before it", $"0x{handle:x}");
    }

    // A text, or a reference to one.
    private string ReadText(string what)
    {
        var offset = _bytes.Position;
        var kind = ReadByte(what);
        return kind switch
        {
            JavaStream.String => ReadNewText(),
            JavaStream.Reference => ReadReference() as string
                ?? throw _bytes.Corrupt(offset, what, "a reference to something else"),
            JavaStream.Null or JavaStream.Object or JavaStream.Enum or JavaStream.ClassDescription =>
                throw _bytes.Corrupt(offset, what, JavaStream.NameOf(kind)),
            _ => throw Refuse(kind, offset, what),
        };
    }

    private string ReadNewText()
    {
        var text = ReadUtf("a text");
        _handles.Add(text);
        return text;
    }

    private string ReadUtf(string what)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(_bytes.Take(sizeof(ushort), what));
        var start = _bytes.Position;
        var source = _bytes.Take(length, what);
        return ModifiedUtf8.Decode(source, out _, out var badOffset)
            ?? throw _bytes.Corrupt(
                start + badOffset, $"{what} in Java's modified UTF-8", $"byte 0x{source[badOffset]:x2}");
    }

    private byte ReadByte(string what) => _bytes.Take(1, what)[0];

    private void Enter(int offset)
    {
        if (++_depth > MetadataInput.MaxDepth)
        {
            throw Unsupported($"an object of Java's more than {MetadataInput.MaxDepth} deep", offset);
        }
    }

    private readonly CheckpointingException Refuse(byte kind, int offset, string what) =>
        kind is < JavaStream.FirstKind or > JavaStream.LastKind or JavaStream.EndOfAnnotation
            ? _bytes.Corrupt(offset, what, JavaStream.NameOf(kind))
            : Unsupported($"Java's {JavaStream.NameOf(kind)} for {what}", offset);

    private readonly CheckpointingException RefuseFlags(byte flags, int offset)
    {
        const byte Known = JavaStream.SerializableFlag | JavaStream.EnumFlag | JavaStream.WriteMethodFlag
            | JavaStream.ExternalFlags;
        return (flags & ~Known) == 0
            ? Unsupported($"a class of Java's with flags 0x{flags:x2}", offset)
            : _bytes.Corrupt(offset, "the flags of a class", $"0x{flags:x2}");
    }

    private readonly UnsupportedFormatException Unsupported(string found, int offset) => new(
        _bytes.Path, $"{found} at byte {offset}", "objects stored field by field, enum constants and strings there");

    private static int SizeOf(char type) => type switch
    {
        'B' or 'Z' => 1,
        'C' or 'S' => 2,
        'F' or 'I' => 4,
        'D' or 'J' => 8,
        _ => 0,
    };
}
