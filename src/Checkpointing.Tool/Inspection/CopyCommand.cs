using System.CommandLine;
using Checkpointing.Inspection;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>The command <c>copy</c>: makes a self-contained savepoint of a checkpoint.</summary>
internal static class CopyCommand
{
    private static readonly Argument<string> Target = new("TARGET")
    {
        Description = "Folder of the savepoint; there must be no checkpoint in it",
    };

    public static Command Create()
    {
        var command = new Command("copy", """
            Copies a checkpoint into a folder of its own, as a self-contained savepoint: every file is in it, so it can
            be moved, kept, and resumed from. Every file is compared with its digest on the way.

            Example: checkpoints copy data/checkpoints/flights/chk-42 backup/flights-42
            """)
        {
            SharedOptions.Path, Target, SharedOptions.At, SharedOptions.Json,
        };
        command.SetAction(CopyAsync);
        return command;
    }

    private static async Task<int> CopyAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var (root, folder) = ToolStorage.Split(
            parsed.GetValue(SharedOptions.Path)!, parsed.GetValue(SharedOptions.At));
        var target = parsed.GetValue(Target)!.TrimEnd('/');
        var (targetRoot, targetFolder) = SplitTarget(target);
        var source = ToolStorage.OpenStorage(root);
        using var disposingSource = source as IDisposable;
        var destination = ToolStorage.OpenAny(targetRoot);
        using var disposingTarget = destination as IDisposable;
        var copied = await output.RunAsync("Copying", progress => CheckpointCopy.RunAsync(
            source, folder, destination, targetFolder, progress, cancellationToken)).ConfigureAwait(false);
        var files = CheckpointFile.Of(copied.Metadata, copied.Path);
        if (output.IsJson)
        {
            output.Json(json =>
            {
                InspectionJson.Text(json, "path", target);
                json.WriteNumber("checkpointId", copied.Id.Value);
                json.WriteNumber("files", files.Count);
                json.WriteNumber("bytes", files.Sum(static file => file.Bytes));
            });
        }
        else
        {
            output.Line($"Copied checkpoint {copied.Id} of job '{copied.Job}' to '{target}': "
                + $"{PlainText.Count(files.Count, "file")}, {PlainText.Size(files.Sum(static file => file.Bytes))}.");
        }

        return ExitCodes.Success;
    }

    private static (string Root, string Folder) SplitTarget(string target)
    {
        if (StorageSchemes.SchemeOf(target) == "file")
        {
            target = ToolStorage.LocalPath(target);
        }

        var slash = target.LastIndexOf('/');
        return slash <= 0 || slash == target.Length - 1
            ? throw new ToolException($"'{target}' is no folder that a savepoint can be made in.", ExitCodes.Usage)
            : (target[..slash], target[(slash + 1)..]);
    }
}
