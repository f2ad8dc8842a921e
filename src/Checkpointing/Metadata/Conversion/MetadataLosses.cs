using System.Globalization;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Conversion;

/// <summary>Says before a checkpoint is written what a format will leave out of it.</summary>
/// <remarks>Pure. What a format has no room for and that is state is no loss: the writer refuses it with
/// <see cref="UnsupportedFormatException"/>.</remarks>
public static class MetadataLosses
{
    /// <summary>What writing the checkpoint in the format leaves out; empty if nothing. One entry a kind, in the order
    /// of <see cref="MetadataLossKind"/>.</summary>
    public static IReadOnlyList<MetadataLoss> Of(CheckpointMetadata metadata, MetadataFormat format)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var losses = new List<MetadataLoss>();
        if (format == MetadataFormat.NativeV1)
        {
            Add(losses, MetadataLossKind.Spellings, metadata.Spellings?.Count ?? 0);
            return losses;
        }

        var found = HandleFindings.Of(metadata, hasLaterTags: format >= MetadataFormat.FlinkV3);
        var hasNames = format >= MetadataFormat.FlinkV5;
        if (metadata.Info is { } info)
        {
            var keepsProperties = format >= MetadataFormat.FlinkV4 && metadata.FlinkProperties is not null;
            losses.Add(new(MetadataLossKind.Origin, 1, SentenceOf(info, keepsProperties)));
            Add(losses, MetadataLossKind.Tags, info.Tags.Count);
        }

        Add(losses, MetadataLossKind.OperatorNames, hasNames ? 0 : Count(metadata, static o => o.Name is not null));
        Add(losses, MetadataLossKind.OperatorUids, hasNames ? 0 : Count(metadata, static o => o.Uid is not null));
        Add(losses, MetadataLossKind.StateDescriptions, metadata.Operators.Items.Sum(static o => o.States.Count));
        Add(losses, MetadataLossKind.Digests, found.Digests);
        Add(losses, MetadataLossKind.CheckpointedSizes, found.CheckpointedSizes);
        Add(losses, MetadataLossKind.HandleIds, found.HandleIds);
        Add(losses, MetadataLossKind.SavepointMarks, found.SavepointMarks);
        Add(
            losses,
            MetadataLossKind.FlinkProperties,
            format >= MetadataFormat.FlinkV4 || metadata.FlinkProperties is null || SaysTheSame(metadata) ? 0 : 1);
        Add(losses, MetadataLossKind.UnknownRecords, found.UnknownRecords + CountUnknown(metadata));
        return losses;
    }

    private static void Add(List<MetadataLoss> losses, MetadataLossKind kind, int count)
    {
        if (count > 0)
        {
            losses.Add(new(kind, count, SentenceOf(kind, count)));
        }
    }

    /// <summary>Properties that <see cref="FlinkExport"/> has made of the origin are no loss beside it.</summary>
    private static bool SaysTheSame(CheckpointMetadata metadata) =>
        metadata is { Info: { } info, FlinkProperties: { } properties }
        && properties == FlinkProperties.From(info.Properties);

    private static string SentenceOf(CheckpointInfo info, bool keepsProperties) =>
        $"Its origin is left out: job '{info.Job}', uid {info.JobUid}, lineage {info.LineageId}, epoch"
        + $" {Text(info.Epoch)}"
        + (keepsProperties ? "" : $", kind {info.Properties.Kind}, retention {info.Properties.Retention}")
        + $", triggered {Text(info.TriggeredAt)}, completed {Text(info.CompletedAt)}.";

    private static string SentenceOf(MetadataLossKind kind, int count)
    {
        var number = Text(count);
        var (one, many, consequence) = kind switch
        {
            MetadataLossKind.Tags => ("tag is", "tags are", ""),
            MetadataLossKind.OperatorNames => ("name of an operator is", "names of operators are", "; ids stay"),
            MetadataLossKind.OperatorUids => ("uid of an operator is", "uids of operators are", "; ids stay"),
            MetadataLossKind.StateDescriptions => (
                "description of a state is", "descriptions of states are",
                "; nothing can be checked against them"),
            MetadataLossKind.Digests => (
                "digest of a file is", "digests of files are", "; damage in files is not noticed"),
            MetadataLossKind.CheckpointedSizes => (
                "checkpointed size is", "checkpointed sizes are", "; whole sizes count instead"),
            MetadataLossKind.HandleIds => ("id of a handle is", "ids of handles are", ""),
            MetadataLossKind.SavepointMarks => (
                "mark of a savepoint's key groups is", "marks of a savepoint's key groups are", ""),
            MetadataLossKind.FlinkProperties => (
                "object with Flink's properties is", "objects with Flink's properties are",
                "; kind and retention are not known"),
            MetadataLossKind.UnknownRecords => (
                "record of a newer library is", "records of a newer library are", ""),
            _ => ("unusual spelling of a text is", "unusual spellings of texts are", "; texts stay"),
        };
        return $"{number} {(count == 1 ? one : many)} left out{consequence}.";
    }

    private static int Count(CheckpointMetadata metadata, Func<OperatorCheckpoint, bool> isThere) =>
        metadata.Operators.Items.Count(isThere);

    // Those of handles apart.
    private static int CountUnknown(CheckpointMetadata metadata) =>
        metadata.UnknownRecords.Count
        + (metadata.Info?.UnknownRecords.Count ?? 0)
        + metadata.MasterStates.Items.Sum(static state => state.UnknownRecords.Count)
        + metadata.Operators.Items.Sum(static one => one.UnknownRecords.Count
            + one.Subtasks.Items.Sum(static subtask => subtask.UnknownRecords.Count));

    private static string Text(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset value) =>
        value.ToString("yyyy-MM-dd'T'HH:mm:ss.fffK", CultureInfo.InvariantCulture);

    /// <summary>What handles have that may be left out.</summary>
    private sealed class HandleFindings
    {
        public int Digests { get; private set; }

        public int CheckpointedSizes { get; private set; }

        public int HandleIds { get; private set; }

        public int SavepointMarks { get; private set; }

        public int UnknownRecords { get; private set; }

        public static HandleFindings Of(CheckpointMetadata metadata, bool hasLaterTags)
        {
            var found = new HandleFindings();
            _ = new HandleMap(static (stream, _) => stream, static (folder, _) => folder)
            {
                Visit = (handle, _) => found.Add(handle, hasLaterTags),
            }.Map(metadata);
            return found;
        }

        private void Add(StateHandle handle, bool hasLaterTags)
        {
            UnknownRecords += handle.UnknownRecords.Count;
            switch (handle)
            {
                case FileStateHandle { Digest: not null } or RelativeFileStateHandle { Digest: not null }:
                    Digests++;
                    break;
                case IncrementalKeyedStateHandle incremental:
                    // The later tag has both a size and an id, and is written where there is an id.
                    var keepsBoth = hasLaterTags && incremental.HandleId is not null;
                    CheckpointedSizes += keepsBoth || incremental.CheckpointedSizeBytes == -1 ? 0 : 1;
                    HandleIds += keepsBoth || incremental.HandleId is null ? 0 : 1;
                    break;
                case KeyGroupsStateHandle groups when !hasLaterTags:
                    HandleIds += groups.HandleId is null ? 0 : 1;
                    SavepointMarks += groups.IsSavepoint ? 1 : 0;
                    break;
            }
        }
    }
}
