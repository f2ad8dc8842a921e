namespace Checkpointing.Metadata.Paths;

/// <summary>What a handle is to the subtask or operator that has it.</summary>
public enum HandleRole
{
    /// <summary>Keyed state of the backend.</summary>
    ManagedKeyed = 0,

    /// <summary>Keyed state that an operator wrote itself.</summary>
    RawKeyed = 1,

    /// <summary>Operator state of the backend.</summary>
    ManagedOperator = 2,

    /// <summary>Operator state that an operator wrote itself.</summary>
    RawOperator = 3,

    /// <summary>State of the interface that Flink had before 1.2.</summary>
    Legacy = 4,

    /// <summary>Records on their way to the subtask.</summary>
    InputChannel = 5,

    /// <summary>Records on their way from the subtask.</summary>
    OutputChannel = 6,

    /// <summary>State of the operator's coordinator.</summary>
    Coordinator = 7,
}

/// <summary>What a stream or path is within its handle.</summary>
public enum HandlePart
{
    /// <summary>The handle's one stream.</summary>
    Stream = 0,

    /// <summary>The meta file of an incremental snapshot.</summary>
    MetaFile = 1,

    /// <summary>A file that later checkpoints may use again.</summary>
    SharedFile = 2,

    /// <summary>A file of one checkpoint only.</summary>
    PrivateFile = 3,

    /// <summary>A stream of changes.</summary>
    Changes = 4,

    /// <summary>A folder of merged files.</summary>
    Folder = 5,
}

/// <summary>Where in a checkpoint a stream or path stands.</summary>
/// <param name="OperatorId">The operator; in Flink's version 1 the task.</param>
/// <param name="OperatorName">Its name; null if it has none.</param>
/// <param name="SubtaskIndex">The subtask; null for the state of an operator's coordinator.</param>
/// <param name="Role">Which of the handles.</param>
/// <param name="Part">What it is within the handle.</param>
/// <param name="LocalName">Name that the backend had for the file; null for other parts.</param>
public readonly record struct HandlePlace(
    OperatorId OperatorId,
    string? OperatorName,
    int? SubtaskIndex,
    HandleRole Role,
    HandlePart Part,
    string? LocalName)
{
    /// <summary>For example <c>operator 'totals', subtask 2, keyed state, shared file '000012.sst'</c>.</summary>
    public override string ToString()
    {
        var subtask = SubtaskIndex is { } index ? FormattableString.Invariant($", subtask {index}") : "";
        var part = Part switch
        {
            HandlePart.MetaFile => ", meta file",
            HandlePart.SharedFile => $", shared file '{LocalName}'",
            HandlePart.PrivateFile => $", private file '{LocalName}'",
            HandlePart.Changes => ", changes",
            HandlePart.Folder => ", folder of merged files",
            _ => "",
        };
        return $"operator '{OperatorName ?? OperatorId.ToString()}'{subtask}, {WordsOf(Role)}{part}";
    }

    private static string WordsOf(HandleRole role) => role switch
    {
        HandleRole.ManagedKeyed => "keyed state",
        HandleRole.RawKeyed => "raw keyed state",
        HandleRole.ManagedOperator => "operator state",
        HandleRole.RawOperator => "raw operator state",
        HandleRole.Legacy => "legacy state",
        HandleRole.InputChannel => "input channel",
        HandleRole.OutputChannel => "output channel",
        _ => "coordinator state",
    };
}
