using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>The small records at the top level of version 1001: id, origin, coordinator states.</summary>
internal static class NativeInfo
{
    private const int SmallestTagBytes = 2 * sizeof(int);

    internal static CheckpointId ReadCheckpointId(ref NativeInput body)
    {
        var offset = body.Position;
        var id = body.ReadInt64("the checkpoint's id");
        body.ExpectEnd("the checkpoint's id");
        return id >= 0 ? new(id) : throw body.Corrupt(offset, "a checkpoint's id from 0", $"{id}");
    }

    internal static void WriteCheckpointId(NativeOutput output, CheckpointId id)
    {
        var begin = output.Begin(NativeTags.Checkpoint);
        output.WriteInt64(id.Value);
        output.End(begin);
    }

    internal static CheckpointInfo Read(ref NativeInput body)
    {
        var info = new CheckpointInfo(
            ReadJob(ref body),
            body.ReadGuid("the job's id"),
            body.ReadGuid("the lineage's id"),
            body.ReadInt64("the epoch"),
            new(ReadKind(ref body), ReadRetention(ref body)),
            ReadTime(ref body),
            ReadTime(ref body),
            ReadTags(ref body));
        return ReadRecords(ref body, info);
    }

    internal static void Write(NativeOutput output, CheckpointInfo info)
    {
        if (info.Job == default)
        {
            throw output.Refuse("a checkpoint of a job without a name", "jobs with a name");
        }

        var begin = output.Begin(NativeTags.Info);
        output.WriteText(info.Job.Name);
        output.WriteGuid(info.JobUid);
        output.WriteGuid(info.LineageId);
        output.WriteInt64(info.Epoch);
        output.WriteCode((int)info.Properties.Kind, 0, (int)CheckpointKind.Savepoint, "kind of checkpoint");
        output.WriteCode((int)info.Properties.Retention, 0, (int)CheckpointRetention.Always, "retention");
        output.WriteInt64(info.TriggeredAt.ToUnixTimeMilliseconds());
        output.WriteInt64(info.CompletedAt.ToUnixTimeMilliseconds());
        output.WriteInt32(info.Tags.Count);
        foreach (var tag in info.Tags)
        {
            output.WriteText(tag.Name);
            output.WriteText(tag.Value);
        }

        if (info.Properties is { Format: not SavepointFormat.Canonical, Kind: not CheckpointKind.Savepoint })
        {
            throw output.Refuse(
                $"a {info.Properties.Kind} in the format {info.Properties.Format}", "formats of savepoints");
        }

        output.WriteMark(NativeTags.NativeSavepoint, info.Properties.Format == SavepointFormat.Native);
        output.WriteUnknown(info.UnknownRecords);
        output.End(begin);
    }

    internal static MasterState ReadMasterState(ref NativeInput body)
    {
        var state = new MasterState(
            body.ReadText("a coordinator state's name"),
            body.ReadInt32("a coordinator state's version"),
            body.ReadBlob("a coordinator state"));
        return state with { UnknownRecords = body.ReadUnknown("a coordinator state") };
    }

    internal static void WriteMasterState(NativeOutput output, MasterState state)
    {
        var begin = output.Begin(NativeTags.MasterState);
        output.WriteText(state.Name);
        output.WriteInt32(state.Version);
        output.WriteBlob(state.Data);
        output.WriteUnknown(state.UnknownRecords);
        output.End(begin);
    }

    private static CheckpointInfo ReadRecords(ref NativeInput body, CheckpointInfo info)
    {
        List<OpaqueRecord>? unknown = null;
        var isNative = false;
        while (body.TryReadRecord(out var tag, out var record))
        {
            if (tag != NativeTags.NativeSavepoint)
            {
                record.Keep(tag, "the checkpoint's origin", ref unknown);
                continue;
            }

            record.RefuseSecond(isNative, "the mark of a native savepoint");
            record.ExpectEnd("the mark of a native savepoint");
            if (info.Properties.Kind != CheckpointKind.Savepoint)
            {
                throw record.Corrupt(
                    record.Position, "no mark of a native savepoint", $"one on a {info.Properties.Kind}");
            }

            isNative = true;
        }

        return isNative || unknown is not null
            ? info with
            {
                Properties = info.Properties with
                {
                    Format = isNative ? SavepointFormat.Native : SavepointFormat.Canonical,
                },
                UnknownRecords = unknown.Own(),
            }
            : info;
    }

    private static JobId ReadJob(ref NativeInput body)
    {
        var offset = body.Position;
        var name = body.ReadText("the job's name");
        try
        {
            return new(name);
        }
        catch (ArgumentException exception)
        {
            throw body.Corrupt(offset, "a job's name", exception.Message);
        }
    }

    private static CheckpointKind ReadKind(ref NativeInput body)
    {
        var offset = body.Position;
        var kind = (CheckpointKind)body.ReadByte("the checkpoint's kind");
        return kind <= CheckpointKind.Savepoint
            ? kind
            : throw body.Unsupported($"a checkpoint of kind {(int)kind} at byte {offset}",
                "kinds 0 to 2; use a newer library");
    }

    private static CheckpointRetention ReadRetention(ref NativeInput body)
    {
        var offset = body.Position;
        var retention = (CheckpointRetention)body.ReadByte("the checkpoint's retention");
        return retention <= CheckpointRetention.Always
            ? retention
            : throw body.Unsupported($"retention {(int)retention} at byte {offset}",
                "retentions 0 to 2; use a newer library");
    }

    private static DateTimeOffset ReadTime(ref NativeInput body)
    {
        var offset = body.Position;
        var milliseconds = body.ReadInt64("a time");
        return milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
            && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw body.Corrupt(offset, "a time from year 1 to 9999 in milliseconds since 1970", $"{milliseconds}");
    }

    private static ValueList<CheckpointTag> ReadTags(ref NativeInput body)
    {
        var count = body.ReadCount(SmallestTagBytes, "tags");
        if (count == 0)
        {
            return default;
        }

        var tags = new CheckpointTag[count];
        for (var i = 0; i < count; i++)
        {
            tags[i] = new(body.ReadText("a tag's name"), body.ReadText("a tag's value"));
        }

        return MetadataInput.Own(tags);
    }
}
