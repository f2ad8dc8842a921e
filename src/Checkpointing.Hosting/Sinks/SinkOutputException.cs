namespace Checkpointing.Hosting.Sinks;

/// <summary>The output of a sink does not fit the checkpoint that the job starts from; it was left as it is.</summary>
public sealed class SinkOutputException(string path, string expected, string actual, string? whatToDo = null)
    : CheckpointingException(
        $"'{path}' does not fit the checkpoint that the job starts from: expected {expected}, found {actual}. "
        + (whatToDo ?? "Put the output back as it was, or start over."))
{
    /// <summary>The output.</summary>
    public string Path { get; } = path;

    /// <summary>What should be there.</summary>
    public string Expected { get; } = expected;

    /// <summary>What is there.</summary>
    public string Actual { get; } = actual;
}
