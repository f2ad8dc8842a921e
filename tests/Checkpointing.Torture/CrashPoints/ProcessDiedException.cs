namespace Checkpointing.Torture.CrashPoints;

/// <summary>The plan has let the process die: the script ends here.</summary>
internal sealed class ProcessDiedException() : Exception("The process died.");
