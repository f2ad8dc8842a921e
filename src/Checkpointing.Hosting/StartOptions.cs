using Checkpointing.Coordination;

namespace Checkpointing.Hosting;

/// <summary>How a job is started.</summary>
/// <remarks>In a service: <see cref="HostedJobOptions"/>.</remarks>
public class StartOptions
{
    /// <summary>Name of the run: its identity, and its folder on storage. A job started again under its name goes on
    /// from its own newest checkpoint. Default: the name of the definition.</summary>
    public string? Name { get; set; }

    /// <summary>Subtasks of each keyed operator and of each source whose readers share the input, 1 to the max
    /// parallelism. Default: 1.</summary>
    public int Parallelism { get; set; } = 1;

    /// <summary>Other parallelism for single operators among those, by name.</summary>
    public Dictionary<string, int> OperatorParallelism { get; } = [];

    /// <summary>What happens to checkpoints when the job ends; null: as <see cref="Checkpoints"/> says.</summary>
    public CheckpointRetention? Retention { get; set; }

    /// <summary>When checkpoints are taken, and how many are kept.</summary>
    public CheckpointCoordinatorOptions Checkpoints { get; } = new();

    /// <summary>A checkpoint or savepoint to start from if the job has none of its own; null: start fresh.</summary>
    public string? ResumeFrom { get; set; }

    /// <summary>Who owns the checkpoint of <see cref="ResumeFrom"/>. Default:
    /// <see cref="ClaimMode.NoClaim"/>.</summary>
    public ClaimMode ClaimMode { get; set; }

    /// <summary>Leave stored operators and states that the program does not have behind, with a warning. Default:
    /// false.</summary>
    public bool AllowNonRestoredState { get; set; }

    /// <summary>Start over: checkpoints that the job has already are not used. Default: false.</summary>
    public bool IgnoreOwnCheckpoints { get; set; }

    /// <summary>At the end of the input: take a last checkpoint, so that sinks commit, and end. Operators of which
    /// nothing is left to do finish before, after a checkpoint that holds all they did; see
    /// <see cref="Sources.ISource{T}.MayGrow"/>. Otherwise the job stays as it is and goes on answering triggers.
    /// Default: true.</summary>
    public bool FinishAtEndOfInput { get; set; } = true;

    /// <summary>Is told how far restores and checkpoints are. Called on the threads that do the work, so it should
    /// return at once. Default: null.</summary>
    public IProgress<JobProgress>? Progress { get; set; }

    /// <summary>Least time between two reports; where one phase ends and the next begins is always reported. At least
    /// zero. Default: 100 ms.</summary>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>What happens when a subtask fails; null: as the host's options say.</summary>
    public RestartStrategy? RestartStrategy { get; set; }
}
