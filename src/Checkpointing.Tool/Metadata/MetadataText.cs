using System.Globalization;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Metadata;

/// <summary>Metadata as lines for people.</summary>
internal static class MetadataText
{
    private const int MaxShownForeign = 5;

    /// <summary>One line about a file of many.</summary>
    public static string Summary(MetadataFile file)
    {
        var foreign = file.Foreign.Count == 0
            ? "" : $", {PlainText.Count(file.Foreign.Count, "path")} elsewhere";
        return $"{PlainText.Clean(file.Source.Shown)}: version {(int)file.Format}, checkpoint"
            + $" {file.Metadata.CheckpointId}, {CountsOf(file.Metadata)}{foreign}";
    }

    /// <summary>One line about a file that was written again.</summary>
    public static string Summary(MetadataFile file, RewrittenFile rewritten)
    {
        var change = rewritten.Format == file.Format
            ? $"version {(int)file.Format}" : $"version {(int)file.Format} as {(int)rewritten.Format}";
        var relocated = rewritten.RelocatedCount == 0
            ? "" : $", {PlainText.Count(rewritten.RelocatedCount, "path")} relocated";
        return $"{PlainText.Clean(file.Source.Shown)} -> {PlainText.Clean(rewritten.Path)}: {change},"
            + $" {PlainText.Count(rewritten.LengthBytes, "byte")}"
            + $"{(rewritten.IsIdentical ? ", identical" : "")}{relocated}";
    }

    /// <summary>All about a file. A heading begins at the margin; what is below it is indented.</summary>
    public static IEnumerable<string> All(MetadataFile file)
    {
        var metadata = file.Metadata;
        yield return PlainText.Clean(file.Source.Shown);
        yield return $"  version {(int)file.Format}, checkpoint {metadata.CheckpointId}, {CountsOf(metadata)}";
        foreach (var line in OriginOf(metadata).Concat(ForeignOf(file)))
        {
            yield return $"  {line}";
        }

        foreach (var state in metadata.MasterStates)
        {
            yield return $"  state of hook '{PlainText.Clean(state.Name)}', version"
                + $" {Text(state.Version)}: {PlainText.Size(state.Data.Count)}";
        }

        foreach (var one in metadata.Operators)
        {
            yield return "";
            foreach (var line in LinesOf(one))
            {
                yield return line;
            }
        }
    }

    private static string CountsOf(CheckpointMetadata metadata)
    {
        var subtasks = metadata.Operators.Items.Sum(static one => one.Subtasks.Count);
        var files = metadata.Operators.SelectMany(static one => one.Subtasks)
            .SelectMany(static subtask => HandleFiles.Of(new SubtaskHandles(subtask)))
            .Count(static file => file.Path is not null);
        return $"{PlainText.Count(metadata.Operators.Count, "operator")}, {PlainText.Count(subtasks, "subtask")},"
            + $" {PlainText.Count(files, "file")}, {PlainText.Size(metadata.StateSizeBytes)}";
    }

    private static IEnumerable<string> OriginOf(CheckpointMetadata metadata)
    {
        if (metadata.Info is { } info)
        {
            var format = info.Properties.Format == SavepointFormat.Native ? "Native " : "";
            yield return $"{format}{info.Properties.Kind} of job '{PlainText.Clean(info.Job.Name)}', epoch"
                + $" {Text(info.Epoch)}, retention {info.Properties.Retention}, lineage {info.LineageId}";
            yield return $"triggered {Text(info.TriggeredAt)}, completed {Text(info.CompletedAt)}";
            foreach (var tag in info.Tags)
            {
                yield return $"tag {PlainText.Clean(tag.Name)} = {PlainText.Clean(tag.Value)}";
            }
        }

        if (metadata.FlinkProperties is { } properties)
        {
            yield return properties.Values is { } values
                ? $"Flink's properties: {PlainText.Clean(values.Kind.Name)}{DetailOf(values.Kind)}; deleted when"
                    + $" {DiscardedWhen(values)}{(values.IsUnclaimed ? "; unclaimed" : "")}"
                    + (values.Forced ? "; forced" : "")
                : $"Flink's properties: of an unknown form, {PlainText.Size(properties.Serialized.Count)}";
        }
    }

