namespace Checkpointing.Tool;

/// <summary>What the process ends with.</summary>
internal static class ExitCodes
{
    /// <summary>All was done.</summary>
    public const int Success = 0;

    /// <summary>The run failed; one sentence on standard error says why. Completed checkpoints are intact.</summary>
    public const int RunFailed = 1;

    /// <summary>What was looked at has a problem, or something would be done with <c>--apply</c> that was not done:
    /// the output says what.</summary>
    public const int Problem = 1;

    /// <summary>The command line was wrong; nothing was touched.</summary>
    public const int Usage = 2;

    /// <summary>The storage, or a register, cannot be reached.</summary>
    public const int Unreachable = 3;

    /// <summary>Stopped by Ctrl-C (128 + SIGINT). Completed checkpoints are intact.</summary>
    public const int Interrupted = 130;
}
