namespace Checkpointing.Tool;

/// <summary>What the process ends with.</summary>
internal static class ExitCodes
{
    /// <summary>All was done.</summary>
    public const int Success = 0;

    /// <summary>The run failed; one sentence on standard error says why. Completed checkpoints are intact.</summary>
    public const int RunFailed = 1;

    /// <summary>The command line was wrong; nothing was touched.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C (128 + SIGINT). Completed checkpoints are intact.</summary>
    public const int Interrupted = 130;
}
