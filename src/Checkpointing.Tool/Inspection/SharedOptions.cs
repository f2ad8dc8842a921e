using System.CommandLine;

namespace Checkpointing.Tool.Inspection;

/// <summary>Arguments and options that several commands have.</summary>
internal static class SharedOptions
{
    public static readonly Argument<string> Root = new("ROOT")
    {
        Description = "Root of a storage: the folder that the jobs' folders are in, or an address such as file:///x",
    };

    public static readonly Argument<string> Path = new("PATH")
    {
        Description = "Folder of a checkpoint or savepoint, or its _metadata",
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print JSON, one object a line, and nothing else (docs/tool.md has the fields)",
    };

    public static readonly Option<bool> Apply = new("--apply")
    {
        Description = "Do it; without this, only say what would be done",
    };

    public static readonly Option<string?> At = new("--root")
    {
        Description = "Root of the storage that PATH lies in [default: found by its place]",
        HelpName = "ROOT",
    };

    public static readonly Option<string?> ZooKeeper = new("--zookeeper")
    {
        Description = "Servers that keep the jobs' registers [default: the registers are beside the checkpoints]",
        HelpName = "HOST:PORT[,...]",
    };

    public static readonly Option<string?> Job = new("--job")
    {
        Description = "Only this job [default: all; where one is needed: the only one]",
        HelpName = "NAME",
    };
}
