namespace Checkpointing.Tool;

/// <summary>A failure that ends the command; its message is the one sentence a person reads.</summary>
internal sealed class ToolException(
    string message, int exitCode = ExitCodes.RunFailed, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>What the process ends with.</summary>
    public int ExitCode { get; } = exitCode;
}
