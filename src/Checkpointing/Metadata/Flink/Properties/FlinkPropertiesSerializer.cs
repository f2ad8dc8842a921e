using System.Diagnostics;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink.Properties;

/// <summary>The object at the end of a file of Flink's version 4 and later: kept as it is, its values read where it has
/// one of the forms that Flink writes.</summary>
internal static class FlinkPropertiesSerializer
{
    private const string Package = "org.apache.flink.runtime.checkpoint.";
    private const string PropertiesClass = Package + "CheckpointProperties";
    private const string CheckpointClass = Package + "CheckpointType";
    private const string SavepointClass = Package + "SavepointType";
    private const string SharingEnum = Package + "SnapshotType$SharingFilesStrategy";
    private const string FormatEnum = "org.apache.flink.core.execution.SavepointFormatType";
    private const string PostActionEnum = Package + "SavepointType$PostCheckpointAction";

    private const long PropertiesVersion = 2;
    private const long CheckpointVersion = unchecked((long)0xD6DE_4F03_05AE_1D3A);
    private const long SavepointVersion = unchecked((long)0xA087_D308_A458_14B8);

    private const string Forced = "forced";
    private const string DiscardSubsumed = "discardSubsumed";
    private const string DiscardFinished = "discardFinished";
    private const string DiscardCancelled = "discardCancelled";
    private const string DiscardFailed = "discardFailed";
    private const string DiscardSuspended = "discardSuspended";
    private const string IsUnclaimed = "unclaimed";
    private const string Kind = "checkpointType";

    private const string Name = "name";
    private const string Sharing = "sharingFilesStrategy";
    private const string Format = "formatType";
    private const string PostAction = "postCheckpointAction";

    // Java numbers what it writes: 0 class of the properties, 1 type of their object field, 2 the properties, 3 class
    // of the savepoint, 4 to 6 types of its fields, 7 the savepoint, 8 enum of the format, 9 the class of all enums.
    private const int EnumBaseHandle = 9;

    /// <summary>What was asked for, in every form that Flink has.</summary>
    internal static readonly ValueList<FlinkSnapshotKind> Kinds =
    [
        new FlinkCheckpointKind("Checkpoint", "FORWARD_BACKWARD"),
        new FlinkCheckpointKind("Full Checkpoint", "FORWARD"),
        new FlinkSavepointKind("Savepoint", "CANONICAL", "NONE"),
        new FlinkSavepointKind("Savepoint", "NATIVE", "NONE"),
        new FlinkSavepointKind("Suspend Savepoint", "CANONICAL", "SUSPEND"),
        new FlinkSavepointKind("Suspend Savepoint", "NATIVE", "SUSPEND"),
        new FlinkSavepointKind("Terminate Savepoint", "CANONICAL", "TERMINATE"),
        new FlinkSavepointKind("Terminate Savepoint", "NATIVE", "TERMINATE"),
    ];

    /// <summary>Reads everything that is left: one object and nothing behind it.</summary>
    /// <returns>Null if it is Java's null object.</returns>
    /// <exception cref="CheckpointCorruptException">It is no such object; the offset counts as the input's
    /// does.</exception>
    /// <exception cref="UnsupportedFormatException">The object has parts that are not read here.</exception>
    internal static FlinkProperties? Read(ref MetadataInput input)
    {
        var value = JavaStreamReader.Read(input);
        var serialized = input.TakeCopy(input.Remaining, "the properties");
        return value is null ? null : new(serialized) { Values = Decode(value) };
    }

    /// <summary>Reads an object that was kept somewhere else; offsets in messages count from its start.</summary>
    /// <exception cref="CheckpointCorruptException">It is no such object.</exception>
    /// <exception cref="UnsupportedFormatException">The object has parts that are not read here.</exception>
    internal static FlinkProperties Parse(ValueList<byte> serialized, string path) =>
        new(serialized) { Values = Decode(JavaStreamReader.Read(new(serialized.Items.AsSpan(), path))) };

    /// <summary>Says why the bytes could not be read again; null if they can.</summary>
    internal static string? ProblemWith(FlinkProperties properties, string path)
    {
        try
        {
            return JavaStreamReader.Read(new(properties.Serialized.Items.AsSpan(), path)) is null
                ? "Java's null, which is written for no properties"
                : null;
        }
        catch (CheckpointCorruptException exception)
        {
            return $"{exception.Actual} at byte {exception.Offset} of them";
        }
        catch (UnsupportedFormatException exception)
        {
            return exception.Found;
        }
    }