    private static string DetailOf(FlinkSnapshotKind kind) => kind switch
    {
        FlinkCheckpointKind checkpoint => $", {PlainText.Clean(checkpoint.Sharing)}",
        FlinkSavepointKind savepoint =>
            $", {PlainText.Clean(savepoint.Format)}, {PlainText.Clean(savepoint.PostAction)}",
        _ => "",
    };

    private static string DiscardedWhen(FlinkCheckpointProperties values)
    {
        (bool Is, string Word)[] all =
        [
            (values.DiscardSubsumed, "subsumed"), (values.DiscardFinished, "finished"),
            (values.DiscardCancelled, "cancelled"), (values.DiscardFailed, "failed"),
            (values.DiscardSuspended, "suspended"),
        ];
        var words = string.Join(", ", all.Where(static one => one.Is).Select(static one => one.Word));
        return words.Length == 0 ? "never" : words;
    }

    private static IEnumerable<string> ForeignOf(MetadataFile file)
    {
        if (file.Foreign.Count > 0)
        {
            yield return $"{PlainText.Count(file.Foreign.Count, "path does", "paths do")} not stay below"
                + $" {PlainText.Clean(file.Root.Checked)}:";
            foreach (var foreign in file.Foreign.Take(MaxShownForeign))
            {
                yield return $"  {PlainText.Clean(foreign.ToString())}";
            }

            if (file.Foreign.Count > MaxShownForeign)
            {
                yield return $"  and {Text(file.Foreign.Count - MaxShownForeign)} more";
            }
        }
    }

    private static IEnumerable<string> LinesOf(OperatorCheckpoint one)
    {
        var uid = one.Uid is null ? "" : $", uid '{PlainText.Clean(one.Uid)}'";
        var name = one.Name is null ? "" : $" '{PlainText.Clean(one.Name)}'";
        var chain = one.ChainLength is { } length ? $", {PlainText.Count(length, "operator")} chained" : "";
        yield return $"{(one.ChainLength is null ? "Operator" : "Task")}{name}, id {one.Id}{uid}: parallelism"
            + $" {Text(one.Parallelism)}, max parallelism {Text(one.MaxParallelism)}{chain}"
            + (one.IsFullyFinished ? ", finished" : "");
        foreach (var state in one.States)
        {
            yield return $"  state '{PlainText.Clean(state.Name)}': {state.Kind}{SerializersOf(state)}";
        }

        if (one.CoordinatorState is { } coordinator)
        {
            yield return $"  coordinator state: {PlainText.Size(coordinator.SizeBytes)} inline";
        }

        foreach (var line in one.Subtasks.SelectMany(LinesOf))
        {
            yield return $"  {line}";
        }
    }

    private static string SerializersOf(StateDescription state)
    {
        (string What, SerializerIdentity? Serializer)[] all =
        [
            ("key", state.Key), ("namespace", state.Namespace), ("user key", state.UserKey), ("value", state.Value),
        ];
        return string.Concat(all.Where(static one => one.Serializer is not null)
            .Select(static one => $", {one.What} {PlainText.Clean(one.Serializer!.ToString())}"))
            + (state.IsStamped ? ", values stamped for a time to live" : "");
    }

