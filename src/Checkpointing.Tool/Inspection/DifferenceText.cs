using System.Text.Json;
using Checkpointing.Inspection;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>What <c>diff</c> prints.</summary>
internal static class DifferenceText
{
    public static void Write(Utf8JsonWriter json, CheckpointDifference difference)
    {
        json.WriteBoolean("equal", difference.IsEmpty);
        Write(json, "added", difference.Added);
        Write(json, "dropped", difference.Dropped);
        Write(json, "common", difference.Common);
        json.WriteStartArray("operators");
        foreach (var op in difference.Operators)
        {
            json.WriteStartObject();
            InspectionJson.Text(json, "operator", op.Operator);
            InspectionJson.Number(json, "firstParallelism", op.FirstParallelism);
            InspectionJson.Number(json, "secondParallelism", op.SecondParallelism);
            InspectionJson.Texts(json, "addedStates", op.AddedStates);
            InspectionJson.Texts(json, "droppedStates", op.DroppedStates);
            InspectionJson.Texts(json, "changedStates", op.ChangedStates);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void Print(ToolOutput output, CheckpointDifference difference)
    {
        output.Line($"+ {Sum(difference.Added)} added");
        output.Line($"- {Sum(difference.Dropped)} dropped");
        output.Line($"= {Sum(difference.Common)} in both");
        foreach (var (sign, file) in difference.Dropped.Select(static file => ('-', file))
            .Concat(difference.Added.Select(static file => ('+', file))))
        {
            output.Line($"{sign} {PlainText.Size(file.Bytes)}  {InspectionJson.TextOf(file.Scope)}  {file.Path}");
        }

        foreach (var op in difference.Operators)
        {
            var parts = new[]
            {
                op.FirstParallelism is null ? "only in the second"
                    : op.SecondParallelism is null ? "only in the first"
                    : op.FirstParallelism != op.SecondParallelism
                        ? $"parallelism {op.FirstParallelism} -> {op.SecondParallelism}" : null,
                op.AddedStates.Count > 0 ? $"states added: {string.Join(", ", op.AddedStates)}" : null,
                op.DroppedStates.Count > 0 ? $"states dropped: {string.Join(", ", op.DroppedStates)}" : null,
                op.ChangedStates.Count > 0 ? $"states changed: {string.Join(", ", op.ChangedStates)}" : null,
            };
            output.Line($"~ operator '{op.Operator}': {string.Join("; ", parts.OfType<string>())}");
        }
    }

    private static string Sum(IReadOnlyList<CheckpointFile> files) =>
        $"{PlainText.Count(files.Count, "file")}, {PlainText.Size(files.Sum(static file => file.Bytes))}";

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<CheckpointFile> files)
    {
        json.WriteStartObject(name);
        json.WriteNumber("bytes", files.Sum(static file => file.Bytes));
        json.WriteStartArray("files");
        foreach (var file in files)
        {
            json.WriteStartObject();
            InspectionJson.File(json, file);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