    /// <summary>Makes the object that Flink would write.</summary>
    /// <exception cref="ArgumentException">Flink has no such kind of snapshot.</exception>
    internal static ValueList<byte> Serialize(FlinkCheckpointProperties values)
    {
        if (!Kinds.Items.Contains(values.Kind))
        {
            throw new ArgumentException(
                $"Flink has no {values.Kind}; it has {string.Join(", ", Kinds)}.", nameof(values));
        }

        // The fields are in the order of their names, as Java sorts them.
        var writer = new JavaStreamWriter();
        writer.BeginObject(
            PropertiesClass,
            PropertiesVersion,
            [DiscardCancelled, DiscardFailed, DiscardFinished, DiscardSubsumed, DiscardSuspended, Forced, IsUnclaimed],
            (Kind, TypeOf(Package + "SnapshotType")));
        writer.WriteBoolean(values.DiscardCancelled);
        writer.WriteBoolean(values.DiscardFailed);
        writer.WriteBoolean(values.DiscardFinished);
        writer.WriteBoolean(values.DiscardSubsumed);
        writer.WriteBoolean(values.DiscardSuspended);
        writer.WriteBoolean(values.Forced);
        writer.WriteBoolean(values.IsUnclaimed);
        switch (values.Kind)
        {
            case FlinkCheckpointKind checkpoint:
                WriteCheckpoint(writer, checkpoint);
                break;
            case FlinkSavepointKind savepoint:
                WriteSavepoint(writer, savepoint);
                break;
            default:
                throw new UnreachableException();
        }

        return writer.ToValueList();
    }

    private static void WriteCheckpoint(JavaStreamWriter writer, FlinkCheckpointKind kind)
    {
        writer.BeginObject(
            CheckpointClass, CheckpointVersion, [], (Name, TypeOf("java.lang.String")), (Sharing, TypeOf(SharingEnum)));
        writer.WriteText(kind.Name);
        writer.WriteEnum(SharingEnum, kind.Sharing);
    }

    private static void WriteSavepoint(JavaStreamWriter writer, FlinkSavepointKind kind)
    {
        writer.BeginObject(
            SavepointClass,
            SavepointVersion,
            [],
            (Format, TypeOf(FormatEnum)),
            (Name, TypeOf("java.lang.String")),
            (PostAction, TypeOf(PostActionEnum)));
        writer.WriteEnum(FormatEnum, kind.Format);
        writer.WriteText(kind.Name);
        writer.WriteEnum(PostActionEnum, kind.PostAction, EnumBaseHandle);
    }

    private static string TypeOf(string name) => $"L{name.Replace('.', '/')};";

    private static FlinkCheckpointProperties? Decode(object? value) =>
        value is JavaObject properties
        && Is(properties.Class, PropertiesClass, PropertiesVersion)
        && properties.TryGetBoolean(Forced, out var forced)
        && properties.TryGetBoolean(DiscardSubsumed, out var discardSubsumed)
        && properties.TryGetBoolean(DiscardFinished, out var discardFinished)
        && properties.TryGetBoolean(DiscardCancelled, out var discardCancelled)
        && properties.TryGetBoolean(DiscardFailed, out var discardFailed)
        && properties.TryGetBoolean(DiscardSuspended, out var discardSuspended)
        && properties.TryGetBoolean(IsUnclaimed, out var isUnclaimed)
        && properties.TryGet<JavaObject>(Kind, out var type)
        && DecodeKind(type!) is { } kind
            ? new(forced, discardSubsumed, discardFinished, discardCancelled, discardFailed, discardSuspended,
                isUnclaimed, kind)
            : null;

    private static FlinkSnapshotKind? DecodeKind(JavaObject type)
    {
        if (!type.TryGet<string>(Name, out var name))
        {
            return null;
        }

        FlinkSnapshotKind? kind = null;
        if (Is(type.Class, CheckpointClass, CheckpointVersion))
        {
            kind = ConstantOf(type, Sharing, SharingEnum) is { } sharing
                ? new FlinkCheckpointKind(name!, sharing)
                : null;
        }
        else if (Is(type.Class, SavepointClass, SavepointVersion))
        {
            kind = ConstantOf(type, Format, FormatEnum) is { } format
                && ConstantOf(type, PostAction, PostActionEnum) is { } postAction
                ? new FlinkSavepointKind(name!, format, postAction)
                : null;
        }

        return kind is not null && Kinds.Items.Contains(kind) ? kind : null;
    }

    private static string? ConstantOf(JavaObject holder, string field, string enumName) =>
        holder.TryGet<JavaEnum>(field, out var constant) && constant!.Class.Name == enumName ? constant.Name : null;

    private static bool Is(JavaClass type, string name, long serialVersionUid) =>
        type.Name == name && type.SerialVersionUid == serialVersionUid;
}