    private static IEnumerable<string> LinesOf(SubtaskCheckpoint subtask)
    {
        var handles = new SubtaskHandles(subtask);
        var reference = subtask.ReferenceCheckpointId is { } id ? $", in part held by checkpoint {id}" : "";
        yield return $"subtask {Text(subtask.Index)}{(subtask.IsFinished ? ", finished" : "")}{reference}";
        foreach (var (handle, isRaw) in handles.Keyed)
        {
            yield return $"  {(isRaw ? "raw " : "")}keyed: {DescribeKeyed(handle)}";
            foreach (var line in HandleFiles.Of(handle).Select(LineOf))
            {
                yield return $"    {line}";
            }
        }

        foreach (var (handle, isRaw) in handles.Operator)
        {
            yield return $"  {(isRaw ? "raw " : "")}operator: {DescribeOperator(handle)}";
            foreach (var line in HandleFiles.Of(handle?.Stream).Select(LineOf))
            {
                yield return $"    {line}";
            }
        }

        foreach (var line in handles.Legacy.SelectMany(static one => HandleFiles.Of(one)).Select(LineOf))
        {
            yield return $"  legacy: {line}";
        }

        foreach (var line in subtask.InputChannels.Select(static one => DescribeChannel("input", one))
            .Concat(subtask.OutputChannels.Select(static one => DescribeChannel("output", one))))
        {
            yield return $"  {line}";
        }
    }

    private static string DescribeKeyed(KeyedStateHandle handle)
    {
        var groups = handle.KeyGroups.IsEmpty ? "no key groups" : $"key groups {handle.KeyGroups}";
        return handle switch
        {
            IncrementalKeyedStateHandle one =>
                $"incremental, {groups}, backend {PlainText.Clean(one.BackendText ?? one.BackendId.ToString("D"))},"
                + $" checkpoint {one.CheckpointId}, {PlainText.Size(one.SizeBytes)}"
                + (one.CheckpointedSizeBytes < 0 ? "" : $", {PlainText.Size(one.CheckpointedSizeBytes)} of it new"),
            KeyGroupsStateHandle { IsSavepoint: true } => $"savepoint, {groups}, {PlainText.Size(handle.SizeBytes)}",
            KeyGroupsStateHandle => $"full, {groups}, {PlainText.Size(handle.SizeBytes)}",
            ChangelogStateHandle one =>
                $"changelog, {groups}, {PlainText.Count(one.Materialized.Count, "snapshot")}"
                + $" (materialization {Text(one.MaterializationId)}) and {PlainText.Count(one.Changes.Count, "change")}"
                + (one.CheckpointId is { } id ? $", checkpoint {id}" : "") + $", {PlainText.Size(one.SizeBytes)}",
            InMemoryChangelogStateHandle one =>
                $"inline changes {Text(one.From)} to {Text(one.To)}, {groups}, {PlainText.Size(one.SizeBytes)}",
            _ => $"changes in files, {groups}, {PlainText.Size(handle.SizeBytes)}",
        };
    }

    private static string DescribeOperator(OperatorStateHandle? handle)
    {
        if (handle is null)
        {
            return "none";
        }

        var states = handle.Partitions.Select(static one =>
            $"'{PlainText.Clean(one.Name)}' ({one.Mode}, {PlainText.Count(one.Offsets.Count, "item")})");
        var folders = handle.MergedFiles is { } merged
            ? $"; merged files in {PlainText.Clean(merged.TaskOwnedFolder)} and {PlainText.Clean(merged.SharedFolder)}"
            : "";
        return (handle.Partitions.Count == 0 ? "no states" : string.Join(", ", states)) + folders;
    }

    private static string DescribeChannel(string direction, ChannelStateHandle handle)
    {
        var which = handle.Channels is SingleChannel one
            ? $"{Text(one.GateOrPartition)}/{Text(one.ChannelOrSubpartition)}" : "merged";
        var file = string.Join("; ", HandleFiles.Of(handle.Stream).Select(LineOf));
        return $"{direction} channel {which} of subtask {Text(handle.SubtaskIndex)},"
            + $" {PlainText.Size(handle.ChannelSizeBytes)}: {file}";
    }

    private static string LineOf(HandleFile file)
    {
        var name = file.Name is null ? "" : $" {PlainText.Clean(file.Name)}";
        var digest = file.Digest is { } value ? $", digest {value}" : "";
        return $"{file.Scope}{name}, {PlainText.Size(file.SizeBytes)}{digest}: "
            + (file.Path is null ? "inline" : PlainText.Clean(file.Path));
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset value) =>
        value.ToString("yyyy-MM-dd'T'HH:mm:ss.fffK", CultureInfo.InvariantCulture);
}
