using System.CommandLine;
using Checkpointing.Inspection;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>The commands <c>show</c>, <c>ls</c> and <c>diff</c>: what is in a checkpoint, by its metadata.</summary>
internal static class ShowCommand
{
    private static readonly Argument<string> First = new("A") { Description = "The first checkpoint, as PATH" };

    private static readonly Argument<string> Second = new("B") { Description = "The second checkpoint, as PATH" };

    public static Command CreateShow()
    {
        var command = new Command("show", """
            Shows one checkpoint, ours or Flink's: job, times, sizes, operators and their states.

            Example: checkpoints show data/checkpoints/flights/chk-42
            """)
        {
            SharedOptions.Path, SharedOptions.At, SharedOptions.Json,
        };
        command.SetAction(async (parsed, token) =>
        {
            var one = await ToolCheckpoint.ReadAsync(parsed, parsed.GetValue(SharedOptions.Path)!, token)
                .ConfigureAwait(false);
            Show(one, new(parsed.GetValue(SharedOptions.Json)));
            return ExitCodes.Success;
        });
        return command;
    }

    public static Command CreateLs()
    {
        var command = new Command("ls", """
            Lists the files of one checkpoint, ours or Flink's: size, digest, shared or not, and since which checkpoint
            of the job's list it is used.

            Example: checkpoints ls data/checkpoints/flights/chk-42 --json
            """)
        {
            SharedOptions.Path, SharedOptions.At, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction(LsAsync);
        return command;
    }

    public static Command CreateDiff()
    {
        var command = new Command("diff", """
            Compares two checkpoints, ours or Flink's: files and bytes added, dropped and shared, and their states.
            Exit code 1 if they differ.

            Example: checkpoints diff data/checkpoints/flights/chk-41 data/checkpoints/flights/chk-42
            """)
        {
            First, Second, SharedOptions.At, SharedOptions.Json,
        };
        command.SetAction(DiffAsync);
        return command;
    }

    private static void Show(ToolCheckpoint one, ToolOutput output)
    {
        var (stored, metadata) = (one.Stored, one.Metadata);
        if (output.IsJson)
        {
            output.Json(json =>
            {
                InspectionJson.Checkpoint(json, stored);
                json.WriteNumber("format", (int)one.Format);
                InspectionJson.Number(json, "epoch", metadata.Info?.Epoch);
                json.WriteStartArray("operators");
                foreach (var op in metadata.Operators)
                {
                    WriteOperator(json, op);
                }

                json.WriteEndArray();
            });
            return;
        }

        output.Line($"{one.Shown}: checkpoint {metadata.CheckpointId}"
            + (metadata.Info is { } info
                ? $" of job '{info.Job}', {InspectionJson.TextOf((CheckpointKind?)info.Properties.Kind)}, "
                    + $"epoch {info.Epoch}"
                : ", written by Flink") + $" (format {(int)one.Format})");
        if (metadata.Info is not null)
        {
            output.Line($"  triggered {ToolOutput.Text(stored.TriggeredAt)}, took "
                + ToolOutput.Text(stored.Duration ?? TimeSpan.Zero));
        }

        output.Line($"  {PlainText.Size(stored.Bytes)} in {PlainText.Count(stored.Files.Count, "file")}, "
            + $"{PlainText.Size(stored.NewBytes)} of them new");
        foreach (var op in metadata.Operators)
        {
            output.Line();
            output.Line($"{op.Name ?? op.Id.ToString()}: parallelism {op.Parallelism} of {op.MaxParallelism}, "
                + PlainText.Size(op.Subtasks.Sum(static subtask => Math.Max(0, subtask.SizeBytes))));
            foreach (var state in op.States)
            {
                output.Line($"  {state.Name}: {InspectionJson.TextOf(state.Kind)}, {StateText.SerializersOf(state)}");
            }
        }
    }

    private static async Task<int> LsAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var one = await ToolCheckpoint.ReadAsync(parsed, parsed.GetValue(SharedOptions.Path)!, cancellationToken)
            .ConfigureAwait(false);
        var users = await FindUsersAsync(parsed, one, cancellationToken).ConfigureAwait(false);
        if (output.IsJson)
        {
            foreach (var file in one.Stored.Files)
            {
                output.Json(json =>
                {
                    InspectionJson.File(json, file);
                    InspectionJson.Number(json, "since", users.GetValueOrDefault(file.Path)?.FirstOrDefault());
                    InspectionJson.Number(json, "usedBy", users.GetValueOrDefault(file.Path)?.Count);
                });
            }

            return ExitCodes.Success;
        }

        output.Table(
            "It has no file.",
            ["#BYTES", "SCOPE", "#SINCE", "OPERATOR", "#SUBTASK", "LOCAL NAME", "PATH"],
            one.Stored.Files.Select(file => new[]
            {
                PlainText.Size(file.Bytes),
                InspectionJson.TextOf(file.Scope),
                users.GetValueOrDefault(file.Path) is [var since, ..] ? $"{since}" : "-",
                file.Operator ?? "-",
                file.Subtask?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-",
                file.LocalName ?? "-",
                file.Path,
            }));
        return ExitCodes.Success;
    }

