namespace Checkpointing.Metadata.Flink.Properties;

/// <summary>Numbers of Java's object serialization protocol, version 5.</summary>
internal static class JavaStream
{
    /// <summary>Magic number and version, before the first object.</summary>
    internal const uint Header = 0xACED_0005;

    internal const byte Null = 0x70;
    internal const byte Reference = 0x71;
    internal const byte ClassDescription = 0x72;
    internal const byte Object = 0x73;
    internal const byte String = 0x74;
    internal const byte EndOfAnnotation = 0x78;
    internal const byte Enum = 0x7E;

    internal const byte FirstKind = Null;
    internal const byte LastKind = Enum;

    /// <summary>Flag of a class: its objects are stored field by field.</summary>
    internal const byte SerializableFlag = 0x02;

    /// <summary>Flag of a class: its values are constants that are stored by name.</summary>
    internal const byte EnumFlag = 0x10;

    /// <summary>Flag of a class: its objects write themselves.</summary>
    internal const byte WriteMethodFlag = 0x01;

    /// <summary>Flags of a class: its objects write everything themselves, in blocks or bare.</summary>
    internal const byte ExternalFlags = 0x04 | 0x08;

    /// <summary>Number of the first class, object or text in a stream; the others follow in their order.</summary>
    internal const int FirstHandle = 0x7E_0000;

    /// <summary>Name of what a byte announces, for messages.</summary>
    internal static string NameOf(byte kind) => kind switch
    {
        Null => "null",
        Reference => "reference",
        ClassDescription => "class description",
        Object => "object",
        String => "string",
        0x75 => "array",
        0x76 => "class",
        0x77 => "block of data",
        EndOfAnnotation => "end of an annotation",
        0x79 => "reset",
        0x7A => "long block of data",
        0x7B => "exception",
        0x7C => "long string",
        0x7D => "description of a proxy class",
        Enum => "enum constant",
        _ => $"byte 0x{kind:x2}",
    };
}
