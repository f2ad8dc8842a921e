using Checkpointing.Torture.Mutations;

/// <summary>Where .NET enters this assembly when <c>DOTNET_STARTUP_HOOKS</c> names it, before the program's own entry:
/// so the tests' program becomes a server that is told which tests to run with which mutant.</summary>
internal static class StartupHook
{
    /// <summary>Called by the runtime, which demands the name.</summary>
    public static void Initialize() => MutantServer.Run();
}
