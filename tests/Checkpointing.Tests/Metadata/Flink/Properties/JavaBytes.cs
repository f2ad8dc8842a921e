using System.Text;

namespace Checkpointing.Tests.Metadata.Flink.Properties;

/// <summary>Pieces of Java's serialization streams, put together by hand from its specification and not by the code
/// that is tested.</summary>
internal static class JavaBytes
{
    internal const byte Null = 0x70;

    internal const string PropertiesClass = "org.apache.flink.runtime.checkpoint.CheckpointProperties";

    internal static byte[] Header => [0xAC, 0xED, 0x00, 0x05];

    internal static byte[] Utf(string text) =>
        [(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    internal static byte[] Text(string text) => [0x74, .. Utf(text)];

    internal static byte[] Reference(int handle) => [0x71, 0x00, 0x7E, (byte)(handle >> 8), (byte)handle];

    internal static byte[] Field(char type, string name) => [(byte)type, .. Utf(name)];

    internal static byte[] ObjectField(string name, string type) => [(byte)'L', .. Utf(name), .. Text(type)];

    /// <summary>A class, without its superclass.</summary>
    internal static byte[] Class(string name, ulong version, byte flags, params byte[][] fields) =>
    [
        0x72, .. Utf(name), .. BitConverter.GetBytes(version).Reverse(), flags,
        (byte)(fields.Length >> 8), (byte)fields.Length, .. fields.SelectMany(static field => field), 0x78,
    ];

    internal static byte[] Plain(string name, params byte[][] fields) => [.. Class(name, 1, 0x02, fields), Null];

    internal static byte[] Object(byte[] type, params byte[][] values) =>
        [0x73, .. type, .. values.SelectMany(static value => value)];

    /// <summary>A savepoint's properties as Flink 1.16 and later write them.</summary>
    internal static byte[] Savepoint(string name, string format, string postAction, byte[] booleans) =>
    [
        .. Header,
        .. Object(
            [
                .. Class(
                    PropertiesClass,
                    2,
                    0x02,
                    Field('Z', "discardCancelled"),
                    Field('Z', "discardFailed"),
                    Field('Z', "discardFinished"),
                    Field('Z', "discardSubsumed"),
                    Field('Z', "discardSuspended"),
                    Field('Z', "forced"),
                    Field('Z', "unclaimed"),
                    ObjectField("checkpointType", "Lorg/apache/flink/runtime/checkpoint/SnapshotType;")),
                Null,
            ],
            booleans,
            Object(
                [
                    .. Class(
                        "org.apache.flink.runtime.checkpoint.SavepointType",
                        0xA087D308A45814B8,
                        0x02,
                        ObjectField("formatType", "Lorg/apache/flink/core/execution/SavepointFormatType;"),
                        ObjectField("name", "Ljava/lang/String;"),
                        ObjectField(
                            "postCheckpointAction",
                            "Lorg/apache/flink/runtime/checkpoint/SavepointType$PostCheckpointAction;")),
                    Null,
                ],
                [
                    0x7E, .. Class("org.apache.flink.core.execution.SavepointFormatType", 0, 0x12),
                    .. Class("java.lang.Enum", 0, 0x12), Null, .. Text(format),
                ],
                Text(name),
                [
                    0x7E, .. Class("org.apache.flink.runtime.checkpoint.SavepointType$PostCheckpointAction", 0, 0x12),
                    .. Reference(9), .. Text(postAction),
                ])),
    ];

    /// <summary>A checkpoint's properties as Flink 1.16 and later write them.</summary>
    internal static byte[] Checkpoint(string name, string sharing, byte[] booleans)
    {
        // The class of the properties and its fields are those of a savepoint's; the object in them is another.
        var savepoint = Savepoint("", "", "", booleans);
        byte[] end = [.. booleans, 0x73];
        return
        [
            .. savepoint[..(savepoint.AsSpan().LastIndexOf(end) + booleans.Length)],
            .. Object(
                [
                    .. Class(
                        "org.apache.flink.runtime.checkpoint.CheckpointType",
                        0xD6DE4F0305AE1D3A,
                        0x02,
                        ObjectField("name", "Ljava/lang/String;"),
                        ObjectField(
                            "sharingFilesStrategy",
                            "Lorg/apache/flink/runtime/checkpoint/SnapshotType$SharingFilesStrategy;")),
                    Null,
                ],
                Text(name),
                [
                    0x7E, .. Class("org.apache.flink.runtime.checkpoint.SnapshotType$SharingFilesStrategy", 0, 0x12),
                    .. Class("java.lang.Enum", 0, 0x12), Null, .. Text(sharing),
                ]),
        ];
    }
}
