using System.Text;
using Checkpointing.Metadata;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Makes the object at the end of a file of Flink's version 4 and later: those that Flink writes, and others
/// that Java could.</summary>
internal static class JavaGrammar
{
    private const byte Null = 0x70;
    private const byte Reference = 0x71;
    private const byte ClassDescription = 0x72;
    private const byte Object = 0x73;
    private const byte Text = 0x74;
    private const byte EndOfAnnotation = 0x78;
    private const int FirstHandle = 0x7E_0000;

    // Deeper than readers go, and as deep as would take any stack.
    private const int DeepestNesting = 20;
    private const int StackBreakingNesting = 60_000;

    private static readonly byte[][] s_real =
    [
        .. from kind in new FlinkSnapshotKind[]
            {
                new FlinkCheckpointKind("Checkpoint", "FORWARD_BACKWARD"),
                new FlinkCheckpointKind("Full Checkpoint", "FORWARD"),
                new FlinkSavepointKind("Savepoint", "CANONICAL", "NONE"),
                new FlinkSavepointKind("Terminate Savepoint", "NATIVE", "TERMINATE"),
            }
            let values = new FlinkCheckpointProperties(false, true, true, false, true, false, false, kind)
            select FlinkProperties.Of(values).Serialized.Items.ToArray(),
    ];

    internal static void Write(FieldWriter output, FuzzRandom random)
    {
        switch (random.Below(6))
        {
            case 0:
                output.Raw([0xAC, 0xED, 0, 5, Null]);
                break;
            case 1:
                WriteNested(output, random);
                break;
            case 2:
                WriteSupers(output, random);
                break;
            case 3:
                WriteMangled(output, random);
                break;
            default:
                output.Raw(random.Pick<byte[]>(s_real));
                break;
        }
    }

    // Objects that hold each other, all of one class that is described once: few bytes a level.
    private static void WriteNested(FieldWriter output, FuzzRandom random)
    {
        var depth = DepthOf(random);
        output.Raw([0xAC, 0xED, 0, 5, Object]);
        BeginClass(output, "A", fields: 1);
        output.Byte('L', FieldKind.Tag);
        output.Text("a"u8);
        output.Byte(Text, FieldKind.Tag);
        output.Text("LA;"u8);
        output.Raw([EndOfAnnotation, Null]);
        for (var i = 0; i < depth; i++)
        {
            output.Raw([Object]);
            WriteReference(output, random.OneIn(50) ? random.Below(9) : 0);
        }

        switch (random.Below(3))
        {
            case 0:
                output.Raw([Null]);
                break;
            case 1:
                // Itself, or another before it, or one that is not there.
                WriteReference(output, random.Between(-1, 5));
                break;
            default:
                output.Byte(Text, FieldKind.Tag);
                output.Text("end"u8);
                break;
        }
    }

    // Classes below each other, new ones or the same again.
    private static void WriteSupers(FieldWriter output, FuzzRandom random)
    {
        output.Raw([0xAC, 0xED, 0, 5, Object]);
        var depth = DepthOf(random);
        for (var i = 0; i <= depth; i++)
        {
            BeginClass(output, $"C{i}", fields: 0);
            output.Raw([EndOfAnnotation]);
        }

        if (random.OneIn(2))
        {
            output.Raw([Null]);
        }
        else
        {
            WriteReference(output, random.Between(0, depth + 1));
        }
    }

    // What Flink writes, with other kinds, references and lengths in it.
    private static void WriteMangled(FieldWriter output, FuzzRandom random)
    {
        var bytes = random.Pick<byte[]>(s_real).ToArray();
        for (var changes = random.Between(1, 4); changes > 0; changes--)
        {
            var at = random.Between(4, bytes.Length - 1);
            switch (random.Below(4))
            {
                case 0:
                    var reference = bytes.AsSpan(at).IndexOf((byte)Reference);
                    bytes[Math.Min(at + Math.Max(reference, 0) + 4, bytes.Length - 1)] = (byte)random.Below(14);
                    break;
                case 1:
                    bytes[at] = (byte)random.Between(0x70, 0x7F);
                    break;
                case 2:
                    var kind = bytes.AsSpan(at).IndexOfAnyInRange((byte)0x70, (byte)0x7E);
                    bytes[at + Math.Max(kind, 0)] = (byte)random.Between(0x70, 0x7E);
                    break;
                default:
                    bytes[at] = (byte)random.Next();
                    break;
            }
        }

        output.Raw(bytes);
    }

    private static void BeginClass(FieldWriter output, string name, int fields)
    {
        output.Byte(ClassDescription, FieldKind.Tag);
        output.Text(Encoding.ASCII.GetBytes(name));
        output.Int64(1);
        output.Byte(2, FieldKind.Tag);
        output.UInt16(fields, FieldKind.Count);
    }

    private static void WriteReference(FieldWriter output, int index)
    {
        output.Byte(Reference, FieldKind.Tag);
        output.Int32(FirstHandle + index);
    }

    private static int DepthOf(FuzzRandom random) =>
        random.OneIn(100) ? StackBreakingNesting : random.Between(0, DeepestNesting);
}
