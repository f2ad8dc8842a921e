using System.CommandLine;

namespace Checkpointing.Torture.Soak;

/// <summary>The command <c>soak</c>.</summary>
internal static class SoakCommand
{
    internal static Command Create()
    {
        var checkpoints = new Option<int>("--checkpoints")
        {
            Description = "How many, in a row in one process.",
            DefaultValueFactory = static _ => 10_000,
        };
        var warmUp = new Option<int>("--warm-up")
        {
            Description = "Checkpoints before the first sample.",
            DefaultValueFactory = static _ => 1_000,
        };
        var seed = new Option<ulong>("--seed")
        {
            Description = "Decides what changes between two checkpoints.",
            DefaultValueFactory = static _ => 1,
        };
        var heap = new Option<bool>("--heap") { Description = "The heap backend instead of RocksDB." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "soak", "Takes checkpoint after checkpoint and watches memory, open files, threads and files on disk.")
        {
            checkpoints, warmUp, seed, heap, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var run = new SoakRun(
                parsed.GetValue(checkpoints), parsed.GetValue(warmUp), parsed.GetValue(seed), parsed.GetValue(heap));
            var report = await run.RunAsync().ConfigureAwait(false);
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }
}
