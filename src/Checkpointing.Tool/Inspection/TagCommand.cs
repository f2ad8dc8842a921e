using System.CommandLine;
using Checkpointing.Inspection;

namespace Checkpointing.Tool.Inspection;

/// <summary>The command <c>tag</c>: labels a checkpoint of a job's list.</summary>
internal static class TagCommand
{
    private static readonly Argument<string[]> Tags = new("TAG")
    {
        Description = "Labels to add", Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<string[]> Remove = new("--remove")
    {
        Description = "A label to take away; may be repeated", HelpName = "TAG", DefaultValueFactory = static _ => [],
    };

    public static Command Create()
    {
        var command = new Command("tag", """
            Labels a checkpoint that a job's register lists, for people and for 'forget --keep-tag'. Safe beside a
            running job. Without a label it prints those that are there.

            Examples: checkpoints tag data/checkpoints/flights/chk-42 before-upgrade
                      checkpoints tag data/checkpoints/flights/chk-42 --remove before-upgrade
            """)
        {
            SharedOptions.Path, Tags, Remove, SharedOptions.At, SharedOptions.ZooKeeper, SharedOptions.Json,
        };
        command.SetAction(TagAsync);
        return command;
    }

    private static async Task<int> TagAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var (root, folder) = ToolStorage.Split(
            parsed.GetValue(SharedOptions.Path)!, parsed.GetValue(SharedOptions.At));
        var storage = ToolStorage.Open(root, parsed.GetValue(SharedOptions.ZooKeeper));
        await using (storage.ConfigureAwait(false))
        {
            try
            {
                var tags = await CheckpointTagging.RunAsync(
                    storage.Storage, folder, parsed.GetValue(Tags) ?? [], parsed.GetValue(Remove)!, storage.Register,
                    cancellationToken).ConfigureAwait(false);
                if (output.IsJson)
                {
                    output.Json(json =>
                    {
                        InspectionJson.Text(json, "path", folder);
                        InspectionJson.Texts(json, "tags", tags);
                    });
                }
                else
                {
                    output.Line(tags.Count == 0 ? "It has no tag." : string.Join(", ", tags));
                }

                return ExitCodes.Success;
            }
            catch (CheckpointNotFoundException)
            {
                var census = await StorageCensus.TakeAsync(
                    storage.Storage, storage.Register, cancellationToken: cancellationToken).ConfigureAwait(false);
                if (census.Find(folder) is { } found)
                {
                    FlinkCheckpoints.Refuse(found, "only a checkpoint that a register of ours lists has tags");
                }

                throw;
            }
            catch (ArgumentException exception)
            {
                throw new ToolException(ToolStorage.Sentence(exception), ExitCodes.Usage, exception);
            }
        }
    }
}
