using System.CommandLine;
using Checkpointing.Torture.Broken;
using Checkpointing.Torture.Cancellations;
using Checkpointing.Torture.CrashPoints;
using Checkpointing.Torture.ExactlyOnce;
using Checkpointing.Torture.Fuzz;
using Checkpointing.Torture.Kills;
using Checkpointing.Torture.Mutations;
using Checkpointing.Torture.Schedules;
using Checkpointing.Torture.Simulate;
using Checkpointing.Torture.SingleFaults;
using Checkpointing.Torture.Soak;
using Checkpointing.Torture.States;

namespace Checkpointing.Torture;

/// <summary>The one door to all torture: each command takes a seed, runs for as long as it is told, and ends with
/// counters, failures and the command that replays each.</summary>
internal static class TortureCommandLine
{
    // A new kind of torture is one more line here.
    private static readonly Func<Command>[] s_commands =
    [
        FuzzCommand.Create, DamageCommand.Create, SharpFuzzCommand.Create, SoakCommand.Create, StatesCommand.Create,
        ExactlyOnceCommand.Create, LifeCommand.Create,
        CrashPointsCommand.Create, FaultsCommand.Create, CancellationsCommand.Create, SimulateCommand.Create,
        BrokenCommand.Create, SchedulesCommand.Create, KillsCommand.Create, KillsLifeCommand.Create,
        MutationsCommand.Create,
    ];

    /// <summary>Runs the program.</summary>
    /// <param name="args">Arguments, without the program's name.</param>
    /// <param name="output">Gets the result.</param>
    /// <returns>0 if nothing failed, 1 otherwise.</returns>
    internal static int Run(string[] args, TextWriter output)
    {
        var root = new RootCommand("Tortures the library and says what broke.");
        foreach (var create in s_commands)
        {
            root.Add(create());
        }

        return root.Parse(args).Invoke(new InvocationConfiguration { Output = output });
    }
}
