using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Checkpointing;

/// <summary>Identity of an operator across versions of a program: 16 bytes, as in Flink's metadata.</summary>
/// <remarks>Ours are the XxHash128 of the operator's name in UTF-8, so a name always gives the same id.</remarks>
/// <param name="Value">The 16 bytes, big-endian.</param>
public readonly record struct OperatorId(UInt128 Value)
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 16;

    /// <summary>The id of the operator of this name.</summary>
    /// <exception cref="ArgumentException">The name is empty, longer than 200 characters or holds a slash.</exception>
    public static OperatorId FromName(string name) =>
        new(XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(NameRules.Check(name, "An operator name", nameof(name)))));

    /// <summary>Reads 16 bytes.</summary>
    public static OperatorId Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt128BigEndian(source));

    /// <summary>Writes 16 bytes.</summary>
    public void Write(Span<byte> target) => BinaryPrimitives.WriteUInt128BigEndian(target, Value);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
