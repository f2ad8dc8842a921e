using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>The record of a state's description in version 1001.</summary>
internal static class NativeStates
{
    private const byte HasKey = 1;
    private const byte HasNamespace = 2;
    private const byte HasUserKey = 4;
    private const byte HasValue = 8;

    internal static StateDescription Read(ref NativeInput body)
    {
        var name = body.ReadText("a state's name");
        var offset = body.Position;
        var kind = (StateKind)body.ReadByte("a state's kind");
        if (kind is < StateKind.Value or > StateKind.Broadcast)
        {
            throw body.Unsupported($"state '{name}' of kind {(int)kind} at byte {offset}",
                "kinds 1 to 8; use a newer library");
        }

        var parts = body.ReadByte("which serializers a state has");
        if (parts >= 2 * HasValue)
        {
            throw body.Unsupported(
                $"state '{name}' with serializers 0x{parts:x2} at byte {offset + 1}",
                "bits 0 to 3; use a newer library");
        }

        var state = new StateDescription(
            name,
            kind,
            ReadSerializer(ref body, (parts & HasKey) != 0),
            ReadSerializer(ref body, (parts & HasNamespace) != 0),
            ReadSerializer(ref body, (parts & HasUserKey) != 0),
            ReadSerializer(ref body, (parts & HasValue) != 0));
        return ReadRecords(ref body, state);
    }

    internal static void Write(NativeOutput output, StateDescription state)
    {
        var begin = output.Begin(NativeTags.State);
        output.WriteText(state.Name);
        output.WriteCode((int)state.Kind, (int)StateKind.Value, (int)StateKind.Broadcast, "kind of state");
        output.WriteByte((byte)((state.Key is null ? 0 : HasKey) | (state.Namespace is null ? 0 : HasNamespace)
            | (state.UserKey is null ? 0 : HasUserKey) | (state.Value is null ? 0 : HasValue)));
        WriteSerializer(output, state.Key);
        WriteSerializer(output, state.Namespace);
        WriteSerializer(output, state.UserKey);
        WriteSerializer(output, state.Value);
        if (state.IsStamped)
        {
            if (!CanBeStamped(state.Kind))
            {
                throw output.Refuse(
                    $"stamped values of a {state.Kind} state", "stamps in states whose values can expire");
            }

            output.End(output.Begin(NativeTags.Stamped));
        }

        output.WriteUnknown(state.UnknownRecords);
        output.End(begin);
    }

    private static bool CanBeStamped(StateKind kind) =>
        kind is not (StateKind.Timer or StateKind.OperatorList or StateKind.Broadcast);

    private static StateDescription ReadRecords(ref NativeInput body, StateDescription state)
    {
        List<OpaqueRecord>? unknown = null;
        var isStamped = false;
        while (body.TryReadRecord(out var tag, out var record))
        {
            if (tag != NativeTags.Stamped)
            {
                record.Keep(tag, "a state", ref unknown);
                continue;
            }

            record.RefuseSecond(isStamped, "the mark of stamped values");
            record.ExpectEnd("the mark of stamped values");
            if (!CanBeStamped(state.Kind))
            {
                throw record.Corrupt(record.Position, "no mark of stamped values", $"one on a {state.Kind} state");
            }

            isStamped = true;
        }

        return isStamped || unknown is not null
            ? state with { IsStamped = isStamped, UnknownRecords = unknown.Own() }
            : state;
    }

    private static SerializerIdentity? ReadSerializer(ref NativeInput body, bool isThere) => isThere
        ? new(
            body.ReadText("a serializer's id"),
            body.ReadInt32("a serializer's version"),
            body.ReadInt64("a fingerprint"))
        : null;

    private static void WriteSerializer(NativeOutput output, SerializerIdentity? serializer)
    {
        if (serializer is not null)
        {
            output.WriteText(serializer.Id);
            output.WriteInt32(serializer.Version);
            output.WriteInt64(serializer.SchemaFingerprint);
        }
    }
}
