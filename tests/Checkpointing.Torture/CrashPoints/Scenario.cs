using Checkpointing.Coordination;
using Checkpointing.Torture.Cluster;

namespace Checkpointing.Torture.CrashPoints;

/// <summary>A script that is cut off, or disturbed, at every operation.</summary>
/// <param name="Name">One word.</param>
/// <param name="Prepare">What goes well before; gives what the act goes on with.</param>
/// <param name="Act">What is tortured.</param>
internal sealed record Scenario(string Name, Func<Stage, ClusterProcess?> Prepare, Action<Stage, ClusterProcess?> Act)
{
    /// <summary>Parallelism of the process that recovers.</summary>
    internal int Parallelism { get; init; } = 2;

    /// <summary>Version of the program that recovers.</summary>
    internal int Version { get; init; } = 1;

    /// <summary>The job that starts from the checkpoint of <c>job</c>; null: <c>job</c> itself goes on.</summary>
    internal string? Heir { get; init; }

    /// <summary>How <see cref="Heir"/> starts.</summary>
    internal ClaimMode ClaimMode { get; init; }

    /// <summary>Whether the act may end with no checkpoint at all.</summary>
    internal bool DropsAll { get; init; }

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<Scenario> All { get; } =
    [
        new("first", static _ => null, static (stage, _) => stage.Checkpoint(stage.Open())),
        new("incremental", Two, static (stage, process) => stage.Checkpoint(process)),
        new("concurrent", static stage => OpenWithTwo(stage, concurrent: 2), Concurrent),
        new("aborted", Two, Aborted),
        new("subsume", static stage => OpenWithTwo(stage, retained: 2), Subsume),
        new("restore", EndedTwo, static (stage, _) => stage.Checkpoint(stage.Open())),
        new("scale-out", EndedWithRows, static (stage, _) => Again(stage, stage.Open(parallelism: 3)))
        {
            Parallelism = 3,
        },
        new("scale-in", EndedWithRows, static (stage, _) => Again(stage, stage.Open(parallelism: 1)))
        {
            Parallelism = 1,
        },
        new("savepoint", Two, Savepoint),
        new("claim", EndedTwo, static (stage, _) => Again(stage, stage.Open(
            "heir", resumeFrom: "job/chk-2", claimMode: ClaimMode.Claim)))
        {
            Heir = "heir", ClaimMode = ClaimMode.Claim,
        },
        new("no-claim", EndedTwo, static (stage, _) => Again(stage, stage.Open("heir", resumeFrom: "job/chk-2")))
        {
            Heir = "heir",
        },
        new("cleaning", LeftOver, Clean) { DropsAll = true },
        new("upgrade", EndedTwo, static (stage, _) => Again(stage, stage.Open(version: 2))) { Version = 2 },
    ];

    private static ClusterProcess? OpenWithTwo(Stage stage, int retained = 1, int concurrent = 1, int changes = 0)
    {
        var process = stage.Open(retained: retained, concurrent: concurrent);
        for (; changes > 0; changes--)
        {
            stage.Change(process);
        }

        stage.Checkpoint(process);
        stage.Checkpoint(process);
        stage.RunUntilQuiet();
        return process;
    }

    private static ClusterProcess? Two(Stage stage) => OpenWithTwo(stage);

    private static ClusterProcess? EndedTwo(Stage stage)
    {
        stage.End(OpenWithTwo(stage));
        return null;
    }

    /// <summary>Rows in nearly every key group: whoever rescales reads parts of files, which no digest of a whole file
    /// covers.</summary>
    private static ClusterProcess? EndedWithRows(Stage stage)
    {
        const int Changes = 6;
        var process = OpenWithTwo(stage, changes: Changes);
        stage.End(process);
        return null;
    }

    private static void Again(Stage stage, ClusterProcess? process)
    {
        stage.Checkpoint(process);
        stage.Checkpoint(process);
        stage.RunUntilQuiet();
    }

    private static void Concurrent(Stage stage, ClusterProcess? process)
    {
        stage.Change(process);
        var older = stage.Trigger(process);
        process!.HoldsBack = message => message.Source.Index == 1 && message.Source.Operator == "rows"
            && message.CheckpointId.Value == process.Coordinator.LatestCompleted!.Id.Value + 1;
        stage.Change(process);
        var newer = stage.Trigger(process);
        stage.Await(newer);
        stage.AwaitFailure(older);
        process.HoldsBack = static _ => false;
        process.SendHeldBack();
        stage.Checkpoint(process);
        stage.RunUntilQuiet();
    }

    private static void Aborted(Stage stage, ClusterProcess? process)
    {
        process!.Declines = static subtask => subtask is { Index: 1, Operator: "rows" };
        stage.Change(process);
        stage.AwaitFailure(stage.Trigger(process));
        process.Declines = static _ => false;
        stage.Checkpoint(process);
        stage.RunUntilQuiet();
    }

    private static void Subsume(Stage stage, ClusterProcess? process)
    {
        for (var i = 0; i < 4; i++)
        {
            stage.Checkpoint(process);
        }

        stage.RunUntilQuiet();
    }

    private static void Savepoint(Stage stage, ClusterProcess? process)
    {
        stage.Checkpoint(process, CheckpointRequest.SavepointTo("saved"));
        stage.Checkpoint(process, CheckpointRequest.SavepointTo("saved", SavepointFormat.Native));
        stage.Checkpoint(process);
        stage.RunUntilQuiet();
    }

    /// <summary>A process that died while it wrote has left files of its epoch.</summary>
    private static ClusterProcess? LeftOver(Stage stage)
    {
        var process = OpenWithTwo(stage);
        stage.Change(process);
        stage.Trigger(process);
        stage.RunSteps(5);
        stage.KillAll();
        return null;
    }

    private static void Clean(Stage stage, ClusterProcess? abandoned)
    {
        var process = stage.Open(retention: CheckpointRetention.OnFailure);
        stage.Checkpoint(process);
        stage.End(process, JobTermination.Cancelled);
        stage.RunUntilQuiet();
    }
}
