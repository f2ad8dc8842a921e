using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <summary>What a trigger by hand asks for.</summary>
/// <param name="Kind">Checkpoint, full checkpoint or savepoint.</param>
/// <param name="Target">For a savepoint: the folder, below the storage's root, that its own folder is made in.</param>
public sealed record CheckpointRequest(CheckpointKind Kind, string? Target = null)
{
    /// <summary>For a savepoint: how keyed state is to be stored. Default: <see cref="SavepointFormat.Canonical"/>.
    /// <see cref="CheckpointProperties.Format"/> of the result says how it was.</summary>
    public SavepointFormat Format { get; init; }

    /// <summary>For a savepoint: the job is stopped with it. Null: the job goes on.</summary>
    public StopMode? Stop { get; init; }

    /// <summary>Begin at once, whatever is pending or waits to be deleted, and although checkpoints are switched off.
    /// Default: false.</summary>
    public bool IsForced { get; init; }

    /// <summary>A checkpoint, incremental where the backend can.</summary>
    public static CheckpointRequest Checkpoint { get; } = new(CheckpointKind.Checkpoint);

    /// <summary>A checkpoint that stores every file anew.</summary>
    public static CheckpointRequest FullCheckpoint { get; } = new(CheckpointKind.FullCheckpoint);

    /// <summary>A savepoint below <paramref name="folder"/>.</summary>
    public static CheckpointRequest SavepointTo(
        string folder, SavepointFormat format = SavepointFormat.Canonical) =>
        new(CheckpointKind.Savepoint, folder) { Format = format };

    /// <summary>A savepoint below <paramref name="folder"/> that the job is stopped with: tasks hear of its completion,
    /// so that sinks commit what it holds. Whoever asks for it stops the tasks then.</summary>
    public static CheckpointRequest StopWithSavepoint(
        string folder, StopMode mode, SavepointFormat format = SavepointFormat.Canonical) =>
        new(CheckpointKind.Savepoint, folder) { Format = format, Stop = mode };

    /// <summary>Refuses what cannot be asked for, before anything happens.</summary>
    /// <exception cref="ArgumentException">Kind or format is none of the defined ones, or the target leaves the
    /// storage's root.</exception>
    internal void Check()
    {
        if (!Enum.IsDefined(Kind) || !Enum.IsDefined(Format))
        {
            throw new ArgumentException(
                $"There is no checkpoint of kind {Kind} in format {Format}; kinds are {string.Join(", ",
                    Enum.GetNames<CheckpointKind>())}.");
        }

        if (Stop is { } mode && (Kind != CheckpointKind.Savepoint || !Enum.IsDefined(mode)))
        {
            throw new ArgumentException($"A job ends with a savepoint, by {nameof(StopMode.Suspend)} or "
                + $"{nameof(StopMode.Drain)}; {Kind} and {mode} were asked for.");
        }

        if (Target is not null)
        {
            StoragePath.Normalize(Target);
        }
    }
}

/// <summary>Who owns the checkpoint that a job is started from.</summary>
public enum ClaimMode
{
    /// <summary>It stays whose it is; pinned until our first own checkpoint stands on its own. The default.</summary>
    NoClaim = 0,

    /// <summary>The whole other job is taken over, with all its checkpoints.</summary>
    Claim = 1,
}

/// <summary>How to resume from a given checkpoint.</summary>
public sealed class ResumeOptions
{
    /// <summary>Default: <see cref="ClaimMode.NoClaim"/>.</summary>
    public ClaimMode ClaimMode { get; set; }

    /// <summary>Leave stored operators and states that the program does not have behind, with a warning. Default:
    /// false.</summary>
    public bool AllowNonRestoredState { get; set; }

    /// <summary>Looks at the checkpoint before anything is claimed or pinned, and throws if the program cannot start
    /// from it. The coordinator itself knows operators, but not their states. Default: null.</summary>
    public Action<CompletedCheckpoint>? Check { get; set; }
}

/// <summary>How a job's own newest checkpoint is taken up.</summary>
public sealed class RecoverOptions
{
    /// <summary>Leave stored operators and states that the program does not have behind, with a warning. Default:
    /// false.</summary>
    public bool AllowNonRestoredState { get; set; }

    /// <summary>Looks at the checkpoint before the first recovery takes the epoch, which fences another process, and
    /// again after; throws if the program cannot start from it. The coordinator itself knows operators, but not their
    /// states. Default: null.</summary>
    public Action<CompletedCheckpoint>? Check { get; set; }
}
