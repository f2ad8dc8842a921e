using System.Buffers.Binary;
using System.Text;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink.Properties;

/// <summary>Writes an object as Java serializes it. The caller counts the numbers that classes, objects and texts get;
/// all texts are ASCII.</summary>
internal sealed class JavaStreamWriter
{
    private readonly MetadataOutput _output = new();

    internal JavaStreamWriter() => _output.WriteInt32BigEndian(unchecked((int)JavaStream.Header));

    /// <summary>Begins an object of a class without superclass; its values follow.</summary>
    /// <param name="name">Name of the class.</param>
    /// <param name="serialVersionUid">Its version.</param>
    /// <param name="booleans">Names of its boolean fields.</param>
    /// <param name="objects">Names and types of its other fields.</param>
    internal void BeginObject(
        string name,
        long serialVersionUid,
        ReadOnlySpan<string> booleans,
        params ReadOnlySpan<(string Name, string Type)> objects)
    {
        WriteByte(JavaStream.Object);
        BeginClass(name, serialVersionUid, JavaStream.SerializableFlag, booleans.Length + objects.Length);
        foreach (var field in booleans)
        {
            WriteByte((byte)'Z');
            WriteUtf(field);
        }

        foreach (var (field, type) in objects)
        {
            WriteByte((byte)'L');
            WriteUtf(field);
            WriteText(type);
        }

        WriteByte(JavaStream.EndOfAnnotation);
        WriteByte(JavaStream.Null);
    }

    /// <summary>Writes the first constant of an enum.</summary>
    /// <param name="name">Name of the enum.</param>
    /// <param name="constant">Name of the constant.</param>
    /// <param name="baseHandle">Number of the class that all enums are derived from; null if it has not been written
    /// yet.</param>
    internal void WriteEnum(string name, string constant, int? baseHandle = null)
    {
        const byte Flags = JavaStream.EnumFlag | JavaStream.SerializableFlag;
        WriteByte(JavaStream.Enum);
        BeginClass(name, 0, Flags, 0);
        WriteByte(JavaStream.EndOfAnnotation);
        if (baseHandle is { } handle)
        {
            WriteByte(JavaStream.Reference);
            _output.WriteInt32BigEndian(JavaStream.FirstHandle + handle);
        }
        else
        {
            BeginClass("java.lang.Enum", 0, Flags, 0);
            WriteByte(JavaStream.EndOfAnnotation);
            WriteByte(JavaStream.Null);
        }

        WriteText(constant);
    }

    internal void WriteBoolean(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    internal void WriteText(string text)
    {
        WriteByte(JavaStream.String);
        WriteUtf(text);
    }

    internal ValueList<byte> ToValueList() => MetadataInput.Own(_output.Finish());

    private void BeginClass(string name, long serialVersionUid, byte flags, int fieldCount)
    {
        WriteByte(JavaStream.ClassDescription);
        WriteUtf(name);
        BinaryPrimitives.WriteInt64BigEndian(_output.Take(sizeof(long)), serialVersionUid);
        WriteByte(flags);
        BinaryPrimitives.WriteInt16BigEndian(_output.Take(sizeof(short)), (short)fieldCount);
    }

    private void WriteUtf(string text)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_output.Take(sizeof(ushort)), (ushort)text.Length);
        Encoding.ASCII.GetBytes(text, _output.Take(text.Length));
    }

    private void WriteByte(byte value) => _output.Take(1)[0] = value;
}