    /// <summary>Ids of the checkpoints of the job's list that need each file; nothing where there is no list.</summary>
    private static async Task<Dictionary<string, List<long>>> FindUsersAsync(
        ParseResult parsed, ToolCheckpoint one, CancellationToken cancellationToken)
    {
        if (one.Metadata.Info is null)
        {
            return [];
        }

        var (root, folder) = ToolStorage.Split(one.Shown, parsed.GetValue(SharedOptions.At));
        var storage = ToolStorage.Open(root, parsed.GetValue(SharedOptions.ZooKeeper));
        await using (storage.ConfigureAwait(false))
        {
            var census = await StorageCensus.TakeAsync(
                storage.Storage, storage.Register, cancellationToken: cancellationToken).ConfigureAwait(false);
            return census.Find(folder)?.ListedBy is not { } job ? [] : census.RetainedOf(job)
                .SelectMany(static stored => stored.Files.Select(file => (file.Path, Id: stored.Id?.Value ?? 0)))
                .GroupBy(static pair => pair.Path)
                .ToDictionary(static group => group.Key, static group => group.Select(static p => p.Id).Order()
                    .ToList());
        }
    }

    private static async Task<int> DiffAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var first = await ToolCheckpoint.ReadAsync(parsed, parsed.GetValue(First)!, cancellationToken)
            .ConfigureAwait(false);
        var second = await ToolCheckpoint.ReadAsync(parsed, parsed.GetValue(Second)!, cancellationToken)
            .ConfigureAwait(false);
        var difference = CheckpointDifference.Between(
            first.Metadata, first.Folder, second.Metadata, second.Folder);
        if (output.IsJson)
        {
            output.Json(json =>
            {
                InspectionJson.Text(json, "first", first.Shown);
                InspectionJson.Text(json, "second", second.Shown);
                DifferenceText.Write(json, difference);
            });
        }
        else
        {
            DifferenceText.Print(output, difference);
        }

        return difference.IsEmpty ? ExitCodes.Success : ExitCodes.Problem;
    }

    private static void WriteOperator(System.Text.Json.Utf8JsonWriter json, OperatorCheckpoint op)
    {
        json.WriteStartObject();
        InspectionJson.Text(json, "name", op.Name);
        InspectionJson.Text(json, "id", op.Id.ToString());
        json.WriteNumber("parallelism", op.Parallelism);
        json.WriteNumber("maxParallelism", op.MaxParallelism);
        json.WriteNumber("subtasks", op.Subtasks.Count);
        json.WriteNumber("bytes", op.Subtasks.Sum(static subtask => Math.Max(0, subtask.SizeBytes)));
        json.WriteStartArray("states");
        foreach (var state in op.States)
        {
            json.WriteStartObject();
            StateText.Write(json, state);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
